/**
 * The percentiles of the statistics, compared with the origins' own measurements.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { ADMIN_TOKEN, poolStats } from "./support/admin.ts";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { eventually } from "./support/eventually.ts";
import { forEachItem, paced } from "./support/lean-client.ts";
import { type Origin, startOrigins } from "./support/origins.ts";

const NAMES = ["a", "b", "c"];
const REQUESTS = 400;
const PER_SECOND = 60;
/** As many as ever wait at once. */
const CONNECTIONS = 350;
/**
 * From the one to the other, evenly on a logarithmic scale. The balancer's view holds the way there and back too: the
 * answers take so long that it is well below the 2% even on a busy machine.
 */
const [SHORTEST_MS, LONGEST_MS] = [1_500, 9_000];

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

test("p50, p90 and p99 of the pool and of each origin are within 2% of the origins' own measurements", async () => {
  const statuses = new Set<number>();
  await forEachItem(
    balancer.url,
    CONNECTIONS,
    paced(PER_SECOND, REQUESTS),
    (i) => ({ path: `/delay/${delayMs(i)}` }),
    (_, { status }) => statuses.add(status),
  );
  expect(statuses).toEqual(new Set([200]));
  const stats = await eventually("all are reported", async () => {
    const stats = await poolStats(balancer.url, "web");
    return stats.requests === REQUESTS ? stats : null;
  });

  const measured = await Promise.all(
    origins.map(async (origin) => (await origin.hits()).map((hit) => hit.answeredAfterMs ?? Number.NaN)),
  );
  const views = [
    { name: "pool", seen: stats, real: measured.flat() },
    ...NAMES.map((name, index) => ({ name, seen: stats.origins[name], real: measured[index] ?? [] })),
  ];
  for (const { name, seen, real } of views) {
    for (const [quantile, q] of [
      ["p50", 0.5],
      ["p90", 0.9],
      ["p99", 0.99],
    ] as const) {
      const error = (seen?.[quantile] ?? Number.NaN) / exact(real, q) - 1;
      expect(Math.abs(error), `${quantile} of ${name}`).toBeLessThan(0.02);
    }
  }
});
