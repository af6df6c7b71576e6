/**
 * An isolate's side of a rate limit that holds for the whole world: its share, its tokens, and when to request more.
 * See `rate-allocator.ts` for why this never exceeds the limit.
 * @module
 */

import { type Limiter, limitsChanged } from "../server/server.ts";
import { DemandMeter } from "./demand-meter.ts";
import { HeldTokens } from "./held-tokens.ts";
import {
  type Awaited,
  CLOCK_SLACK_MS,
  type RateGrant,
  type RateReport,
  SAFE_WINDOW_MS,
  withNeed,
} from "./rate-lease.ts";
import { SlidingWindowLimiter } from "./sliding-window-limiter.ts";
import { TokenSlot } from "./token-slot.ts";

/** An origin without requests in this time need not be reported. */
const IDLE_MS = 3_000;
/**
 * An isolate that has had no request for so long gives its share up with its next report. So what an old version holds
 * is free again a second after its last requests, and not only when its leases have ended.
 */
const RELEASED_AFTER_MS = 700;

export class LeasedLimiter implements Limiter {
  readonly #limiter: SlidingWindowLimiter;
  #limit: number;
  /**
   * Set while the object does not answer. After its lease has ended the isolate goes on with the last share, or with
   * the whole limit if it never had a lease. The limit then holds per isolate only, but requests are served.
   */
  failStatic = false;

  #lease = 0;
  #share = 0;
  #adoptedMs = 0;
  #endsMs = Number.NEGATIVE_INFINITY;
  /** When the last lease was given up. */
  #releasedMs = Number.NEGATIVE_INFINITY;
  readonly #tokens = new HeldTokens();
  #slot = new TokenSlot();
  /** Until then the object withholds a part of the limit. */
  #withheldUntilMs = Number.NEGATIVE_INFINITY;
  readonly #demand = new DemandMeter();

  /** The latest time that a caller passed in. */
  #seenMs = Number.NEGATIVE_INFINITY;

  /** @param limit the origin's whole limit, requests in any one second */
  constructor(limit: number) {
    this.#limit = limit;
    // The clock counts whole milliseconds and stands still while code runs, so 1,000 of them may be a little less than
    // a second.
    this.#limiter = new SlidingWindowLimiter(limit, SAFE_WINDOW_MS);
  }

  get limit(): number {
    return this.#limit;
  }

