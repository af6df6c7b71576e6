import { describe, expect, it } from "vitest";
import type { OriginReport } from "../../src/contract/sync.ts";
import { LatencySketch } from "../../src/core/latency-sketch.ts";
import { CallMeter } from "../../src/pool/call-meter.ts";
import { StatsBook } from "../../src/pool/stats-book.ts";
import type { PeriodKind, PeriodStore, StatsRow, StoredPeriod } from "../../src/pool/stats-periods.ts";
import { Tally, toCounts } from "../../src/pool/tally.ts";
import { seededRandom } from "../support/seeded-random.ts";

const START_MS = 1_800_000_000_000;
const SLICE_MS = 10_000;
const SPAN_MS = 300_000;

/** The table `stats` in memory. */
class Rows implements PeriodStore {
  readonly rows = new Map<number, StatsRow>();
  writes: number[] = [];
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  put(row: StatsRow): void {
    this.rows.set(row.slot, row);
    this.writes.push(this.#now());
  }

  periods(kind: PeriodKind, fromMs: number, toMs: number): StoredPeriod[] {
    const periods = [...this.rows.values()].flatMap((row) => row[kind] ?? []);
    return periods.filter(({ at }) => at >= fromMs && at < toMs);
  }

  summaries(kind: PeriodKind, fromMs: number, toMs: number): StoredPeriod[] {
    return this.periods(kind, fromMs, toMs).sort((a, b) => a.at - b.at);
  }

  lastTotals() {
    const spans = [...this.rows.values()].sort((a, b) => (b.span?.at ?? 0) - (a.span?.at ?? 0));
    const last = spans[0];
    return last?.span == null || last.totals === null ? null : { spanAt: last.span.at, totals: last.totals };
  }

  /** The largest row, in characters: SQLite takes 2 MB. */
  get largest(): number {
    return Math.max(...[...this.rows.values()].map((row) => JSON.stringify(row).length));
  }
}

class World {
  nowMs = START_MS;
  active = 0;
  known: (origin: string) => boolean = () => true;
  readonly rows = new Rows(() => this.nowMs);
  book = this.open();

  /** As an object does that starts. */
  open(): StatsBook {
    return new StatsBook({
      rows: this.rows,
      now: () => this.nowMs,
      knows: (origin) => this.known(origin),
      active: () => this.active,
    });
  }

  restart(): void {
    this.book = this.open();
  }

