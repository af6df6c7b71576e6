import { expect, it } from "vitest";
import { nextEjection } from "../../../src/core/health/ejection-length.ts";

const LENGTHS = { intervalMs: 10_000, baseEjectionMs: 30_000, maxEjectionMs: 300_000 };

it("an ejection is longer by the base than the one before, up to the longest", () => {
  let past = { multiplier: 0, lastUnejectedMs: 0 };
  const lengthsS = Array.from({ length: 12 }, () => {
    const { multiplier, lengthMs } = nextEjection(past, 1, LENGTHS);
    past = { multiplier, lastUnejectedMs: 0 };
    return lengthMs / 1_000;
  });
  expect(lengthsS).toEqual([30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 300, 300]);
});

it("the next ejection is shorter by the base for each interval without one, down to the base", () => {
  const after = (quietMs: number) =>
    nextEjection({ multiplier: 4, lastUnejectedMs: 1_000 }, 1_000 + quietMs, LENGTHS).lengthMs / 1_000;
  expect([0, 9_999, 10_000, 20_000, 40_000, 4_000_000].map(after)).toEqual([150, 150, 120, 90, 30, 30]);
});

it("an ejection is never longer than the longest, even if that is no multiple of the base", () => {
  const odd = { ...LENGTHS, baseEjectionMs: 70_000, maxEjectionMs: 100_000 };
  const { multiplier, lengthMs } = nextEjection({ multiplier: 9, lastUnejectedMs: 0 }, 1, odd);
  expect([multiplier, lengthMs]).toEqual([2, 100_000]);
});
