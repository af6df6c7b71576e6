/** Pools for simulated routes, and what came of them. */
import type { RouteResults } from "../../../../sim/lib/routes/results.ts";
import type { Written } from "../../../support/simulated-routes.ts";
import { origins } from "../support.ts";

const PLACES = {
  us: { latitude: 39.04, longitude: -77.49 },
  eu: { latitude: 50.11, longitude: 8.68 },
  ap: { latitude: 1.29, longitude: 103.85 },
};
const CHECK = { path: "/healthz", interval: 1, timeout: 1, unhealthy_threshold: 1, healthy_threshold: 1 };

/** A pool that finds out soon what becomes of its origins. */
export function pool(id: string, more: object = {}): object {
  return {
    ...(id in PLACES ? { location: PLACES[id as keyof typeof PLACES] } : {}),
    ...{ return_delay: 2, health_check: CHECK },
    outlier_detection: { consecutive_failures: 2, failure_percent: 0, base_ejection_time: 1 },
    origins: origins(`${id}-1`, `${id}-2`),
    ...more,
  };
}

/** The configuration of test/system/support/steered-pools.ts. */
export function threePools(more: object = {}): Written {
  return {
    routes: [
      { host: "near.test", pools: ["us", "eu", "ap"], steer: "proximity" },
      { host: "listed.test", pools: ["eu", "us"], fallback_pool: "spare" },
      {
        host: "split.test",
        split: [
          { pool: "eu", weight: 50 },
          { pool: "us", weight: 50 },
        ],
      },
    ],
    pools: { us: pool("us", more), eu: pool("eu", more), ap: pool("ap", more), spare: pool("spare") },
  };
}

/** Requests that came in some seconds of the run, by pool. */
export function inSeconds({ routes }: RouteResults, index: number, from: number, until: number) {
  const pools = routes[index]?.pools ?? [];
  const sums = pools.map(({ pool: id, per_second }): [string, number] => [
    id,
    per_second.slice(from, until).reduce((sum, count) => sum + count, 0),
  ]);
  return Object.fromEntries(sums);
}
