import { expect, it } from "vitest";
import { Stay } from "../../src/core/stay.ts";

const PACE_MS = 900;

function observed(inFlight: number, begun: number, times = 60): Stay {
  const stay = new Stay();
  for (let i = 0; i < times; i++) stay.observe(inFlight, begun, PACE_MS);
  return stay;
}

it("requests that last milliseconds are over when the next count comes", () => {
  // 200 a second, 20 ms each.
  const stay = observed(4, 180);
  expect(stay.meanMs).toBeCloseTo(20, 6);
  expect(stay.stillThere(PACE_MS)).toBeLessThan(1e-6);
});

it("connections that last minutes are still there", () => {
  // One begins each pace, and each lasts 500 of them.
  const stay = observed(500, 1);
  expect(stay.meanMs).toBeCloseTo(500 * PACE_MS, 3);
  expect(stay.stillThere(PACE_MS)).toBeCloseTo(Math.exp(-1 / 500), 6);
});

it("those that stay though nothing begins stay for ever", () => {
  const stay = observed(3, 0);
  expect(stay.meanMs).toBe(Number.POSITIVE_INFINITY);
  expect(stay.stillThere(PACE_MS)).toBe(1);
});

it("where nothing was ever in flight, nothing is there", () => {
  expect(new Stay().stillThere(PACE_MS)).toBe(0);
  expect(observed(0, 50).stillThere(PACE_MS)).toBe(0);
});

it("follows a change within some tens of seconds", () => {
  const stay = observed(4, 180);
  for (let i = 0; i < 60; i++) stay.observe(400, 180, PACE_MS);
  expect(stay.meanMs).toBeGreaterThan(1_900);
});
