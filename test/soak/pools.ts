/**
 * The pools of a soak: the same three origins in pools of every kind of choosing and counting.
 * @module
 */
import type { PoolEvent } from "../../src/contract/events.ts";
import type { PoolStats } from "../../src/contract/stats.ts";
import { ADMIN_TOKEN, admin, poolStats } from "../system/support/admin.ts";
import { type Balancer, startBalancer } from "../system/support/balancer.ts";
import { ATTEMPT_TIMEOUT_S } from "./contract.ts";
import type { SoakOrigin } from "./origins.ts";
import { POOLS } from "./work.ts";

/** Far above the traffic: the limit is counted, but never the reason for an answer. */
const AMPLE = 10_000;

/** An origin without a fault passes, also on a busy machine. */
const PROBES = { type: "http", path: "/healthz", interval: 1, timeout: 6, unhealthy_threshold: 2 };
/** The largest allowed value: an origin whose health changes more often is held down. */
const MOST_TRANSITIONS = 100;

const KINDS: Readonly<Record<(typeof POOLS)[number], { pool?: object; origin?: object }>> = {
  leased: {},
  sticky: { pool: { sticky: true } },
  counted: { pool: { algorithm: "least_connections" } },
  strict: { pool: { coordination: "strict" } },
  limited: { origin: { rate_limit: AMPLE, max_connections: AMPLE } },
};

export function startSoakBalancer(
  origins: readonly SoakOrigin[],
  logFile: string,
  moreArgs: readonly string[] = [],
): Promise<Balancer> {
  const pools = Object.entries(KINDS).map(([name, { pool, origin }]) => [
    name,
    {
      ...pool,
      origins: origins.map(({ name: id, url }) => ({ id, url, ...origin })),
      // Origins fail in turn during the whole soak. None may be held down for that, so that two are always up.
      health_check: { ...PROBES, flap: { max_transitions: MOST_TRANSITIONS } },
      outlier_detection: { consecutive_failures: 5, base_ejection_time: 2, max_ejection_time: 4 },
      // The budget is never spent, so it excuses no missing retry.
      failover: { attempt_timeout: ATTEMPT_TIMEOUT_S, total_timeout: 30, retry_budget_percent: 1_000 },
    },
  ]);
  return startBalancer({
    adminToken: ADMIN_TOKEN,
    config: {
      routes: POOLS.map((pool) => ({ host: `${pool}.test`, pool })),
      pools: Object.fromEntries(pools),
    },
    args: ["--log", logFile, ...moreArgs],
  });
}

export interface PoolReport {
  pool: string;
  stats: PoolStats;
  events: PoolEvent[];
}

/** The statistics and events of every pool. */
export function poolReports(base: string): Promise<PoolReport[]> {
  return Promise.all(
    POOLS.map(async (pool) => {
      const { events } = (await admin(base, `/pools/${pool}/events?limit=1000`)) as { events: PoolEvent[] };
      return { pool, stats: await poolStats(base, pool), events };
    }),
  );
}
