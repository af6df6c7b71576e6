import { expect, it } from "vitest";
import { countsIn, type OutcomeWindow, withBatch } from "../../../src/core/health/outcome-window.ts";

const INTERVAL_MS = 10_000;
const add = (window: OutcomeWindow, successes: number, failures: number, nowMs: number) =>
  withBatch(window, { successes, failures }, nowMs, INTERVAL_MS);

it("counts requests and failures of batches together", () => {
  const window = add(add(add([], 3, 1, 0), 2, 0, 500), 0, 4, 9_000);
  expect(countsIn(window)).toEqual({ requests: 10, failures: 5 });
  expect(countsIn([])).toEqual({ requests: 0, failures: 0 });
});

it("forgets a batch after nine to ten tenths of the interval", () => {
  const early = add([], 1, 0, 0);
  const late = add([], 1, 0, 999);
  expect(countsIn(add(early, 0, 0, 9_999)).requests).toBe(1);
  expect(countsIn(add(early, 0, 0, 10_000)).requests).toBe(0);
  expect(countsIn(add(late, 0, 0, 10_000)).requests).toBe(0);
});

it("is bounded, however many batches come", () => {
  let window: OutcomeWindow = [];
  for (let ms = 0; ms < 100_000; ms += 10) window = add(window, 1, 1, ms);
  expect(window.length).toBeLessThanOrEqual(10);
  expect(countsIn(window)).toEqual({ requests: 2_000, failures: 1_000 });
});

it("forgets what was before a clock was set back", () => {
  const before = add([], 5, 5, 1_000_000);
  expect(countsIn(add(before, 1, 0, 0))).toEqual({ requests: 1, failures: 0 });
});
