import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NO_FAILURES, rowAfter } from "../../../src/core/health/failure-row.ts";
import { ONE_FAILURE, ONE_SUCCESS, type OutcomeBatch } from "../../../src/core/health/outcome-window.ts";
import { SEED } from "../../support/random.ts";

interface Outcome {
  readonly atMs: number;
  readonly failed: boolean;
}

/** The report of one isolate's outcomes, sent at that time; null: there are none. */
function reportOf(outcomes: readonly Outcome[], sentMs: number): OutcomeBatch | null {
  if (outcomes.length === 0) return null;
  const lastSuccess = outcomes.findLast(({ failed }) => !failed);
  const row = outcomes.slice(lastSuccess === undefined ? 0 : outcomes.lastIndexOf(lastSuccess) + 1);
  const lastFailure = outcomes.findLast(({ failed }) => failed);
  const first = row[0];
  return {
    successes: outcomes.filter(({ failed }) => !failed).length,
    failures: outcomes.filter(({ failed }) => failed).length,
    failuresInRow: row.length,
    hadSuccess: lastSuccess !== undefined,
    ...(lastFailure && { failureAgeMs: sentMs - lastFailure.atMs }),
    ...(first && { firstFailureAgeMs: sentMs - first.atMs }),
    ...(lastSuccess && { successAgeMs: sentMs - lastSuccess.atMs }),
  };
}

describe("failures in a row at a server", () => {
  it("are those since the last success, where each outcome is reported at once", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 40 }), (outcomes) => {
        let row = NO_FAILURES;
        for (const [nowMs, failed] of outcomes.entries())
          row = rowAfter(row, failed ? ONE_FAILURE : ONE_SUCCESS, nowMs);
        expect(row.failures).toBe(outcomes.length - (outcomes.lastIndexOf(false) + 1));
      }),
      { seed: SEED },
    );
  });

  it("are all that there were since the server went down, in whatever order and however late they are reported", () => {
    const failsFromMs = 10_000;
    const isolate = fc.record({
      atMs: fc.uniqueArray(fc.integer({ min: 0, max: 20_000 }), { maxLength: 12 }),
      sentMs: fc.array(fc.integer({ min: 0, max: 30_000 }), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(fc.array(isolate, { maxLength: 8 }), (isolates) => {
        const sent = isolates.flatMap(({ atMs, sentMs }) => {
          const outcomes = atMs
            .toSorted((a, b) => a - b)
            .map((at) => ({ atMs: at, failed: at >= failsFromMs }));
          let fromMs = -1;
          return [...sentMs, 30_000]
            .toSorted((a, b) => a - b)
            .map((at) => {
              const batch = reportOf(
                outcomes.filter(({ atMs: ms }) => ms > fromMs && ms <= at),
                at,
              );
              fromMs = Math.max(fromMs, at);
              return { at, batch };
            });
        });
        let row = NO_FAILURES;
        for (const { at, batch } of sent.toSorted((a, b) => a.at - b.at))
          if (batch !== null) row = rowAfter(row, batch, at);
        const failures = isolates.flatMap(({ atMs }) => atMs.filter((at) => at >= failsFromMs));
        expect(row.failures).toBe(failures.length);
      }),
      { seed: SEED, numRuns: 500 },
    );
  });

  it("are ended by a success that came after the first of them, though later ones may have followed", () => {
    const two: OutcomeBatch = {
      ...ONE_FAILURE,
      failures: 2,
      failuresInRow: 2,
      failureAgeMs: 0,
      firstFailureAgeMs: 1_000,
    };
    const row = rowAfter(NO_FAILURES, two, 5_000);
    expect(rowAfter(row, { ...ONE_SUCCESS, successAgeMs: 600 }, 5_100).failures).toBe(0);
    expect(rowAfter(row, { ...ONE_SUCCESS, successAgeMs: 1_200 }, 5_100).failures).toBe(2);
  });

  it("do not count if they came before a success that is known already", () => {
    const row = rowAfter(NO_FAILURES, ONE_SUCCESS, 5_000);
    const late = { ...ONE_FAILURE, failureAgeMs: 3_000, firstFailureAgeMs: 3_500 };
    expect(rowAfter(row, late, 6_000).failures).toBe(0);
    expect(rowAfter(row, { ...late, failureAgeMs: 500 }, 6_000).failures).toBe(1);
  });

  it("that an isolate without these ages reports are ended by any success", () => {
    const row = rowAfter({ ...NO_FAILURES, failures: 4 }, ONE_FAILURE, 1_000);
    expect(row.failures).toBe(5);
    expect(rowAfter(row, ONE_SUCCESS, 1_001).failures).toBe(0);
  });

  it("end and begin as usual after the clock was set back", () => {
    const failing = rowAfter(NO_FAILURES, ONE_FAILURE, 1_000_000);
    expect(rowAfter(failing, ONE_SUCCESS, 0).failures, "ended").toBe(0);
    const well = rowAfter(NO_FAILURES, ONE_SUCCESS, 1_000_000);
    expect(rowAfter(rowAfter(well, ONE_FAILURE, 0), ONE_FAILURE, 1).failures, "begun").toBe(2);
  });
});
