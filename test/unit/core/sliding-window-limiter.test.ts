import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SlidingWindowLimiter } from "../../../src/core/rate-limit/sliding-window-limiter.ts";
import { seededRandom } from "../../support/seeded-random.ts";

const SEED = 20_261_125;

/** Takes at each time; the times that were let through. */
const through = (limiter: SlidingWindowLimiter, timesMs: readonly number[]): number[] =>
  timesMs.filter((timeMs) => limiter.take(timeMs));

/** Most of `timesMs` (ascending) in any window [t, t + 1 s). */
function mostInOneSecond(timesMs: readonly number[]): number {
  let most = 0;
  let start = 0;
  for (const [end, timeMs] of timesMs.entries()) {
    while ((timesMs[start] ?? 0) <= timeMs - 1_000) start++;
    most = Math.max(most, end - start + 1);
  }
  return most;
}

const LIMITS = [1, 2, 50, 63, 64, 65, 100, 1_000, 5_000];

describe.each(LIMITS)("a limit of %i", (limit) => {
  it("lets a burst of that many through, and the next ones a second later, not before", () => {
    const limiter = new SlidingWindowLimiter(limit);
    const burst = Array.from({ length: limit + 5 }, () => 10_000);
    expect(through(limiter, burst)).toHaveLength(limit);
    expect(limiter.take(10_999)).toBe(false);
    expect(through(limiter, Array(limit + 5).fill(11_000))).toHaveLength(limit);
  });

  it("is not two bursts around the turn of a second", () => {
    const limiter = new SlidingWindowLimiter(limit);
    expect(through(limiter, Array(limit).fill(10_999))).toHaveLength(limit);
    expect(limiter.take(11_000)).toBe(false);
    expect(limiter.take(11_998)).toBe(false);
    expect(limiter.take(11_999)).toBe(true);
  });

  it.each(["uniform", "random"])("is used to 98 percent or more under %s overload", (arrivals) => {
    const random = seededRandom(SEED);
    const limiter = new SlidingWindowLimiter(limit);
    const seconds = 20;
    const offered = Array.from({ length: 3 * limit * seconds }, (_, i) =>
      arrivals === "uniform" ? (i * 1_000) / (3 * limit) : random() * seconds * 1_000,
    ).sort((a, b) => a - b);
    const passed = through(limiter, offered);
    expect(mostInOneSecond(passed)).toBeLessThanOrEqual(limit);
    // A limit of 1 also waits for the next arrival: a third of a second on average.
    expect(passed.length).toBeGreaterThanOrEqual((limit < 10 ? 0.7 : 0.98) * limit * seconds);
  });
});

const steps = fc.array(
  fc.record({
    waitMs: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 1_500 })),
    n: fc.nat(6),
  }),
  { maxLength: 400 },
);

describe("against an exact log of timestamps", () => {
  it("is the same up to 64", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), steps, (limit, walk) => {
        const limiter = new SlidingWindowLimiter(limit);
        const log: number[] = [];
        let nowMs = 0;
        for (const { waitMs } of walk) {
          nowMs += waitMs;
          const counted = log.filter((timeMs) => timeMs > nowMs - 1_000).length;
          expect(limiter.spentInWindow(nowMs)).toBe(counted);
          expect(limiter.allows(nowMs)).toBe(counted < limit);
          if (limiter.take(nowMs)) log.push(nowMs);
        }
      }),
      { seed: SEED, numRuns: 200, verbose: true },
    );
  });

  it("is the same at 64: takes that are close together still leave the window one by one", () => {
    const limiter = new SlidingWindowLimiter(64);
    expect(through(limiter, [0, ...Array(63).fill(10)])).toHaveLength(64);
    expect(through(limiter, [1_000, 1_000, 1_009])).toEqual([1_000]);
  });

  it("never lets more through, whatever the limit, takes of several at once and changes of the limit", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 300 }),
        steps,
        (low, high, walk) => {
          const limiter = new SlidingWindowLimiter(low);
          const log: number[] = [];
          let nowMs = 0;
          for (const [i, { waitMs, n }] of walk.entries()) {
            if (i === walk.length >> 1) limiter.setLimit(high);
            nowMs += waitMs;
            const asked = n * 20 + 1;
            const before = log.filter((timeMs) => timeMs > nowMs - 1_000).length;
            if (!limiter.take(nowMs, asked)) continue;
            expect(before + asked).toBeLessThanOrEqual(limiter.limit);
            for (let k = 0; k < asked; k++) log.push(nowMs);
          }
        },
      ),
      { seed: SEED, numRuns: 200, verbose: true },
    );
  });

  it("counts at most 20 ms longer than the log above 64", () => {
    fc.assert(
      fc.property(steps, (walk) => {
        const limiter = new SlidingWindowLimiter(200);
        const log: number[] = [];
        let nowMs = 0;
        for (const { waitMs, n } of walk) {
          nowMs += waitMs;
          const longer = log.filter((timeMs) => timeMs > nowMs - 1_020).length;
          expect(limiter.spentInWindow(nowMs)).toBeLessThanOrEqual(longer);
          for (let k = 0; k < n; k++) if (limiter.take(nowMs)) log.push(nowMs);
        }
      }),
      { seed: SEED, numRuns: 200, verbose: true },
    );
  });

  it("says exactly when the next request may start", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), steps, (limit, walk) => {
        const limiter = new SlidingWindowLimiter(limit);
        let nowMs = 0;
        for (const { waitMs, n } of walk) {
          nowMs += waitMs;
          for (let k = 0; k < n * 20; k++) limiter.take(nowMs);
          const waitedMs = limiter.retryAfterMs(nowMs);
          expect(waitedMs === 0).toBe(limiter.allows(nowMs));
          if (waitedMs === 0) continue;
          expect(limiter.allows(nowMs + waitedMs - 1)).toBe(false);
          nowMs += waitedMs;
          expect(limiter.allows(nowMs)).toBe(true);
        }
      }),
      { seed: SEED, numRuns: 100, verbose: true },
    );
  });
});

