import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type FlapConfig,
  type FlapState,
  type HealthState,
  healthStatus,
  isFlapping,
  NO_FLAPS,
  observe,
  observeTransition,
} from "../../../src/core/health/health-state.ts";

const SEED = 20_261_127;
const UP: HealthState = { healthy: true, streak: 0 };

/** The state after each result: U for up and passed, anything else for down and failed. */
function states(results: string, rise: number, fall: number): string {
  let state = UP;
  return [...results]
    .map((result) => {
      state = observe(state, result === "U", { rise, fall });
      return state.healthy ? "U" : "D";
    })
    .join("");
}

describe("thresholds", () => {
  it("flip only after the configured number of equal results in a row (CF-HC-01: Cloudflare monitors, consecutive_up/down)", () => {
    expect(states("FFUFFFUFUU", 2, 3)).toBe("UUUUUDDDDU");
  });

  it("stay healthy on fail, pass, fail, fail with a threshold of 3", () => {
    expect(states("FUFF", 2, 3)).toBe("UUUU");
  });

  it("of 1 follow every result (PIN-HC-01: pingora health_check.rs)", () => {
    expect(states("FFUUF", 1, 1)).toBe("DDUUD");
  });

  it("never flip before, and always flip at, the threshold", () => {
    const results = fc.array(fc.boolean(), { maxLength: 100 });
    const threshold = fc.integer({ min: 1, max: 6 });
    fc.assert(
      fc.property(results, threshold, threshold, (walk, rise, fall) => {
        let state = UP;
        for (const [i, passed] of walk.entries()) {
          const before = state;
          state = observe(before, passed, { rise, fall });
          const needed = before.healthy ? fall : rise;
          const last = walk.slice(Math.max(0, i + 1 - needed), i + 1);
          const against = last.length === needed && last.every((result) => result !== before.healthy);
          expect(state.healthy !== before.healthy).toBe(against);
        }
      }),
      { seed: SEED, numRuns: 500, verbose: true },
    );
  });

  it("are the same object while nothing changes, so nothing needs to be stored", () => {
    expect(observe(UP, true, { rise: 2, fall: 3 })).toBe(UP);
  });
});

const FLAP: FlapConfig = {
  maxTransitions: 3,
  windowMs: 100_000,
  baseHoldDownMs: 10_000,
  maxHoldDownMs: 60_000,
};

const changedAt = (state: FlapState, ...timesMs: number[]): FlapState =>
  timesMs.reduce((flap, nowMs) => observeTransition(flap, nowMs, FLAP), state);

/** Four changes in a row, each 1 s after the one before. */
const flapFrom = (state: FlapState, startMs: number): FlapState =>
  changedAt(state, startMs, startMs + 1_000, startMs + 2_000, startMs + 3_000);

describe("a server that changes state", () => {
  it("is not held up to the limit of changes", () => {
    expect(isFlapping(changedAt(NO_FLAPS, 1_000, 2_000, 3_000), 3_000)).toBe(false);
  });

  it("is held down by one change more, for the base time", () => {
    const held = flapFrom(NO_FLAPS, 1_000);
    expect(held.holdDownUntilMs).toBe(14_000);
    expect(isFlapping(held, 13_999)).toBe(true);
    expect(isFlapping(held, 14_000)).toBe(false);
  });

  it("is not held if the changes are spread over more than the window", () => {
    const state = changedAt(NO_FLAPS, 0, 34_000, 67_000, 100_000, 134_000, 167_000, 201_000);
    expect(isFlapping(state, 201_000)).toBe(false);
  });

  it("is reported as flapping while held, whatever the probes say", () => {
    const held = flapFrom(NO_FLAPS, 1_000);
    expect(healthStatus(UP, held, 5_000)).toBe("flapping");
    expect(healthStatus({ healthy: false, streak: 0 }, held, 5_000)).toBe("flapping");
    expect(healthStatus(UP, held, 14_000)).toBe("healthy");
    expect(healthStatus({ healthy: false, streak: 0 }, held, 14_000)).toBe("unhealthy");
  });

  it("is held twice as long each time, up to the longest hold", () => {
    let state = NO_FLAPS;
    const holds: number[] = [];
    let nowMs = 0;
    for (let i = 0; i < 6; i++) {
      state = flapFrom(state, nowMs);
      const startedMs = holds.length === 0 ? nowMs + 3_000 : nowMs;
      holds.push(state.holdDownUntilMs - startedMs);
      nowMs = state.holdDownUntilMs;
    }
    expect(holds).toEqual([10_000, 20_000, 40_000, 60_000, 60_000, 60_000]);
  });

  it("is held again at its first change after a hold in which it kept changing", () => {
    const held = changedAt(flapFrom(NO_FLAPS, 0), 6_000, 9_000, 12_000);
    expect(held.holdDownUntilMs).toBe(13_000);
    expect(changedAt(held, 14_000).holdDownUntilMs).toBe(34_000);
  });

  it("is held for a shorter time again after quiet windows", () => {
    const twice = changedAt(flapFrom(NO_FLAPS, 0), 14_000);
    expect(twice.holdDownUntilMs).toBe(34_000);
    expect(twice.level).toBe(2);
    const quietOnce = flapFrom(twice, 34_000 + 100_000);
    expect(quietOnce.holdDownUntilMs - 137_000).toBe(20_000);
    const quietLong = flapFrom(twice, 34_000 + 1_000_000);
    expect(quietLong.holdDownUntilMs - 1_037_000).toBe(10_000);
  });

  it("comes down from the longest hold as fast as from any other", () => {
    let state = flapFrom(NO_FLAPS, 0);
    for (let i = 0; i < 10; i++) state = flapFrom(state, state.holdDownUntilMs);
    const quietMs = state.holdDownUntilMs + 100_000;
    expect(flapFrom(state, quietMs).holdDownUntilMs - quietMs - 3_000).toBe(40_000);
  });
});

it("the state is JSON, with no more changes than needed", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 60_000 }), { maxLength: 60 }), (waitsMs) => {
      let nowMs = 0;
      let state = NO_FLAPS;
      let stored = NO_FLAPS;
      for (const waitMs of waitsMs) {
        nowMs += waitMs;
        state = observeTransition(state, nowMs, FLAP);
        stored = observeTransition(JSON.parse(JSON.stringify(stored)), nowMs, FLAP);
        expect(stored).toEqual(state);
        expect(state.transitionsMs.length).toBeLessThanOrEqual(FLAP.maxTransitions + 1);
        expect(state.holdDownUntilMs - nowMs).toBeLessThanOrEqual(FLAP.maxHoldDownMs);
      }
    }),
    { seed: SEED, numRuns: 200, verbose: true },
  );
});
