/**
 * Reads the present state of a balancer's pools from its admin API.
 * @module
 */
import * as z from "zod";
import { poolAnswerSchema, summarySchema } from "../../src/admin/http/schemas.ts";
import { type AdminClient, ApiProblem } from "./admin-client.ts";
import { inParallel } from "./parallel.ts";

const listSchema = z.object({ pools: z.array(summarySchema) });

const traffic = {
  requests: z.number(),
  error_rate: z.number(),
  p50: z.number().nullable(),
  p99: z.number().nullable(),
  active_connections: z.number(),
  /** Absent: an older balancer. */
  answers_broken_off: z.number().optional(),
};
// Loose objects, because `--json` prints all fields of the API's answer.
const statsSchema = z.looseObject({
  ...traffic,
  at: z.number(),
  since: z.number(),
  origins: z.record(z.string(), z.looseObject(traffic)),
});

export type PoolAnswer = z.output<typeof poolAnswerSchema>;
export type PoolTraffic = z.output<typeof statsSchema>;

/** The fields of an origin's configuration that decide whether it gets traffic. */
const documentSchema = z.looseObject({
  origins: z.array(
    z.looseObject({
      id: z.string(),
      enabled: z.boolean().default(true),
      weight: z.number().default(1),
      backup: z.boolean().default(false),
    }),
  ),
});

export type ConfiguredOrigin = z.output<typeof documentSchema>["origins"][number];

export interface PoolStatus {
  readonly id: string;
  /** The reason why the pool's state is unknown; null if all fields below are known. */
  readonly error: string | null;
  readonly state: PoolAnswer | null;
  /** Of the window. Null: the pool's object keeps no statistics. */
  readonly traffic: PoolTraffic | null;
}

/**
 * The pools of `ids`, or all of them.
 * @param windowS length of the traffic window in seconds, 10 to 86,400
 * @throws Failure if the balancer cannot be asked, or has no such pool
 */
export async function readStatus(
  client: AdminClient,
  ids: readonly string[],
  windowS: number,
): Promise<PoolStatus[]> {
  const wanted = ids.length > 0 ? ids : await poolIds(client);
  return await inParallel(wanted, (id) => readPool(client, id, windowS, ids.length > 0));
}

async function poolIds(client: AdminClient): Promise<string[]> {
  const { pools } = await client.ask("/pools", listSchema);
  return pools.map(({ id }) => id);
}

async function readPool(
  client: AdminClient,
  id: string,
  windowS: number,
  mustExist: boolean,
): Promise<PoolStatus> {
  const path = `/pools/${encodeURIComponent(id)}`;
  const nothing = { id, state: null, traffic: null };
  try {
    const state = await client.ask(path, poolAnswerSchema);
    return { id, error: null, state, traffic: await readTraffic(client, path, windowS) };
  } catch (error) {
    // A pool that does not answer must not hide the others.
    if (error instanceof ApiProblem && error.type === "pool_unavailable") {
      return { ...nothing, error: "its object cannot be reached" };
    }
    const isGone = error instanceof ApiProblem && error.type === "not_found" && !mustExist;
    if (isGone) return { ...nothing, error: "it is gone" };
    throw error;
  }
}

async function readTraffic(client: AdminClient, path: string, windowS: number): Promise<PoolTraffic | null> {
  try {
    return await client.ask(`${path}/stats?window=${windowS}`, statsSchema);
  } catch (error) {
    if (error instanceof ApiProblem && error.type === "not_implemented") return null;
    throw error;
  }
}

/** The configured origins by id, without those that are being removed. */
export function configuredOrigins({ config }: PoolAnswer): Map<string, ConfiguredOrigin> {
  const { data } = documentSchema.safeParse(config);
  return new Map(data?.origins.map((origin) => [origin.id, origin]));
}
