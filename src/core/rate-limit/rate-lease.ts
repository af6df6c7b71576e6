/**
 * The reports of isolates about an origin's rate limit, and the grants of the pool's object. Plain data. Times are
 * durations, because the two clocks differ. The object's side is `RateLimitAllocator`, the isolate's `LeasedLimiter`.
 * @module
 */

/** The longest lease, and the shortest. */
export const LONGEST_LEASE_MS = 10_000;
const SHORTEST_LEASE_MS = 2_500;
/**
 * A lease outlives the pace by this time, in which a late answer still comes; and not by more, because that is for how
 * long an object that restarts has to withhold it.
 */
const LEASE_BEYOND_PACE_MS = 1_000;
/** The longest life of a token, in ms. */
export const LONGEST_TOKEN_MS = 250;
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
  /**
   * Requests that the isolate has started by its share in the last second: so many of a new share's places are not
   * free. Comes with `need`. Absent: all that its share allows.
   */
  taken?: number;
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

/** For how long the lease of an isolate is valid that reports again after `paceMs`. */
export function leaseMs(paceMs: number): number {
  return Math.min(Math.max(paceMs + LEASE_BEYOND_PACE_MS, SHORTEST_LEASE_MS), LONGEST_LEASE_MS);
}

/** How many of the requests that wait for the answer to a report a new share lets through. */
export function placesRaised({ taken, share: held, left_ms }: RateReport, share: number): number {
  return Math.max(0, share - (taken ?? (left_ms > 0 ? held : 0)));
}

/** Requests that wait for the answer to a report. */
export interface Awaited {
  /** How many of them need a token. */
  readonly waiting: number;
  /** How long tokens should be good, in ms. */
  readonly tokenMs: number;
}

/**
 * Asks in a report for the requests that wait, and for those that will find no token before the answer arrives.
 * @param taken started by the share in the last second
 */
export function withNeed(report: RateReport, { waiting, tokenMs }: Awaited, taken: number): RateReport {
  if (waiting === 0) return report;
  const need = waiting + Math.floor((report.demand * tokenMs) / 1_000);
  return { ...report, need, token_ms: tokenMs, taken };
}
