/**
 * A pool's status as the API answers it. Form: contract/pool-status.ts.
 * @module
 */
import * as z from "zod";
import type { PoolStatus } from "../../contract/pool-status.ts";

export const poolStatusSchema = z
  .object({
    mark: z.number().describe("Grows with each change"),
    available: z.boolean(),
    share: z.number().describe("Healthy weight by weight in service, 0 to 1"),
    accept: z.number().describe("What it takes of that by capacity, return and shed, 0 to 1"),
    overprovisioning: z.number().exactOptional().describe("Absent: 1.4"),
    shed: z.number().exactOptional().describe("Of its clients, 0 to 1; absent: none"),
    shed_sessions: z.number().exactOptional().describe("Of its sessions, 0 to 1; absent: none"),
    location: z.object({ latitude: z.number(), longitude: z.number() }).exactOptional(),
    down: z.array(z.string()).exactOptional().describe("Origins that take no new requests, at most 50"),
    returns_at: z
      .number()
      .exactOptional()
      .describe("When it counts again, if it keeps its origins: ms since the epoch"),
    isolates: z.number().exactOptional(),
    reason: z.string().exactOptional().describe("Why it is not available or takes less than all"),
  })
  .nullable()
  .exactOptional()
  .describe(
    "What routes with several pools go by; null or absent: no such route names the pool",
  ) satisfies z.ZodType<PoolStatus | null>;
