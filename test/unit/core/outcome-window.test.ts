import fc from "fast-check";
import { expect, it } from "vitest";
import { OutcomeWindow } from "../../../src/core/health/outcome-window.ts";

const INTERVAL_MS = 10_000;

/** The counts after these batches: successes, failures, and when. */
function counted(...batches: [successes: number, failures: number, ms: number][]) {
  const window = new OutcomeWindow(INTERVAL_MS);
  for (const [successes, failures, ms] of batches) window.add({ successes, failures }, ms);
  return { requests: window.requests, failures: window.failures };
}

it("counts requests and failures of batches together", () => {
  expect(counted([3, 1, 0], [2, 0, 500], [0, 4, 9_000])).toEqual({ requests: 10, failures: 5 });
  expect(counted()).toEqual({ requests: 0, failures: 0 });
});

it("forgets a batch after nine to ten tenths of the interval", () => {
  expect(counted([1, 0, 0], [0, 0, 9_999]).requests).toBe(1);
  expect(counted([1, 0, 0], [0, 0, 10_000]).requests).toBe(0);
  expect(counted([1, 0, 999], [0, 0, 10_000]).requests).toBe(0);
});

it("forgets what was before a clock was set back", () => {
  expect(counted([5, 5, 1_000_000], [1, 0, 0])).toEqual({ requests: 1, failures: 0 });
  expect(counted([7, 0, 7_000], [9, 9, 9_000], [1, 0, 8_500])).toEqual({ requests: 8, failures: 0 });
});

it("counts what a list of all batches says, whatever the clock does", () => {
  const batch = fc.tuple(
    fc.nat(5),
    fc.nat(5),
    fc.oneof(fc.nat(40_000), fc.constantFrom(0, 999, 1_000, 9_999)),
  );
  fc.assert(
    fc.property(fc.array(batch), (batches) => {
      expect(counted(...batches)).toEqual(listed(batches));
    }),
    { seed: 1_201 },
  );
});

/** The same, from a list: at each batch those leave it that are too old, or later than now. */
function listed(batches: readonly [successes: number, failures: number, ms: number][]) {
  const tenth = INTERVAL_MS / 10;
  let kept: [successes: number, failures: number, number: number][] = [];
  for (const [successes, failures, ms] of batches) {
    const now = Math.floor(ms / tenth);
    kept = kept.filter(([, , number]) => number > now - 10 && number <= now);
    kept.push([successes, failures, now]);
  }
  const failures = kept.reduce((sum, [, failed]) => sum + failed, 0);
  return { requests: kept.reduce((sum, [succeeded]) => sum + succeeded, failures), failures };
}
