/**
 * The schema in which `explain` shows the choice among a route's pools.
 * @module
 */
import * as z from "zod";
import type { SteeringExplanation } from "../../contract/explanation.ts";
import { ARRIVALS } from "../../core/steering/choose-pool.ts";

export const steeringSchema = z
  .object({
    policy: z.enum(["failover", "proximity", "split"]),
    client_region: z.string().nullable().describe("Null: not known"),
    order: z
      .array(
        z.object({
          pool: z.string(),
          distance_km: z.number().nullable().describe("From the client; null: not known, or not gone by"),
          available: z.boolean(),
          share: z.number().describe("Healthy weight by weight in service, 0 to 1"),
          accept: z.number().describe("What it takes of what it could, 0 to 1"),
          load: z.number().describe("Its part of the clients that have this order, 0 to 1"),
          reason: z.string().nullable().describe("Why it is left out, or takes less than all"),
        }),
      )
      .describe("The pools, in this client's order"),
    point: z.number().nullable().describe("Where the client falls, 0 to 1, exclusive; null: by chance"),
    session_pool: z.string().nullable().describe("The available pool that its session is in"),
    chosen: z.string().describe("The pool it goes to"),
    arrival: z.enum(ARRIVALS).describe("Why"),
    next: z.string().nullable().describe("The pool that is asked where that one cannot serve it"),
    after: z
      .array(z.string())
      .describe("All pools that are asked after the chosen one, in turn, while none can serve it"),
  })
  .describe(
    "How one of several pools is chosen; null: the route has one",
  ) satisfies z.ZodType<SteeringExplanation>;
