import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  isAvailable,
  isRamping,
  newAvailability,
  observeEnough,
  type PoolAvailability,
  returnRamp,
  returnsAtMs,
} from "../../../../src/core/steering/pool-availability.ts";

const SEED = 20_261_130;
const RULES = { returnDelayMs: 10_000, rampMs: 20_000 };
/** Nothing about it depends on when it is. */
const START = 1_790_000_000_000;

function seen(state: PoolAvailability, steps: readonly [enough: boolean, atS: number][], rules = RULES) {
  return steps.reduce((now, [enough, atS]) => observeEnough(now, enough, START + atS * 1_000, rules), state);
}

describe("availability of a pool", () => {
  it("begins at once with enough origins, without a delay or a ramp", () => {
    const state = newAvailability(true);
    expect(isAvailable(state, START)).toBe(true);
    expect(returnRamp(state, START, RULES)).toBe(1);
    expect(returnsAtMs(state, START, RULES)).toBeNull();
  });

  it("ends at once", () => {
    expect(isAvailable(seen(newAvailability(true), [[false, 5]]), START + 5_000)).toBe(false);
  });

  it("comes back after its delay, to the millisecond", () => {
    const state = seen(newAvailability(true), [
      [false, 5],
      [true, 7],
    ]);
    expect(returnsAtMs(state, START + 7_000, RULES)).toBe(START + 17_000);
    expect(isAvailable(seen(state, [[true, 16.999]]), START + 16_999)).toBe(false);
    expect(isAvailable(seen(state, [[true, 17]]), START + 17_000)).toBe(true);
  });

  it("waits anew after each gap", () => {
    const state = seen(newAvailability(true), [
      [false, 5],
      [true, 7],
      [false, 16],
      [true, 16.5],
    ]);
    expect(returnsAtMs(state, START + 17_000, RULES)).toBe(START + 26_500);
    expect(isAvailable(seen(state, [[true, 17]]), START + 17_000)).toBe(false);
  });

  it("comes back at once without a delay", () => {
    const rules = { ...RULES, returnDelayMs: 0 };
    const state = seen(
      newAvailability(true),
      [
        [false, 1],
        [true, 2],
      ],
      rules,
    );
    expect(isAvailable(state, START + 2_000)).toBe(true);
  });

  it("of a pool that began with too few origins needs the delay as well", () => {
    const state = seen(newAvailability(false), [[true, 3]]);
    expect(isAvailable(state, START + 3_000)).toBe(false);
    expect(returnsAtMs(state, START + 3_000, RULES)).toBe(START + 13_000);
  });

  it("reports no return while there are too few origins", () => {
    expect(returnsAtMs(seen(newAvailability(true), [[false, 1]]), START + 1_000, RULES)).toBeNull();
  });

  it("ramps from a tenth to all after a return", () => {
    const state = seen(newAvailability(true), [
      [false, 0],
      [true, 1],
      [true, 11],
    ]);
    const rampAt = (s: number) => returnRamp(state, START + s * 1_000, RULES);
    expect([11, 12, 21, 30, 31, 60].map(rampAt)).toEqual([0.1, 0.1, 0.5, 0.95, 1, 1]);
    expect(isRamping(state, START + 30_999, RULES)).toBe(true);
    expect(isRamping(state, START + 31_000, RULES)).toBe(false);
    expect(returnRamp(state, START + 11_000, { ...RULES, rampMs: 0 })).toBe(1);
  });

  it("is the same object if nothing changed, so that nothing is stored", () => {
    const up = newAvailability(true);
    expect(observeEnough(up, true, START, RULES)).toBe(up);
    const down = seen(up, [[false, 1]]);
    expect(observeEnough(down, false, START + 2_000, RULES)).toBe(down);
    const returning = seen(down, [[true, 3]]);
    expect(observeEnough(returning, true, START + 4_000, RULES)).toBe(returning);
  });
});

describe("a pool that comes and goes", () => {
  const rules = { ...RULES, returnDelayMs: 0 };
  const flaps = (count: number): [boolean, number][] =>
    Array.from({ length: count }, (_, index) => [index % 2 === 1, index + 1]);

  it("is held at its seventh change within five minutes, and returns by itself with a ramp", () => {
    const six = seen(newAvailability(true), flaps(6), rules);
    expect(isAvailable(six, START + 6_000)).toBe(true);
    const held = seen(newAvailability(true), flaps(8), rules);
    expect(isAvailable(held, START + 8_000)).toBe(false);
    expect(returnsAtMs(held, START + 8_000, rules)).toBe(START + 37_000);
    expect(isAvailable(held, START + 36_999)).toBe(false);
    expect(isAvailable(held, START + 37_000)).toBe(true);
    expect(returnRamp(held, START + 47_000, rules)).toBe(0.5);
  });

  it("is not held for changes that are further apart", () => {
    const slow = flaps(40).map(([enough, s]): [boolean, number] => [enough, s * 60]);
    const state = seen(newAvailability(true), slow, rules);
    expect(isAvailable(state, START + 2_400_000)).toBe(true);
  });

  it("continues from the stored state at any time", () => {
    const times = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 20_000 })), { maxLength: 40 });
    fc.assert(
      fc.property(times, fc.boolean(), (steps, begins) => {
        let nowMs = START;
        let kept = newAvailability(begins);
        let restarted = kept;
        for (const [enough, waitMs] of steps) {
          nowMs += waitMs;
          kept = observeEnough(kept, enough, nowMs, RULES);
          restarted = observeEnough(JSON.parse(JSON.stringify(restarted)), enough, nowMs, RULES);
          expect(restarted).toEqual(kept);
        }
      }),
      { seed: SEED },
    );
  });
});

/** The rule as a person would say it, over the whole history: for pools that are never held. */
function isAvailableByHistory(history: readonly [enough: boolean, atMs: number][], nowMs: number): boolean {
  let lastGapMs: number | null = null;
  for (const [index, [enough, atMs]] of history.entries()) {
    const untilMs = history[index + 1]?.[1] ?? nowMs;
    if (!enough) lastGapMs = untilMs;
    if (!enough && atMs <= nowMs && untilMs >= nowMs && history.at(-1)?.[0] === false) return false;
  }
  return lastGapMs === null || nowMs - lastGapMs >= RULES.returnDelayMs;
}

it("a pool is available exactly if its last gap is a return delay ago", () => {
  const steps = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 200_000 })), { maxLength: 12 });
  fc.assert(
    fc.property(steps, (looks) => {
      let nowMs = START;
      let state = newAvailability(true);
      const history: [boolean, number][] = [[true, nowMs]];
      for (const [enough, waitMs] of looks) {
        // Looked at all the time, as the object does: the moment of a return is not missed.
        const dueMs = returnsAtMs(state, nowMs, RULES);
        if (dueMs !== null && dueMs <= nowMs + waitMs) state = observeEnough(state, true, dueMs, RULES);
        nowMs += waitMs;
        state = observeEnough(state, enough, nowMs, RULES);
        history.push([enough, nowMs]);
        fc.pre(state.flap.holdDownUntilMs === 0);
        expect(isAvailable(state, nowMs)).toBe(isAvailableByHistory(history, nowMs));
      }
    }),
    { seed: SEED },
  );
});
