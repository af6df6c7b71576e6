/**
 * What isolates and the pool's object tell each other about an origin's rate limit. Plain data; only durations, for
 * the two clocks differ. The object's side is `RateShares`, the isolate's `LeasedLimiter`.
 * @module
 */

/** No lease is longer. */
export const LONGEST_LEASE_MS = 10_000;
/** A runtime's clock may stand still for some milliseconds while code runs. */
export const CLOCK_SLACK_MS = 5;
/** What was used counts for a second. */
export const HOLD_MS = 1_000 + CLOCK_SLACK_MS;

/** An isolate's report about one origin. */
export interface RateReport {
  /** Requests per second that would go to the origin from this isolate, refused ones included. */
  demand: number;
  /** Number of the lease in hand; 0: none. */
  lease: number;
  /** For how long it has been in hand: no older one was used since. */
  held_ms: number;
  /** Its share. */
  share: number;
  /** How long it has still to run; tells an object that lost its memory. */
  left_ms: number;
  /** Requests that wait for a token; absent: none. */
  need?: number;
  /** How long tokens should be good, counted from the sending of this. */
  token_ms?: number;
  /** Batches of tokens that are done with: [number of the lease they came with, tokens spent, ms since the last]. */
  spent?: [number, number, number][];
}

/** What the object answers about one origin. */
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
  /** No use asking for a token again before that, counted from the answer; 0: nothing is known against it. */
  wait_ms: number;
  /** For how long after `wait_ms` a token may be asked for; absent: any time. */
  ask_ms?: number;
}
