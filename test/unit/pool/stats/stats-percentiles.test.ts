import { describe, expect, it } from "vitest";
import type { LatencySketch } from "../../../../src/core/metrics/latency-sketch.ts";
import { seededRandom } from "../../../support/seeded-random.ts";
import { FINE_BUCKET_MS, StatsWorld, successes } from "./stats-world.ts";

function exact(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(q * (sorted.length - 1))] ?? Number.NaN;
}

function expectPercentiles(sketch: LatencySketch | null | undefined, values: readonly number[]): void {
  for (const q of [0.5, 0.9, 0.99]) {
    const is = sketch?.quantile(q) ?? Number.NaN;
    expect(Math.abs(is / exact(values, q) - 1), `p${q * 100}`).toBeLessThanOrEqual(0.01 + 1e-9);
  }
}

describe("percentiles", () => {
  it("are exact to 1%, merged over isolates, fine buckets, coarse buckets and a restart, over any window", () => {
    const random = seededRandom(4);
    const world = new StatsWorld();
    const seen: { at: number; origin: string; value: number }[] = [];
    for (let second = 0; second < 1_500; second++, world.nowMs += 1_000) {
      for (const origin of ["a", "b"]) {
        const scale = origin === "a" ? 20 : 200;
        const values = Array.from({ length: 4 }, () => scale * Math.exp(2 * random()) * (1 + second / 500));
        world.aggregator.record({ origins: { [origin]: successes(values) } });
        for (const value of values) seen.push({ at: world.nowMs, origin, value });
      }
      // At the end of a slice nothing is open that could be lost.
      if (second === 699) {
        world.nowMs += 1_000;
        world.aggregator.roll();
        world.nowMs -= 1_000;
        world.restart();
      }
    }
    for (const windowS of [10, 60, 299, 300, 301, 777, 3_600]) {
      const { counts, latencies, sinceMs } = world.aggregator.window(windowS);
      expect(world.nowMs - sinceMs).toBeLessThanOrEqual(windowS * 1_000 + FINE_BUCKET_MS);
      const within = seen.filter(({ at }) => at >= sinceMs);
      expect(counts.pool.counts.requests).toBe(within.length);
      expectPercentiles(
        latencies.pool.sketch,
        within.map(({ value }) => value),
      );
      const ofB = within.filter(({ origin }) => origin === "b").map(({ value }) => value);
      expectPercentiles(latencies.origins.get("b")?.sketch, ofB);
    }
  });

  it("come with the counts of all time from the last hour", () => {
    const world = new StatsWorld();
    world.aggregator.record({ origins: { a: successes([1_000]) } });
    world.nowMs += 2 * 3_600_000;
    world.aggregator.record({ origins: { a: successes([10]) } });
    const { counts, latencies } = world.aggregator.window(null);
    expect(counts.pool.counts.requests).toBe(2);
    expect(latencies.pool.sketch.count).toBe(1);
  });
});
