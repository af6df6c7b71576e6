import { describe, expect, it } from "vitest";
import { slowStartFactor, slowStartFactors } from "../../../src/core/health/slow-start.ts";
import scenarios from "../fixtures/slow-start.json" with { type: "json" };

describe("the factor of a server that came back", () => {
  it.each(scenarios)(
    "is $factor after $age_s of $window_s s, aggression $aggression, floor $min_factor ($id)",
    ({ age_s, window_s, aggression, min_factor, factor }) => {
      const options = { aggression, minFactor: min_factor };
      expect(slowStartFactor(age_s * 1_000, window_s * 1_000, options)).toBeCloseTo(factor, 4);
    },
  );

  it("never goes down and ends at the full weight", () => {
    const factors = Array.from({ length: 70 }, (_, seconds) => slowStartFactor(seconds * 1_000, 60_000));
    expect(factors).toEqual([...factors].sort((a, b) => a - b));
    expect(factors[60]).toBe(1);
  });

  it("is full at once without a window", () => {
    expect(slowStartFactor(0, 0)).toBe(1);
  });

  it("is the smallest one for a return in the future", () => {
    expect(slowStartFactor(-5_000, 60_000)).toBe(0.1);
  });
});

describe("the factors of a pool", () => {
  it("are full for servers that were there from the beginning (HAP-SLOW-01: not at process start)", () => {
    expect(slowStartFactors([null, null], 60_000, 1_000)).toEqual([1, 1]);
    expect(slowStartFactors([null, 0], 60_000, 30_000)).toEqual([1, 0.5]);
  });

  it("are full for all if all came back together", () => {
    expect(slowStartFactors([0, 0, 0], 60_000, 6_000)).toEqual([1, 1, 1]);
  });

  it("are relative to the warmest if all are warming", () => {
    expect(slowStartFactors([0, 20_000], 60_000, 40_000)).toEqual([1, 0.5]);
  });

  it("of no servers are none", () => {
    expect(slowStartFactors([], 60_000, 0)).toEqual([]);
  });
});
