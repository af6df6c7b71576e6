/**
 * Three pools in three parts of the world, a spare one, and routes that choose among them in each way.
 * @module
 */
import { type Origin, startOrigins } from "./origins.ts";
import { PROBE_TIMEOUT_S } from "./patience.ts";

const PLACES = {
  us: { latitude: 39.04, longitude: -77.49 },
  eu: { latitude: 50.11, longitude: 8.68 },
  ap: { latitude: 1.29, longitude: 103.85 },
};
export type Pool = keyof typeof PLACES;
export const POOLS = Object.keys(PLACES) as Pool[];

/** Two origins for each pool, and one more. */
export async function startSteeredOrigins(): Promise<{ origins: Record<Pool, Origin[]>; spare: Origin }> {
  const started = await startOrigins("us-1", "us-2", "eu-1", "eu-2", "ap-1", "ap-2", "spare-1");
  const at = (index: number): Origin => {
    const origin = started[index];
    if (origin === undefined) throw new Error("no such origin");
    return origin;
  };
  return { origins: { us: [at(0), at(1)], eu: [at(2), at(3)], ap: [at(4), at(5)] }, spare: at(6) };
}

export function steeredConfig(origins: Record<Pool, Origin[]>, spare: Origin): object {
  const pool = (id: Pool) => ({
    location: PLACES[id],
    return_delay: 2,
    sticky: true,
    health_check: {
      ...{ path: "/healthz", interval: 1, timeout: PROBE_TIMEOUT_S },
      ...{ unhealthy_threshold: 1, healthy_threshold: 1 },
    },
    // No share of a window: what one test did would count in the next.
    outlier_detection: { consecutive_failures: 2, failure_percent: 0, base_ejection_time: 1 },
    origins: origins[id].map((origin) => origin.config()),
  });
  return {
    routes: [
      { host: "near.test", pools: POOLS, steer: "proximity" },
      { host: "listed.test", pools: ["eu", "us"], fallback_pool: "spare" },
      { host: "once.test", pools: ["eu", "us"], retry_pools: false },
      {
        host: "split.test",
        split: [
          { pool: "eu", weight: 50 },
          { pool: "us", weight: 50 },
        ],
      },
    ],
    pools: {
      us: pool("us"),
      eu: pool("eu"),
      ap: pool("ap"),
      spare: { origins: [spare.config()] },
    },
  };
}