  /** The configured limit changed; the share follows with the next answer. */
  setLimit(limit: number): void {
    if (limit < this.#limit) limitsChanged();
    this.#limit = limit;
  }

  /** True if the isolate has ever had a lease, also if it has lapsed. */
  get hasHeldLease(): boolean {
    return this.#lease > 0;
  }

  /** Requests in any one second that may start here now, tokens aside. */
  effectiveLimit(nowMs: number): number {
    if (nowMs < this.#endsMs) return Math.min(this.#share, this.#limit);
    if (!this.failStatic) return 0;
    return this.hasHeldLease ? Math.min(Math.max(1, this.#share), this.#limit) : this.#limit;
  }

  allows(nowMs: number): boolean {
    this.#watchClock(nowMs);
    return this.#tokens.allows(nowMs) || (this.#applyShare(nowMs) && this.#limiter.allows(nowMs));
  }

  /** Counts the share only, and only while the lease lasts. */
  headroom(nowMs: number, untilMs: number): number {
    return untilMs < this.#endsMs && this.#applyShare(nowMs) ? this.#limiter.headroom(nowMs) : 0;
  }

  take(nowMs: number): boolean {
    this.#watchClock(nowMs);
    // Tokens first, because they expire sooner.
    const isTaken = this.#tokens.take(nowMs) || (this.#applyShare(nowMs) && this.#limiter.take(nowMs));
    // What finds none counts where it is refused, or waits.
    if (isTaken) this.#demand.count(nowMs);
    return isTaken;
  }

  /** Counts a request as demand that would have gone here if there had been a token. */
  refused(nowMs: number): void {
    this.#demand.count(nowMs);
  }

  /** A request that counted as refused has waited and is served: it counts where it is. */
  servedLater(): void {
    this.#demand.uncount();
  }

  /** True if it makes sense to ask the object for a token for a request that finds none. */
  canRequest(nowMs: number): boolean {
    return !this.failStatic && this.#slot.isOpen(nowMs);
  }

  /** For how long a call for tokens has been under way, in ms; null: there is none. */
  pendingMs(nowMs: number): number | null {
    return this.#slot.pendingMs(nowMs);
  }

  /**
   * Until then the object withholds a part of the limit, for what it granted before it restarted; -Infinity: it does
   * not.
   */
  get withheldUntilMs(): number {
    return this.#withheldUntilMs;
  }

  /** True if the object should be told of this origin: it is in use. */
  isActive(nowMs: number): boolean {
    return nowMs - this.#demand.lastMs < IDLE_MS;
  }

  /** True if it holds a share that it will give up if no request comes: the object needs another report for that. */
  mayRelease(nowMs: number): boolean {
    return nowMs < this.#withheldUntilMs && nowMs < this.#endsMs && this.#share > 0;
  }

  /**
   * The report for the object. It tells of spent tokens, and of a share that is given up, once.
   * @param awaited requests that wait for the answer, so that nothing is given up; null: none do
   */
  report(nowMs: number, awaited: Awaited | null = null): RateReport {
    this.#watchClock(nowMs);
    if (awaited !== null) return this.#withNeed(awaited, nowMs);
    const released_ms = this.#releaseIfIdle(nowMs);
    const report = this.#reportOf(nowMs);
    return released_ms === null ? report : { ...report, released_ms };
  }

  #reportOf(nowMs: number): RateReport {
    const spent = this.#tokens.takeSpent(nowMs);
    return {
      ...(spent.length > 0 ? { spent } : {}),
      demand: this.#demand.perSecond(nowMs),
      lease: this.#lease,
      held_ms: this.#lease === 0 ? 0 : Math.max(0, nowMs - this.#adoptedMs),
      share: this.#share,
      left_ms: Math.max(0, this.#endsMs - nowMs),
    };
  }

  /** The report of a request that finds no token. @param waiting requests that wait for tokens now */
  request(nowMs: number, tokenMs: number, waiting = 1): RateReport {
    this.#watchClock(nowMs);
    this.#slot.requested(nowMs);
    return this.#withNeed({ tokenMs, waiting }, nowMs);
  }

  #withNeed(awaited: Awaited, nowMs: number): RateReport {
    return withNeed(this.#reportOf(nowMs), awaited, this.#limiter.spentInWindow(nowMs));
  }

  /** Asks the object for nothing before that time. */
  suppressUntil(untilMs: number): void {
    this.#slot.suppressUntil(untilMs);
  }

  /** The call for tokens is over. If it failed, nobody requests tokens again for a while. */
  requestDone(nowMs: number, failed: boolean): void {
    this.#slot.done(nowMs, failed);
  }

  /**
   * Takes over an answer.
   * @param sentMs when the report that it answers was sent; leases and tokens run from there
   */
  apply(grant: RateGrant, sentMs: number, nowMs: number): void {
    this.failStatic = false;
    // The clock was set back during the call, so nobody knows for how long the answer is good.
    if (this.#watchClock(nowMs) || nowMs < sentMs - CLOCK_SLACK_MS) return;
    this.#slot.apply(grant, nowMs);
    this.#withheldUntilMs =
      grant.withheld_ms === undefined ? Math.min(this.#withheldUntilMs, nowMs) : nowMs + grant.withheld_ms;
    // The object counts on it that no lease from before is used once one was given up.
    if (grant.lease > this.#lease && sentMs > this.#releasedMs) {
      const endsMs = sentMs + grant.valid_ms - CLOCK_SLACK_MS;
      if (grant.share < this.#share || endsMs < this.#endsMs) limitsChanged();
      this.#lease = grant.lease;
      this.#share = grant.share;
      this.#adoptedMs = nowMs;
      this.#endsMs = endsMs;
    }
    this.#tokens.receive(grant, sentMs);
  }

  /**
   * After a clock was set back nobody knows how long a lease has lasted. So the lease ends, and requests for tokens
   * start anew.
   * @returns true if that happened
   */
  #watchClock(nowMs: number): boolean {
    const isSetBack = nowMs < this.#seenMs - CLOCK_SLACK_MS;
    this.#seenMs = isSetBack ? nowMs : Math.max(nowMs, this.#seenMs);
    if (!isSetBack) return false;
    limitsChanged();
    this.#tokens.finish();
    this.#endsMs = Number.NEGATIVE_INFINITY;
    this.#withheldUntilMs = Number.NEGATIVE_INFINITY;
    this.#releasedMs = Number.NEGATIVE_INFINITY;
    this.#slot = new TokenSlot();
    this.#demand.clockSetBack(nowMs);
    return true;
  }

  /** Milliseconds until a request may start, as far as this isolate knows. */
  retryAfterMs(nowMs: number): number {
    const requestMs = this.#slot.waitMs(nowMs);
    return this.#applyShare(nowMs) ? Math.min(requestMs, this.#limiter.retryAfterMs(nowMs)) : requestMs;
  }

  /** How many requests may start until then, as far as this isolate knows: any number if it may ask for tokens by then. */
  placesBy(untilMs: number, nowMs: number): number {
    if (!this.failStatic && nowMs + this.#slot.waitMs(nowMs) < untilMs) return Number.POSITIVE_INFINITY;
    return untilMs < this.#endsMs && this.#applyShare(nowMs) ? this.#limiter.placesBy(untilMs, nowMs) : 0;
  }

  /** @returns for how long the share was not used that is given up; null: it is kept, or there is none */
  #releaseIfIdle(nowMs: number): number | null {
    if (!this.mayRelease(nowMs)) return null;
    const { lastMs } = this.#demand;
    const idleMs = nowMs - (lastMs === Number.NEGATIVE_INFINITY ? this.#adoptedMs : lastMs);
    if (idleMs < RELEASED_AFTER_MS) return null;
    limitsChanged();
    this.#endsMs = Number.NEGATIVE_INFINITY;
    this.#releasedMs = nowMs;
    return idleMs;
  }

  /** Puts the share in force; false if there is none. */
  #applyShare(nowMs: number): boolean {
    const share = this.effectiveLimit(nowMs);
    if (share < 1) return false;
    if (share !== this.#limiter.limit) this.#limiter.setLimit(share);
    return true;
  }
}
