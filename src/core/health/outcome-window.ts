/**
 * Outcomes of a server's requests, counted over a sliding window. Plain data.
 * @module
 */

/** Outcomes of a server since the last report. A single outcome is a batch of one. */
export interface OutcomeBatch {
  /** At least 0, like all counts here. */
  readonly successes: number;
  /** Outcomes that speak against the server. */
  readonly failures: number;
  /** Failures since the last success; all of them if there was none. */
  readonly failuresInRow: number;
  /** True if any outcome was a success. */
  readonly hadSuccess: boolean;
  /** How long ago the last failure was, at most, in ms. Absent: just now. */
  readonly failureAgeMs?: number;
  /** How long ago the first of the failures in a row was, in ms. Absent: as the last. */
  readonly firstFailureAgeMs?: number;
  /** How long ago the last success was, in ms. Absent: just now. */
  readonly successAgeMs?: number;
}

/** The batch of one success. */
export const ONE_SUCCESS: OutcomeBatch = { successes: 1, failures: 0, failuresInRow: 0, hadSuccess: true };
/** The batch of one failure, just now. */
export const ONE_FAILURE: OutcomeBatch = { successes: 0, failures: 1, failuresInRow: 1, hadSuccess: false };

/** What is left of a batch whose failures are too old to count. */
export function withoutFailures(batch: OutcomeBatch): OutcomeBatch {
  return { ...batch, failures: 0, failuresInRow: 0 };
}

/** The window is kept in this many buckets, so it is between 9 and 10 tenths of the interval long. */
const BUCKETS = 10;

interface Bucket {
  readonly number: number;
  readonly successes: number;
  readonly failures: number;
}

/** What is left of the outcomes of the last `intervalMs`. */
export type OutcomeWindow = readonly Bucket[];

/** The window with one more batch, which ends now. */
export function withBatch(
  window: OutcomeWindow,
  batch: Pick<OutcomeBatch, "successes" | "failures">,
  nowMs: number,
  intervalMs: number,
): OutcomeWindow {
  const number = Math.floor((nowMs * BUCKETS) / intervalMs);
  // A later one is from before the clock was set back.
  const kept = window.filter((bucket) => bucket.number > number - BUCKETS && bucket.number < number);
  const same = window.find((bucket) => bucket.number === number);
  const successes = batch.successes + (same?.successes ?? 0);
  const failures = batch.failures + (same?.failures ?? 0);
  return [...kept, { number, successes, failures }];
}

/** Over the whole window. */
export function countsIn(window: OutcomeWindow): { requests: number; failures: number } {
  const failures = window.reduce((sum, bucket) => sum + bucket.failures, 0);
  return { requests: window.reduce((sum, bucket) => sum + bucket.successes, failures), failures };
}
