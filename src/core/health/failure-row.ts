/**
 * Failures in a row at one server, put together from the reports of many that use it. A report may be seconds old when
 * it comes. So a success ends the row only if it came after the row began, and failures count only if they came after
 * the last success; otherwise the old successes of those that have not met the failure yet would hide it.
 * @module
 */
import type { OutcomeBatch } from "./outcome-window.ts";

export interface FailureRow {
  /** Failures since the last success. */
  readonly failures: number;
  /** When the first of them was, in ms, at the latest; null: there are none, or it is not known. */
  readonly sinceMs: number | null;
  /** When the last success was, in ms; -Infinity: none was reported. */
  readonly lastSuccessMs: number;
}

export const NO_FAILURES: FailureRow = {
  failures: 0,
  sinceMs: null,
  lastSuccessMs: Number.NEGATIVE_INFINITY,
};

/** The row after one more report, which was sent now. */
export function rowAfter(known: FailureRow, batch: OutcomeBatch, nowMs: number): FailureRow {
  const row = notAhead(known, nowMs);
  const { hadSuccess, failuresInRow, successAgeMs = 0, failureAgeMs = 0, firstFailureAgeMs } = batch;
  const successMs = hadSuccess ? nowMs - successAgeMs : Number.NEGATIVE_INFINITY;
  const lastSuccessMs = Math.max(row.lastSuccessMs, successMs);
  // A success within the row: how many of its failures came later is not known, so none is taken to.
  const isEnded = hadSuccess && successMs >= (row.sinceMs ?? Number.NEGATIVE_INFINITY);
  const before = isEnded ? NO_FAILURES : row;
  // The isolate's own success came before its failures in a row.
  const counts = failuresInRow > 0 && nowMs - failureAgeMs >= lastSuccessMs;
  if (!counts) return { ...before, lastSuccessMs };
  const firstMs = nowMs - (firstFailureAgeMs ?? failureAgeMs);
  return {
    failures: before.failures + failuresInRow,
    sinceMs: Math.min(before.sinceMs ?? firstMs, firstMs),
    lastSuccessMs,
  };
}

/** Nothing of it was later than now, though the clock be set back. */
function notAhead({ failures, sinceMs, lastSuccessMs }: FailureRow, nowMs: number): FailureRow {
  return {
    failures,
    sinceMs: sinceMs === null ? null : Math.min(sinceMs, nowMs),
    lastSuccessMs: Math.min(lastSuccessMs, nowMs),
  };
}
