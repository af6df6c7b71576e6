/**
 * Outcomes of a server's requests, counted over a sliding window.
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

/** What is left of the outcomes of the last `intervalMs`. */
export class OutcomeWindow {
  readonly #intervalMs: number;
  /** Rings of buckets. */
  readonly #requests = new Array<number>(BUCKETS).fill(0);
  readonly #failures = new Array<number>(BUCKETS).fill(0);
  /** Number of the bucket that counts now. */
  #newest = Number.NEGATIVE_INFINITY;
  /** Over the whole window. */
  requests = 0;
  failures = 0;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /** Counts one more batch, which ends now. */
  add({ successes, failures }: Pick<OutcomeBatch, "successes" | "failures">, nowMs: number): void {
    const number = Math.floor((nowMs * BUCKETS) / this.#intervalMs);
    // Buckets later than now are from before the clock was set back.
    if (number > this.#newest) this.#forget(this.#newest + 1, number);
    else this.#forget(number + 1, this.#newest);
    this.#newest = number;
    this.#change(number, successes + failures, failures);
  }

  /** Empties the buckets of these numbers, at most all of them. */
  #forget(first: number, last: number): void {
    for (let number = Math.max(first, last - BUCKETS + 1); number <= last; number++) {
      const slot = slotOf(number);
      this.#change(number, -(this.#requests[slot] ?? 0), -(this.#failures[slot] ?? 0));
    }
  }

  #change(number: number, requests: number, failures: number): void {
    const slot = slotOf(number);
    this.#requests[slot] = (this.#requests[slot] ?? 0) + requests;
    this.#failures[slot] = (this.#failures[slot] ?? 0) + failures;
    this.requests += requests;
    this.failures += failures;
  }
}

function slotOf(number: number): number {
  return ((number % BUCKETS) + BUCKETS) % BUCKETS;
}
