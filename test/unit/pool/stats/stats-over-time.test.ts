import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../support/seeded-random.ts";
import { COARSE_BUCKET_MS, FINE_BUCKET_MS, START_MS, StatsWorld, successes } from "./stats-world.ts";

describe("time", () => {
  it("of a report's arrival decides its bucket", () => {
    const world = new StatsWorld();
    world.aggregator.record({ origins: { a: successes([1]) } });
    world.nowMs += FINE_BUCKET_MS;
    world.aggregator.record({ origins: { a: successes([1, 1]) } });
    world.nowMs += FINE_BUCKET_MS;
    const { buckets, step_s } = world.aggregator.history("hour");
    expect(buckets.map(({ at, requests }) => [at - START_MS, requests])).toEqual([
      [0, 1],
      [FINE_BUCKET_MS, 2],
    ]);
    expect(step_s).toBe(10);
  });

  it("of three days leaves an hour of fine and a day of coarse buckets, and no further row", () => {
    const world = new StatsWorld();
    for (; world.nowMs < START_MS + 3 * 86_400_000; world.nowMs += FINE_BUCKET_MS) {
      world.aggregator.record({ origins: { a: successes([5]) } });
    }
    world.aggregator.roll();
    // The last slice of each span stands in the span's row.
    expect(world.rows.rows.size).toBe(360 - 12 + 288);
    const hour = world.aggregator.history("hour");
    const day = world.aggregator.history("day");
    expect([hour.buckets.length, day.buckets.length]).toEqual([360, 288]);
    for (const [{ buckets }, step] of [[hour, FINE_BUCKET_MS] as const, [day, COARSE_BUCKET_MS] as const]) {
      const gaps = buckets.slice(1).map(({ at }, index) => at - (buckets[index]?.at ?? 0));
      expect(new Set(gaps)).toEqual(new Set([step]));
    }
    expect(day.buckets.every(({ requests }) => requests === 30)).toBe(true);
    expect([world.requests(3_600), world.requests(86_400)]).toEqual([360, 288 * 30]);
    expect(world.requests(null)).toBe(3 * 8_640);
  });

  it("passes with at most one write in 10 s, none without reports, and a known time of the next", () => {
    const world = new StatsWorld();
    const random = seededRandom(7);
    expect(world.aggregator.nextCloseMs()).toBe(Number.POSITIVE_INFINITY);
    for (let i = 0; i < 5_000; i++, world.nowMs += Math.floor(random() * 500)) {
      world.aggregator.record({ origins: { a: successes([5]) } });
      expect(world.aggregator.nextCloseMs() - world.nowMs).toBeLessThanOrEqual(FINE_BUCKET_MS);
    }
    const closed = world.rows.writes.map((at) => Math.floor(at / FINE_BUCKET_MS));
    expect(closed.length).toBeGreaterThan(100);
    expect(new Set(closed).size).toBe(closed.length);
    while (world.aggregator.nextCloseMs() < Number.POSITIVE_INFINITY) {
      world.nowMs = world.aggregator.nextCloseMs();
      world.aggregator.roll();
    }
    const written = world.rows.writes.length;
    world.nowMs += 86_400_000;
    world.aggregator.record({ origins: {} });
    world.aggregator.roll();
    expect(world.rows.writes.length).toBe(written);
  });

  it("may step back without an effect", () => {
    const world = new StatsWorld();
    world.nowMs += 5_000;
    world.aggregator.record({ origins: { a: successes([1]) } });
    world.nowMs -= 60_000;
    world.aggregator.record({ origins: { a: successes([1]) } });
    expect([world.rows.writes.length, world.requests(60)]).toEqual([0, 2]);
  });
});

describe("a restart", () => {
  it("loses only the open bucket, at whatever time it happens", () => {
    const random = seededRandom(11);
    const world = new StatsWorld();
    let counted = 0;
    let sinceSlice = 0;
    let slice = Math.floor(world.nowMs / FINE_BUCKET_MS);
    for (let i = 0; i < 3_000; i++, world.nowMs += Math.floor(random() * 4_000)) {
      const now = Math.floor(world.nowMs / FINE_BUCKET_MS);
      if (now !== slice) sinceSlice = 0;
      slice = now;
      world.aggregator.record({ origins: { a: successes([3]) } });
      counted++;
      sinceSlice++;
      if (random() < 0.02) {
        world.restart();
        counted -= sinceSlice;
        sinceSlice = 0;
      }
    }
    expect(world.requests(null)).toBe(counted);
    expect(world.aggregator.window(null).counts.origins.get("a")?.counts.requests).toBe(counted);
  });

  it("after a long idle time closes the open coarse bucket, and keeps the time at which counting began", () => {
    const world = new StatsWorld();
    world.aggregator.record({ origins: { a: successes([3]) }, sync_failures: 2, notes_taken: 3 });
    world.nowMs += FINE_BUCKET_MS;
    world.aggregator.roll();
    world.nowMs += 7_200_000;
    world.restart();
    const { counts, sinceMs } = world.aggregator.window(null);
    expect([counts.pool.counts.requests, counts.failed, counts.notesTaken, sinceMs]).toEqual([
      1,
      2,
      3,
      START_MS,
    ]);
    expect(world.aggregator.history("day").buckets.map(({ at }) => at)).toEqual([START_MS]);
    expect(world.aggregator.history("hour").buckets).toEqual([]);
    world.restart();
    expect([world.requests(null), world.aggregator.window(null).sinceMs]).toEqual([1, START_MS]);
  });
});
