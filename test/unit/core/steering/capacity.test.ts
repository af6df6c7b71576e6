import { describe, expect, it } from "vitest";
import { nextAccepted, utilisation } from "../../../../src/core/steering/capacity.ts";

describe("the load of a pool", () => {
  const target = { connections: 100, requestsPerSecond: 1_000 };

  it("is the larger of its two measures", () => {
    expect(utilisation(target, { connections: 80, requestsPerSecond: 900 })).toBe(0.9);
    expect(utilisation(target, { connections: 120, requestsPerSecond: 900 })).toBe(1.2);
  });

  it("ignores a measure without a target", () => {
    const load = { connections: 500, requestsPerSecond: 500 };
    expect(utilisation({ ...target, connections: null }, load)).toBe(0.5);
    expect(utilisation({ ...target, requestsPerSecond: null }, load)).toBe(5);
  });
});

describe("the share that a pool accepts after a step", () => {
  it("goes down to what would meet the target, but by a twentieth at most", () => {
    expect(nextAccepted(1, 1.02)).toBeCloseTo(1 / 1.02);
    expect(nextAccepted(1, 3)).toBeCloseTo(0.95);
  });

  it("never goes below a twentieth, so that the load can still be measured", () => {
    expect(nextAccepted(0.06, 9)).toBe(0.05);
    expect(nextAccepted(0.05, 9)).toBe(0.05);
  });

  it("stays between nine tenths of the target and the target", () => {
    for (const used of [0.9, 0.95, 1]) expect(nextAccepted(0.5, used)).toBe(0.5);
  });

  it("grows by a hundredth below, up to all", () => {
    expect(nextAccepted(0.5, 0.89)).toBeCloseTo(0.51);
    expect(nextAccepted(0.995, 0)).toBe(1);
  });

  it.each([0.5, 1.05, 1.3, 2, 5])(
    "settles without swinging at an offer of %d times the target",
    (offered) => {
      let accepted = 1;
      const late: number[] = [];
      for (let second = 0; second < 300; second++) {
        accepted = nextAccepted(accepted, offered * accepted);
        if (second >= 200) late.push(accepted);
      }
      expect(Math.max(...late) - Math.min(...late)).toBeLessThan(0.02);
      if (offered > 1) {
        expect(offered * accepted).toBeGreaterThan(0.85);
        expect(offered * accepted).toBeLessThanOrEqual(1.001);
      } else expect(accepted).toBe(1);
    },
  );
});
