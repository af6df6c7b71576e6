/**
 * The requests of an isolate that wait for tokens of a pool: for how long they do, and when each looks again.
 * @module
 */
import type { RttEstimator } from "../../core/metrics/rtt-estimator.ts";
import type { LeasedLimiter } from "../../core/rate-limit/leased-limiter.ts";
import type { EdgeServer } from "../model/edge-server.ts";

/**
 * Longest a request waits for a token or for a place of its isolate's own share, while no part of a limit is withheld: long
 * enough for the call of another request, and one of its own.
 */
const LONGEST_TOKEN_WAIT_MS = 500;
/** The same if another pool may serve it at once, or if it has little time: one call. */
export const LONGEST_CALL_WAIT_MS = 250;
/** Longest a request waits while a part is withheld. */
export const LONGEST_WITHHELD_WAIT_MS = 5_000;
/** Requests that waited for the withheld part fill the limit for about so long, so others wait for that time too. */
const AFTER_WITHHELD_MS = 2_250;
/** A waiting request looks for a token no sooner than this... */
const SHORTEST_LOOK_MS = 20;
/** ...and all of them together look so many times a millisecond at most. */
const LOOKS_PER_MS = 4;
/** One that waits for another's call looks for its end no sooner than this... */
const SHORTEST_POLL_MS = 5;
/** ...and sees it, where the call takes longer than usual, by so much of its time too late at most. */
const MOST_DELAY = 1 / 8;

/** An origin and its share. */
export interface LimitedOrigin {
  readonly server: EdgeServer;
  readonly limiter: LeasedLimiter;
}

/** A request that found no token. */
export interface TokenSeeker {
  readonly sinceMs: number;
  /** Longest it waits in all, in ms, but for one call; 0: it does not wait for more, for another pool may serve it. */
  readonly patienceMs: number;
}

/** What the waits depend on. */
interface Rates {
  readonly origins: readonly LimitedOrigin[];
  readonly rtt: RttEstimator;
  retryAfterMs(nowMs: number): number | null;
}

export class TokenWaits {
  readonly #rates: Rates;
  /** Requests that wait for tokens. One whose client leaves is taken out by `Picker.close`: its code may run no more. */
  readonly seekers = new Set<TokenSeeker>();

  constructor(rates: Rates) {
    this.#rates = rates;
  }

  /** Milliseconds for which a request still waits for tokens; 0 or less: it is refused. */
  leftMs(seeker: TokenSeeker, nowMs: number): number {
    const longestMs = Math.min(Math.max(seeker.patienceMs, LONGEST_CALL_WAIT_MS), LONGEST_TOKEN_WAIT_MS);
    const usualMs = longestMs - waitedMs(seeker, nowMs);
    return Math.max(usualMs, this.withheldLeftMs(seeker, nowMs));
  }

  /**
   * Milliseconds for which a request still waits for a part of a limit that the object withholds because it has
   * restarted. So a new version delays what the old one would have served, and does not refuse it. 0 or less: not at
   * all.
   */
  withheldLeftMs(seeker: TokenSeeker, nowMs: number): number {
    const untilMs = Math.max(...this.#rates.origins.map(({ limiter }) => limiter.withheldUntilMs));
    return Math.min(untilMs + AFTER_WITHHELD_MS - nowMs, seeker.patienceMs - waitedMs(seeker, nowMs));
  }

  /** Milliseconds until a request that waits for a withheld part looks for a token again. */
  lookAgainMs(nowMs: number): number {
    return Math.max(this.#rates.retryAfterMs(nowMs) ?? 0, SHORTEST_LOOK_MS, this.#spreadMs);
  }

  /**
   * Milliseconds until a request that waits for another's call looks whether it is over: about when calls like it use
   * to be, and then ever more rarely, because each look costs CPU time. Null: no call is under way.
   * @param requested origins that the call may be for
   */
  pollMs(requested: readonly LimitedOrigin[], nowMs: number): number | null {
    const pending = requested.map(({ limiter }) => limiter.pendingMs(nowMs)).filter((ms) => ms !== null);
    if (pending.length === 0) return null;
    // It is over when the last one is.
    const pendingMs = Math.min(...pending);
    return Math.max(
      SHORTEST_POLL_MS,
      this.#spreadMs,
      this.#rates.rtt.leastMs - pendingMs,
      pendingMs * MOST_DELAY,
    );
  }

  /**
   * Milliseconds until a request that is at a limit should look again, because a place comes free at this isolate's own
   * shares, or tokens may be asked for; null: not within `leftMs`, or not for as many as wait already.
   */
  placeMs(spent: readonly LimitedOrigin[], leftMs: number, nowMs: number): number | null {
    const untilMs = nowMs + leftMs;
    let places = 0;
    for (const { limiter } of spent) places += limiter.placesBy(untilMs, nowMs);
    return this.seekers.size > places ? null : Math.min(leftMs, this.lookAgainMs(nowMs));
  }

  /** Milliseconds between two looks of a waiting request, at least. */
  get #spreadMs(): number {
    return this.seekers.size / LOOKS_PER_MS;
  }
}

/** A clock may be set back meanwhile. */
function waitedMs({ sinceMs }: TokenSeeker, nowMs: number): number {
  return Math.abs(nowMs - sinceMs);
}
