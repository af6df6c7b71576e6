/** Waits after failures, and that the one formula gives what each of those it took the place of gave. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backoffAfter, backoffMs, CallBackoff } from "../../../src/core/retry/backoff.ts";
import { OBJECT_BACKOFF } from "../../../src/edge/sync/object-backoff.ts";

const SEED = 20_261_130;

describe("the back-off before another round", () => {
  it.each([
    [1, 25],
    [2, 75],
    [3, 175],
    [4, 250],
    [20, 250],
  ])("is uniform up to (2^N - 1) * 25 ms, at most 250: round %i", (round, mostMs) => {
    expect(backoffMs(round, () => 0)).toBe(0);
    expect(backoffMs(round, () => 0.5)).toBe(mostMs / 2);
    expect(backoffMs(round, () => 1 - 1e-9)).toBeLessThan(mostMs);
  });
});

describe("the doubled wait after failures", () => {
  it.each([
    ["a write that KV did not take", 2_000, 60_000, [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]],
    ["a notification", 1_000, 60_000, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000]],
    ["a list of KV's keys", 10_000, 120_000, [10_000, 20_000, 40_000, 80_000, 120_000, 120_000, 120_000]],
  ])("is, for %s, from %i to %i ms", (_what, firstMs, longestMs, waits) => {
    expect(waits.map((_, index) => backoffAfter(index + 1, { firstMs, longestMs }))).toEqual(waits);
  });

  it("stays at the longest however many there were", () => {
    expect(backoffAfter(5_000, { firstMs: 1_000, longestMs: 60_000 })).toBe(60_000);
  });
});

/** How calls to a pool's object were put off before the formula was shared. */
class Former {
  failures = 0;
  untilMs = Number.NEGATIVE_INFINITY;
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  failed(nowMs: number, isOverloaded: boolean, leastMs: number): number {
    const { first, longest } = isOverloaded
      ? { first: 4_000, longest: 60_000 }
      : { first: 500, longest: 15_000 };
    const backoff = Math.max(Math.min(first * 2 ** this.failures, longest), leastMs);
    const spreadMs = Math.round(backoff * (0.5 + this.#random()));
    this.failures++;
    this.untilMs = nowMs + spreadMs;
    return spreadMs;
  }

  answered(): void {
    this.failures = 0;
    this.untilMs = Number.NEGATIVE_INFINITY;
  }
}

describe("calls to a pool's object", () => {
  it("are delayed as a reference implementation delays them, for any sequence of failures and answers", () => {
    const call = fc.record({
      afterMs: fc.nat(70_000),
      outcome: fc.constantFrom("answered", "failed", "overloaded"),
      leastMs: fc.constantFrom(0, 900, 30_000),
      chance: fc.double({ min: 0, max: 0.999_999, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(call, { maxLength: 40 }), (calls) => {
        let chance = 0;
        const random = () => chance;
        const former = new Former(random);
        const backoff = new CallBackoff({ ...OBJECT_BACKOFF, random });
        let nowMs = 1_800_000_000_000;
        for (const { afterMs, outcome, leastMs, chance: drawn } of calls) {
          nowMs += afterMs;
          chance = drawn;
          if (outcome === "answered") {
            former.answered();
            backoff.answered();
          } else {
            const isOverloaded = outcome === "overloaded";
            expect(backoff.failed(nowMs, isOverloaded, leastMs)).toBe(
              former.failed(nowMs, isOverloaded, leastMs),
            );
          }
          expect([backoff.untilMs, backoff.isFailing]).toEqual([former.untilMs, former.failures > 0]);
        }
      }),
      { seed: SEED, numRuns: 300, verbose: true },
    );
  });

  it("may be made at once if the clock is set back further than the wait was long", () => {
    const backoff = new CallBackoff({ ...OBJECT_BACKOFF, random: () => 0.5 });
    expect(backoff.failed(100_000, false)).toBe(500);
    backoff.watchClock(100_100);
    expect(backoff.untilMs).toBe(100_500);
    backoff.watchClock(50_000);
    expect(backoff.untilMs).toBe(50_000);
  });
});
