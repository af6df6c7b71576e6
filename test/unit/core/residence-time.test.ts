import { expect, it } from "vitest";
import { ResidenceTime } from "../../../src/core/metrics/residence-time.ts";

const PACE_MS = 900;

function observed(inFlight: number, begun: number, times = 60): ResidenceTime {
  const time = new ResidenceTime();
  for (let i = 0; i < times; i++) time.observe(inFlight, begun, PACE_MS);
  return time;
}

it("requests that last milliseconds are over when the next count comes", () => {
  // 200 a second, 20 ms each.
  const time = observed(4, 180);
  expect(time.meanMs).toBeCloseTo(20, 6);
  expect(time.survivalShare(PACE_MS)).toBeLessThan(1e-6);
});

it("connections that last minutes are still there", () => {
  // One begins each pace, and each lasts 500 of them.
  const time = observed(500, 1);
  expect(time.meanMs).toBeCloseTo(500 * PACE_MS, 3);
  expect(time.survivalShare(PACE_MS)).toBeCloseTo(Math.exp(-1 / 500), 6);
});

it("connections that stay open without new requests count as endless", () => {
  const time = observed(3, 0);
  expect(time.meanMs).toBe(Number.POSITIVE_INFINITY);
  expect(time.survivalShare(PACE_MS)).toBe(1);
});

it("without any request ever in flight the estimate is 0", () => {
  expect(new ResidenceTime().survivalShare(PACE_MS)).toBe(0);
  expect(observed(0, 50).survivalShare(PACE_MS)).toBe(0);
});

it("the estimate follows a change within some tens of seconds", () => {
  const time = observed(4, 180);
  for (let i = 0; i < 60; i++) time.observe(400, 180, PACE_MS);
  expect(time.meanMs).toBeGreaterThan(1_900);
});