describe("several at once", () => {
  it("takes all or nothing", () => {
    const limiter = new SlidingWindowLimiter(10);
    expect(limiter.take(0, 7)).toBe(true);
    expect(limiter.take(0, 4)).toBe(false);
    expect(limiter.spentInWindow(0)).toBe(7);
    expect(limiter.take(0, 3)).toBe(true);
  });
});

describe("a changed limit", () => {
  it("counts what was let through before", () => {
    const limiter = new SlidingWindowLimiter(2);
    through(limiter, [0, 0]);
    limiter.setLimit(3);
    expect(through(limiter, [1, 1])).toEqual([1]);
    limiter.setLimit(1);
    expect(limiter.allows(1_000)).toBe(false);
    expect(limiter.allows(1_001)).toBe(true);
  });

  it("says when the next request may start even if more than one must leave the window", () => {
    const limiter = new SlidingWindowLimiter(3);
    through(limiter, [0, 100, 200]);
    limiter.setLimit(1);
    expect(limiter.retryAfterMs(300)).toBe(900);
    expect(limiter.allows(1_199)).toBe(false);
    expect(limiter.allows(1_200)).toBe(true);
  });

  it("holds when raised while the log is full of single takes", () => {
    const limiter = new SlidingWindowLimiter(64);
    through(
      limiter,
      Array.from({ length: 64 }, (_, i) => i),
    );
    limiter.setLimit(100);
    expect(
      through(
        limiter,
        Array.from({ length: 50 }, (_, i) => 64 + i),
      ),
    ).toHaveLength(36);
    expect(limiter.allows(999)).toBe(false);
    expect(limiter.allows(2_000)).toBe(true);
  });
});

describe("a clock that goes back", () => {
  it("is treated as standing still for a small step", () => {
    const limiter = new SlidingWindowLimiter(2);
    expect(through(limiter, [5_000, 4_990, 4_980])).toEqual([5_000, 4_990]);
    expect(limiter.allows(5_999)).toBe(false);
    expect(limiter.allows(6_000)).toBe(true);
  });

  it("blocks for at most a second after a large step", () => {
    const limiter = new SlidingWindowLimiter(2);
    through(limiter, [3_600_000, 3_600_000]);
    expect(limiter.allows(0)).toBe(false);
    expect(limiter.retryAfterMs(0)).toBe(1_000);
    expect(limiter.allows(1_000)).toBe(true);
  });
});

it.each([0, -1, 0.5, 1.5, Number.NaN, Number.POSITIVE_INFINITY])("refuses a limit of %d", (limit) => {
  expect(() => new SlidingWindowLimiter(limit)).toThrow(RangeError);
  expect(() => new SlidingWindowLimiter(1).setLimit(limit)).toThrow(RangeError);
});

it("tells how many places there will be by a time, those that come free until then included", () => {
  const limiter = new SlidingWindowLimiter(4);
  for (const timeMs of [100, 300, 300]) limiter.take(timeMs);
  expect([400, 1_099, 1_100, 1_299, 1_300].map((untilMs) => limiter.placesBy(untilMs, 400))).toEqual([
    1, 1, 2, 2, 4,
  ]);
  expect(limiter.placesBy(0, 400), "never fewer than now").toBe(1);
  limiter.setLimit(1);
  expect(
    [400, 1_300].map((untilMs) => limiter.placesBy(untilMs, 400)),
    "while more is spent",
  ).toEqual([0, 1]);
});
