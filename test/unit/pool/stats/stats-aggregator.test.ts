import { describe, expect, it } from "vitest";
import { PeriodStats } from "../../../../src/pool/stats/period-stats.ts";
import { originReport } from "../../../support/origin-reports.ts";
import { COARSE_BUCKET_MS, FINE_BUCKET_MS, START_MS, StatsWorld, successes } from "./stats-world.ts";

describe("counts", () => {
  it("distinguish errors from clients that left, and include retries and rate limits", () => {
    const world = new StatsWorld();
    const outcomes = { success: 5, connect_failure: 1, timeout: 2, status: 3, client_closed: 4 };
    const unserved = { no_origin_available: 9, origin_failed: 10 };
    const statuses: [number, number][] = [
      [503, 1],
      [599, 1],
    ];
    const seen = originReport({
      outcomes,
      retries: 6,
      rate_limited: 7,
      retry_overflow: 2,
      broken_off: 3,
      statuses,
    });
    world.aggregator.record({ origins: { a: seen }, sync_failures: 8, unserved });
    const { counts } = world.aggregator.window(null);
    const expected = {
      requests: 15,
      errors: 6,
      client_closed: 4,
      retries: 6,
      rate_limited: 7,
      latency_sum: 0,
      retry_overflow: 2,
      connect_failures: 1,
      timeouts: 2,
      status_500: 0,
      status_502: 0,
      status_503: 1,
      status_504: 0,
      status_other: 2,
      answers_broken_off: 3,
    };
    expect(counts.pool.counts).toEqual(expected);
    expect(counts.origins.get("a")?.counts).toEqual(expected);
    expect(counts.failed).toBe(8);
    expect(counts.unserved).toEqual(unserved);
  });

  it("of requests no origin answered, and latencies of all time, survive fine buckets, coarse buckets and restarts", () => {
    const world = new StatsWorld();
    for (let i = 0; i < 100; i++, world.nowMs += FINE_BUCKET_MS) {
      world.aggregator.record({ origins: { a: successes([3, 30]) }, unserved: { origin_timeout: 1 } });
      if (i % 7 === 0) {
        world.nowMs += FINE_BUCKET_MS;
        world.aggregator.roll();
        world.restart();
      }
    }
    world.aggregator.roll();
    world.restart();
    expect(world.aggregator.window(null).counts.unserved).toEqual({ origin_timeout: 100 });
    expect(world.aggregator.totals().counts.pool.sketch.countsUpTo([1, 3, 29, 30, 1_000])).toEqual([
      0, 100, 100, 200, 200,
    ]);
  });

  it("only of notes make a bucket too", () => {
    const world = new StatsWorld();
    world.aggregator.record({ origins: {}, notes_taken: 1 });
    world.nowMs += FINE_BUCKET_MS;
    world.aggregator.roll();
    world.restart();
    expect(world.aggregator.window(null).counts.notesTaken).toBe(1);
  });

  it("only of requests that no origin answered make a bucket too", () => {
    const world = new StatsWorld();
    world.aggregator.record({ origins: {}, unserved: { no_origin_available: 1 } });
    world.nowMs += FINE_BUCKET_MS;
    world.aggregator.roll();
    expect(world.rows.writes).toHaveLength(1);
  });

  it("of an origin that the pool does not have count for the pool only", () => {
    const world = new StatsWorld();
    world.known = (origin) => origin !== "gone";
    world.aggregator.record({ origins: { gone: successes([1]), a: successes([1]) } });
    const { counts } = world.aggregator.window(60);
    expect([counts.pool.counts.requests, [...counts.origins.keys()]]).toEqual([2, ["a"]]);
  });

  it("of an origin that left the pool are dropped with the coarse bucket; the pool's stay", () => {
    const world = new StatsWorld();
    world.aggregator.record({ origins: { a: successes([1]), b: successes([1]) } });
    world.known = (origin) => origin !== "b";
    world.nowMs += COARSE_BUCKET_MS;
    const { counts } = world.aggregator.window(null);
    expect([counts.pool.counts.requests, [...counts.origins.keys()]]).toEqual([2, ["a"]]);
  });

  it("sum up latencies to within 1%", () => {
    const world = new StatsWorld();
    world.aggregator.record({ origins: { a: successes([10, 20, 70]) } });
    expect(world.aggregator.window(60).counts.pool.counts.latency_sum / 100).toBeCloseTo(1, 2);
  });
});

describe("bounds", () => {
  const ids = Array.from({ length: 5_000 }, (_, i) => `origin-${i}`);
  const latencies = Array.from({ length: 200 }, (_, i) => 1.05 ** i);

  it("hold for 5,000 origins: a row fits SQLite, a history an RPC, and counts are of all origins", () => {
    const world = new StatsWorld();
    const busy = Object.fromEntries(ids.map((id, i) => [id, successes(i < 1_000 ? latencies : [1, 2])]));
    // The last slice of a span: its row holds both, and the totals.
    for (const slice of [0, 29]) {
      world.nowMs = START_MS + slice * FINE_BUCKET_MS;
      world.aggregator.record({ origins: busy });
    }
    world.nowMs = START_MS + COARSE_BUCKET_MS;
    world.aggregator.roll();
    world.restart();
    expect(world.rows.largest).toBeLessThan(2_000_000);
    const { counts } = world.aggregator.window(null);
    expect(counts.origins.size).toBe(5_000);
    expect(counts.pool.counts.requests).toBe(2 * 208_000);
    expect([...counts.origins.values()].every(({ counts: { requests } }) => requests >= 4)).toBe(true);
    const { buckets } = world.aggregator.history("hour");
    expect(Object.keys(buckets[0]?.origins ?? {}).length).toBe(100);
    expect(buckets[0]?.requests).toBe(208_000);
  });

  it("give latencies of their own to the first 500 origins; the pool's include all", () => {
    const tally = new PeriodStats();
    for (const id of ids)
      tally.addReport(id, originReport({ outcomes: { success: 1 }, latency: [[100, 1]] }));
    const sketched = [...tally.origins.values()].filter(({ sketch }) => sketch !== null);
    expect([sketched.length, tally.pool.sketch.count]).toEqual([500, 5_000]);
  });
});
