/**
 * The reports of isolates about an origin's rate limit, and the grants of the pool's object. Plain data. Times are
 * durations, because the two clocks differ. The object's side is `RateLimitAllocator`, the isolate's `LeasedLimiter`.
 * @module
 */

/** The longest lease. */
export const LONGEST_LEASE_MS = 10_000;
/** A runtime's clock may stand still for some milliseconds while code runs. */
export const CLOCK_SLACK_MS = 5;
/** A request counts for a second, plus the time by which the clocks may be off. */
export const SAFE_WINDOW_MS = 1_000 + CLOCK_SLACK_MS;

/** An isolate's report about one origin. */
export interface RateReport {
  /** Requests per second that would go to the origin from this isolate, refused ones included. */
  demand: number;
  /** Number of the lease in hand; 0: none. */
  lease: number;
  /** How long the isolate has had it: it has used no older lease since. */
  held_ms: number;
  /** Its share. */
  share: number;
  /** The time that the lease has left, for an object that lost its memory. */
  left_ms: number;
  /**
   * The isolate gives its lease up, because it has had no request for so long: since then it has used neither this
   * lease nor an older one, and it will not. Absent: it keeps what it has.
   */
  released_ms?: number;
  /** Requests that wait for a token; absent: none. */
  need?: number;
  /** How long tokens should be good, counted from the sending of this report. */
  token_ms?: number;
  /** Batches of tokens that are finished: [number of the lease they came with, tokens spent, ms since the last]. */
  spent?: [number, number, number][];
}

/** The object's answer about one origin. */
export interface RateGrant {
  /** Replaces the isolate's lease if its number is higher. */
  lease: number;
  /** Requests in any one second. */
  share: number;
  /** Counted from when the report was sent. */
  valid_ms: number;
  /** Requests beyond the share. */
  tokens: number;
  /** Counted from when the report was sent. */
  token_ms: number;
  /** Asking for a token again is useless before this time, counted from the answer; 0: the isolate may ask at once. */
  wait_ms: number;
  /**
   * For this long, counted from the answer, a part of the limit is withheld for what a previous incarnation of the
   * object has granted. A request that finds no token may wait until then. Absent: nothing is withheld.
   */
  withheld_ms?: number;
  /** Length of the slot after `wait_ms` in which a token may be requested; absent: at any time after. */
  slot_ms?: number;
}