  requests(windowS: number | null): number {
    return this.book.account(windowS).counts.pool.counts.requests;
  }
}

function report(fields: Partial<OriginReport> = {}): OriginReport {
  return {
    outcomes: {},
    failures_in_row: 0,
    had_success: false,
    retries: 0,
    rate_limited: 0,
    latency: [],
    ...fields,
  };
}

function successes(latencies: readonly number[]): OriginReport {
  const sketch = new LatencySketch();
  for (const latency of latencies) sketch.add(latency);
  return report({ outcomes: { success: latencies.length }, had_success: true, latency: sketch.toData() });
}

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

describe("counts", () => {
  it("tell errors from clients that left, and keep retries and rate limits", () => {
    const world = new World();
    const outcomes = { success: 5, connect_failure: 1, timeout: 2, status: 3, client_closed: 4 };
    const unserved = { no_origin_available: 9, origin_failed: 10 };
    const seen = report({ outcomes, retries: 6, rate_limited: 7, retry_overflow: 2 });
    world.book.record({ a: seen }, 8, unserved);
    const { counts } = world.book.account(null);
    const expected = {
      requests: 15,
      errors: 6,
      client_closed: 4,
      retries: 6,
      rate_limited: 7,
      latency_sum: 0,
      retry_overflow: 2,
    };
    expect(counts.pool.counts).toEqual(expected);
    expect(counts.origins.get("a")?.counts).toEqual(expected);
    expect(counts.failed).toBe(8);
    expect(counts.unserved).toEqual(unserved);
  });

  it("of requests no origin answered, and latencies of all time, survive slices, spans and restarts", () => {
    const world = new World();
    for (let i = 0; i < 100; i++, world.nowMs += SLICE_MS) {
      world.book.record({ a: successes([3, 30]) }, 0, { origin_timeout: 1 });
      if (i % 7 === 0) {
        world.nowMs += SLICE_MS;
        world.book.roll();
        world.restart();
      }
    }
    world.book.roll();
    world.restart();
    expect(world.book.account(null).counts.unserved).toEqual({ origin_timeout: 100 });
    expect(world.book.latencies.countsUpTo([1, 3, 29, 30, 1_000])).toEqual([0, 100, 100, 200, 200]);
  });

  it("alone of requests no origin answered are worth a slice", () => {
    const world = new World();
    world.book.record({}, 0, { no_origin_available: 1 });
    world.nowMs += SLICE_MS;
    world.book.roll();
    expect(world.rows.writes).toHaveLength(1);
  });

  it("of an origin the pool does not have are the pool's alone", () => {
    const world = new World();
    world.known = (origin) => origin !== "gone";
    world.book.record({ gone: successes([1]), a: successes([1]) });
    const { counts } = world.book.account(60);
    expect([counts.pool.counts.requests, [...counts.origins.keys()]]).toEqual([2, ["a"]]);
  });

  it("of an origin that left the pool are dropped with the span; the pool's stay", () => {
    const world = new World();
    world.book.record({ a: successes([1]), b: successes([1]) });
    world.known = (origin) => origin !== "b";
    world.nowMs += SPAN_MS;
    const { counts } = world.book.account(null);
    expect([counts.pool.counts.requests, [...counts.origins.keys()]]).toEqual([2, ["a"]]);
  });

  it("sum up latencies to within 1%", () => {
    const world = new World();
    world.book.record({ a: successes([10, 20, 70]) });
    expect(world.book.account(60).counts.pool.counts.latency_sum / 100).toBeCloseTo(1, 2);
  });
});

describe("percentiles", () => {
  it("are exact to 1%, merged over isolates, slices, spans and a restart, over any window", () => {
    const random = seededRandom(4);
    const world = new World();
    const seen: { at: number; origin: string; value: number }[] = [];
    for (let second = 0; second < 1_500; second++, world.nowMs += 1_000) {
      for (const origin of ["a", "b"]) {
        const scale = origin === "a" ? 20 : 200;
        const values = Array.from({ length: 4 }, () => scale * Math.exp(2 * random()) * (1 + second / 500));
        world.book.record({ [origin]: successes(values) });
        for (const value of values) seen.push({ at: world.nowMs, origin, value });
      }
      // At the end of a slice nothing is open that could be lost.
      if (second === 699) {
        world.nowMs += 1_000;
        world.book.roll();
        world.nowMs -= 1_000;
        world.restart();
      }
    }
    for (const windowS of [10, 60, 299, 300, 301, 777, 3_600]) {
      const { counts, latencies, sinceMs } = world.book.account(windowS);
      expect(world.nowMs - sinceMs).toBeLessThanOrEqual(windowS * 1_000 + SLICE_MS);
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
    const world = new World();
    world.book.record({ a: successes([1_000]) });
    world.nowMs += 2 * 3_600_000;
    world.book.record({ a: successes([10]) });
    const { counts, latencies } = world.book.account(null);
    expect(counts.pool.counts.requests).toBe(2);
    expect(latencies.pool.sketch.count).toBe(1);
  });
});

describe("time", () => {
  it("puts a report into the slice in which it arrives", () => {
    const world = new World();
    world.book.record({ a: successes([1]) });
    world.nowMs += SLICE_MS;
    world.book.record({ a: successes([1, 1]) });
    world.nowMs += SLICE_MS;
    const { slices, step_s } = world.book.history("hour");
    expect(slices.map(({ at, requests }) => [at - START_MS, requests])).toEqual([
      [0, 1],
      [SLICE_MS, 2],
    ]);
    expect(step_s).toBe(10);
  });

  it("keeps an hour of slices and a day of spans, and no row more, over three days", () => {
    const world = new World();
    for (; world.nowMs < START_MS + 3 * 86_400_000; world.nowMs += SLICE_MS) {
      world.book.record({ a: successes([5]) });
    }
    world.book.roll();
    // The last slice of each span stands in the span's row.
    expect(world.rows.rows.size).toBe(360 - 12 + 288);
    const hour = world.book.history("hour");
    const day = world.book.history("day");
    expect([hour.slices.length, day.slices.length]).toEqual([360, 288]);
    for (const [{ slices }, step] of [[hour, SLICE_MS] as const, [day, SPAN_MS] as const]) {
      const gaps = slices.slice(1).map(({ at }, index) => at - (slices[index]?.at ?? 0));
      expect(new Set(gaps)).toEqual(new Set([step]));
    }
    expect(day.slices.every(({ requests }) => requests === 30)).toBe(true);
    expect([world.requests(3_600), world.requests(86_400)]).toEqual([360, 288 * 30]);
    expect(world.requests(null)).toBe(3 * 8_640);
  });

  it("writes at most once in 10 s, not at all when nothing happens, and says when it is next due", () => {
    const world = new World();
    const random = seededRandom(7);
    expect(world.book.nextCloseMs()).toBe(Number.POSITIVE_INFINITY);
    for (let i = 0; i < 5_000; i++, world.nowMs += Math.floor(random() * 500)) {
      world.book.record({ a: successes([5]) });
      expect(world.book.nextCloseMs() - world.nowMs).toBeLessThanOrEqual(SLICE_MS);
    }
    const slices = world.rows.writes.map((at) => Math.floor(at / SLICE_MS));
    expect(slices.length).toBeGreaterThan(100);
    expect(new Set(slices).size).toBe(slices.length);
    while (world.book.nextCloseMs() < Number.POSITIVE_INFINITY) {
      world.nowMs = world.book.nextCloseMs();
      world.book.roll();
    }
    const written = world.rows.writes.length;
    world.nowMs += 86_400_000;
    world.book.record({});
    world.book.roll();
    expect(world.rows.writes.length).toBe(written);
  });

  it("leaves a clock that steps back alone", () => {
    const world = new World();
    world.nowMs += 5_000;
    world.book.record({ a: successes([1]) });
    world.nowMs -= 60_000;
    world.book.record({ a: successes([1]) });
    expect([world.rows.writes.length, world.requests(60)]).toEqual([0, 2]);
  });
});

describe("a restart", () => {
  it("loses the open slice alone, at whatever moment it comes", () => {
    const random = seededRandom(11);
    const world = new World();
    let counted = 0;
    let sinceSlice = 0;
    let slice = Math.floor(world.nowMs / SLICE_MS);
    for (let i = 0; i < 3_000; i++, world.nowMs += Math.floor(random() * 4_000)) {
      const now = Math.floor(world.nowMs / SLICE_MS);
      if (now !== slice) sinceSlice = 0;
      slice = now;
      world.book.record({ a: successes([3]) });
      counted++;
      sinceSlice++;
      if (random() < 0.02) {
        world.restart();
        counted -= sinceSlice;
        sinceSlice = 0;
      }
    }
    expect(world.requests(null)).toBe(counted);
    expect(world.book.account(null).counts.origins.get("a")?.counts.requests).toBe(counted);
  });

  it("after long idleness closes the span it finds open and keeps when counting began", () => {
    const world = new World();
    world.book.record({ a: successes([3]) }, 2);
    world.nowMs += SLICE_MS;
    world.book.roll();
    world.nowMs += 7_200_000;
    world.restart();
    const { counts, sinceMs } = world.book.account(null);
    expect([counts.pool.counts.requests, counts.failed, sinceMs]).toEqual([1, 2, START_MS]);
    expect(world.book.history("day").slices.map(({ at }) => at)).toEqual([START_MS]);
    expect(world.book.history("hour").slices).toEqual([]);
    world.restart();
    expect([world.requests(null), world.book.account(null).sinceMs]).toEqual([1, START_MS]);
  });
});

describe("bounds", () => {
  const ids = Array.from({ length: 5_000 }, (_, i) => `origin-${i}`);
  const latencies = Array.from({ length: 200 }, (_, i) => 1.05 ** i);

  it("hold for 5,000 origins: a row fits SQLite, a history an RPC, and counts are of all origins", () => {
    const world = new World();
    const busy = Object.fromEntries(ids.map((id, i) => [id, successes(i < 1_000 ? latencies : [1, 2])]));
    // The last slice of a span: its row holds both, and the totals.
    for (const slice of [0, 29]) {
      world.nowMs = START_MS + slice * SLICE_MS;
      world.book.record(busy);
    }
    world.nowMs = START_MS + SPAN_MS;
    world.book.roll();
    world.restart();
    expect(world.rows.largest).toBeLessThan(2_000_000);
    const { counts } = world.book.account(null);
    expect(counts.origins.size).toBe(5_000);
    expect(counts.pool.counts.requests).toBe(2 * 208_000);
    expect([...counts.origins.values()].every(({ counts: { requests } }) => requests >= 4)).toBe(true);
    const { slices } = world.book.history("hour");
    expect(Object.keys(slices[0]?.origins ?? {}).length).toBe(100);
    expect(slices[0]?.requests).toBe(208_000);
  });

  it("give latencies of their own to the first 500 origins, the pool's cover all", () => {
    const tally = new Tally();
    const counts = { ...toCounts([]), requests: 1 };
    for (const id of ids) tally.add(id, counts, [[100, 1]]);
    const sketched = [...tally.origins.values()].filter(({ sketch }) => sketch !== null);
    expect([sketched.length, tally.pool.sketch.count]).toEqual([500, 5_000]);
  });
});

describe("calls per second", () => {
  it("are the average of the last minute, or of the object's life if that is shorter", () => {
    const meter = new CallMeter(START_MS);
    for (let ms = 0; ms < 30_000; ms += 100) meter.mark(START_MS + ms);
    expect(meter.perSecond(START_MS + 30_000)).toBeCloseTo(10, 0);
    for (let ms = 30_000; ms < 300_000; ms += 500) meter.mark(START_MS + ms);
    expect(meter.perSecond(START_MS + 300_000)).toBeCloseTo(2, 0);
    expect(meter.perSecond(START_MS + 400_000)).toBe(0);
  });
});
