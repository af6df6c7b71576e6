/**
 * The percentiles of the statistics, between what the origins and what the clients measured themselves.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { ADMIN_TOKEN, poolStats } from "../system/support/admin.ts";
import { type Balancer, startBalancer } from "../system/support/balancer.ts";
import { eventually } from "../system/support/eventually.ts";
import { forEachItem, paced } from "../system/support/lean-client.ts";
import { type Origin, startOrigins } from "../system/support/origins.ts";

const NAMES = ["a", "b", "c"];
const REQUESTS = 400;
const PER_SECOND = 60;
/** As many as ever wait at once. */
const CONNECTIONS = 350;
/** From the one to the other, evenly on a logarithmic scale: long beside the way there and back, if nothing else runs. */
const [SHORTEST_MS, LONGEST_MS] = [500, 6_000];
/** The statistics' own error is 1% at most; clocks tell whole milliseconds. */
const [MOST_ERROR, ROUNDING_MS] = [0.01, 2];

let origins: Origin[];
let balancer: Balancer;

beforeAll(async () => {
  origins = await startOrigins(...NAMES);
  balancer = await startBalancer({
    adminToken: ADMIN_TOKEN,
    config: { pools: { web: { origins: origins.map((origin) => origin.config()), log: { sample: 0 } } } },
  });
});

afterAll(async () => {
  await balancer?.stop();
  await Promise.all((origins ?? []).map((origin) => origin.kill()));
});

/** Every delay once, in an order that gives each origin and each moment some of all. */
function delayMs(i: number): number {
  const place = ((i * 271) % REQUESTS) / (REQUESTS - 1);
  return Math.round(SHORTEST_MS * (LONGEST_MS / SHORTEST_MS) ** place);
}

/** The value that a share `q` of all does not exceed. */
function exact(values: readonly number[], q: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(q * (sorted.length - 1))] ?? Number.NaN;
}

/** The times in ms that clients waited for each origin's answers. */
async function waitedFor(): Promise<Map<string, number[]>> {
  const waited = new Map<string, number[]>(NAMES.map((name) => [name, []]));
  const sentMs: number[] = [];
  await forEachItem(
    balancer.url,
    CONNECTIONS,
    paced(PER_SECOND, REQUESTS),
    (i) => {
      sentMs[i] = performance.now();
      return { path: `/delay/${delayMs(i)}` };
    },
    (i, { status, headers }) => {
      expect(status).toBe(200);
      waited.get(headers.get("x-origin") ?? "")?.push(performance.now() - (sentMs[i] ?? Number.NaN));
    },
  );
  return waited;
}

test("p50, p90 and p99 of the pool and of each origin are at most 1% beyond what origins and clients measured", async () => {
  const waited = await waitedFor();
  const stats = await eventually("all are reported", async () => {
    const stats = await poolStats(balancer.url, "web");
    return stats.requests === REQUESTS ? stats : null;
  });
  const worked = await Promise.all(
    origins.map(async (origin) => (await origin.hits()).map((hit) => hit.answeredAfterMs ?? Number.NaN)),
  );
  const views = [
    { name: "pool", seen: stats, atOrigin: worked.flat(), atClient: [...waited.values()].flat() },
    ...NAMES.map((name, index) => ({
      name,
      seen: stats.origins[name],
      atOrigin: worked[index] ?? [],
      atClient: waited.get(name) ?? [],
    })),
  ];
  for (const { name, seen, atOrigin, atClient } of views) {
    for (const [quantile, q] of [
      ["p50", 0.5],
      ["p90", 0.9],
      ["p99", 0.99],
    ] as const) {
      // Of each request the client's time holds the balancer's, and that the origin's: so it is of percentiles.
      const least = exact(atOrigin, q) * (1 - MOST_ERROR) - ROUNDING_MS;
      const most = exact(atClient, q) * (1 + MOST_ERROR) + ROUNDING_MS;
      expect(seen?.[quantile], `${quantile} of ${name}`).toBeGreaterThanOrEqual(least);
      expect(seen?.[quantile], `${quantile} of ${name}`).toBeLessThanOrEqual(most);
    }
  }
});
