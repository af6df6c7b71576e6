import { describe, expect, it } from "vitest";
import { arrivalText } from "../../../src/contract/steering-words.ts";
import { ARRIVALS } from "../../../src/core/steering/choose-pool.ts";

describe("the reason of an arrival", () => {
  it("has words of its own for each that there is", () => {
    const texts = ARRIVALS.map(arrivalText);
    expect(new Set(texts).size).toBe(ARRIVALS.length);
    expect(texts.filter((text) => !text.includes(" "))).toEqual([]);
  });

  it.each(["nearby", "constructor"])("that a newer balancer names stands for itself: %s", (arrival) => {
    expect(arrivalText(arrival)).toBe(arrival);
  });
});
