/**
 * An isolate's side of a rate limit that holds for the whole world: its share, its tokens, and when to ask for more.
 * See `rate-shares.ts` for why this never exceeds the limit.
 * @module
 */
import { CLOCK_SLACK_MS, HOLD_MS, type RateGrant, type RateReport } from "./rate-lease.ts";
import { RateLimiter } from "./rate-limiter.ts";
import type { Limiter } from "./server.ts";

/** Time constant of the demand's moving average. */
const DEMAND_MS = 2_000;
/** What happened within less is taken for as long: one request in a millisecond is not a thousand per second. */
const SHORTEST_SAMPLE_MS = 500;
/** An origin not asked for in this time need not be reported. */
const IDLE_MS = 3_000;
/** A call for tokens not answered by then is not waited for, and another may be made. */
const LONGEST_ASK_MS = 250;

/** Told to clients where the next time to ask is not known yet. */
const TURN_MISSED_MS = 5_000;

/** Most batches told of in a report; more would only be those of a long silence, which count no more. */
const MOST_TOLD = 16;

/** Tokens that came with one answer. */
interface Batch {
  /** Of the lease they came with. */
  readonly number: number;
  left: number;
  spent: number;
  lastSpentMs: number;
  readonly endsMs: number;
}

export class LeasedLimiter implements Limiter {
  readonly #limiter: RateLimiter;
  #limit: number;
  /**
   * Set while the object does not answer: when the lease has ended, its share goes on, or the whole limit if there
   * never was one. The limit then holds per isolate only, but requests go on.
   */
  failStatic = false;

  #lease = 0;
  #share = 0;
  #adoptedMs = 0;
  #endsMs = Number.NEGATIVE_INFINITY;
  #batch: Batch | null = null;
  /** Batches done with, for the next report. */
  #done: Batch[] = [];
  #askAfterMs = Number.NEGATIVE_INFINITY;
  #askUntilMs = Number.POSITIVE_INFINITY;
  /** Of the turn in hand; it is used up with the asking. */
  #turnEndsMs = Number.NEGATIVE_INFINITY;
  #askedMs = Number.NEGATIVE_INFINITY;

  #attempts = 0;
  #lastAttemptMs = Number.NEGATIVE_INFINITY;
  #sampledMs: number | null = null;
  #weightedCount = 0;
  #weightedMs = 0;

  /** @param limit the origin's whole limit, requests in any one second */
  constructor(limit: number) {
    this.#limit = limit;
    // Whole milliseconds, and a clock that stands still while code runs: 1,000 of them may be a little less.
    this.#limiter = new RateLimiter(limit, HOLD_MS);
  }

  get limit(): number {
    return this.#limit;
  }

  /** The configured limit changed; the share follows with the next answer. */
  setLimit(limit: number): void {
    this.#limit = limit;
  }

  /** True once a lease was had, lapsed or not. */
  get everLeased(): boolean {
    return this.#lease > 0;
  }

  /** Requests in any one second that may start here now, tokens aside. */
  inForce(nowMs: number): number {
    if (nowMs < this.#endsMs) return Math.min(this.#share, this.#limit);
    if (!this.failStatic) return 0;
    return this.everLeased ? Math.min(Math.max(1, this.#share), this.#limit) : this.#limit;
  }

  allows(nowMs: number): boolean {
    if (this.#batchAt(nowMs) !== null) return true;
    return this.#applyShare(nowMs) && this.#limiter.allows(nowMs);
  }

  take(nowMs: number): boolean {
    this.#attempted(nowMs);
    // Tokens first: they perish.
    const batch = this.#batchAt(nowMs);
    if (batch !== null) {
      batch.left--;
      batch.spent++;
      batch.lastSpentMs = nowMs;
      return true;
    }
    return this.#applyShare(nowMs) && this.#limiter.take(nowMs);
  }

  /** A request would have gone here had there been a token. Counts as demand. */
  refused(nowMs: number): void {
    this.#attempted(nowMs);
  }

  /** True if the object may have a token for a request that finds none. */
  mayAsk(nowMs: number): boolean {
    const isTurn = nowMs >= this.#askAfterMs && nowMs < this.#askUntilMs;
    return isTurn && !this.failStatic && !this.isAsking(nowMs);
  }

  /** True while a call for tokens is under way. */
  isAsking(nowMs: number): boolean {
    return nowMs - this.#askedMs < LONGEST_ASK_MS;
  }

  /** True if the object should hear of this origin: it is in use. */
  isActive(nowMs: number): boolean {
    return nowMs - this.#lastAttemptMs < IDLE_MS;
  }

  /** What the object should know. Tells of spent tokens once; if that is lost they count a little longer. */
  report(nowMs: number): RateReport {
    if (this.#batch !== null && this.#batchAt(nowMs) === null) this.#finish();
    const spent = this.#done.map<[number, number, number]>((batch) => {
      return [batch.number, batch.spent, Math.max(0, nowMs - batch.lastSpentMs)];
    });
    this.#done = [];
    return {
      ...(spent.length > 0 ? { spent } : {}),
      demand: this.#demand(nowMs),
      lease: this.#lease,
      held_ms: this.#lease === 0 ? 0 : Math.max(0, nowMs - this.#adoptedMs),
      share: this.#share,
      left_ms: Math.max(0, this.#endsMs - nowMs),
    };
  }

  /**
   * The report of a request that finds no token, and of those that will until the answer is here.
   * @param tokenMs how long tokens should be good
   */
  ask(nowMs: number, tokenMs: number): RateReport {
    this.#askedMs = nowMs;
    this.#turnEndsMs = Number.NEGATIVE_INFINITY;
    const report = this.report(nowMs);
    return { ...report, need: 1 + Math.floor((report.demand * tokenMs) / 1_000), token_ms: tokenMs };
  }

  /** The object is not to be asked before then. */
  leaveAlone(untilMs: number): void {
    this.#askAfterMs = Math.max(this.#askAfterMs, untilMs);
  }

  /** The call for tokens is over. If it failed, nobody asks again for a while. */
  askEnded(nowMs: number, failed: boolean): void {
    this.#askedMs = Number.NEGATIVE_INFINITY;
    if (failed) this.leaveAlone(nowMs + LONGEST_ASK_MS);
  }

  /**
   * Takes over an answer.
   * @param sentMs when the report that it answers was sent; leases and tokens run from there
   */
  apply(grant: RateGrant, sentMs: number, nowMs: number): void {
    this.failStatic = false;
    this.#takeTurn(grant, nowMs);
    if (grant.lease > this.#lease) {
      this.#lease = grant.lease;
      this.#share = grant.share;
      this.#adoptedMs = nowMs;
      this.#endsMs = sentMs + grant.valid_ms - CLOCK_SLACK_MS;
    }
    if (grant.tokens > 0) {
      // Two batches cannot both be kept; the later one is good for longer.
      this.#finish();
      const endsMs = sentMs + grant.token_ms;
      this.#batch = { number: grant.lease, left: grant.tokens, spent: 0, lastSpentMs: sentMs, endsMs };
    }
  }

  /** When to ask next. A turn that is still to come is not given up for another one. */
  #takeTurn({ wait_ms, ask_ms }: RateGrant, nowMs: number): void {
    if (wait_ms === 0 || (ask_ms !== undefined && nowMs < this.#turnEndsMs)) return;
    this.#askAfterMs = nowMs + wait_ms;
    this.#askUntilMs = ask_ms === undefined ? Number.POSITIVE_INFINITY : this.#askAfterMs + ask_ms;
    this.#turnEndsMs = ask_ms === undefined ? Number.NEGATIVE_INFINITY : this.#askUntilMs;
  }

  /** Milliseconds until a request may start, as far as is known here. */
  retryAfterMs(nowMs: number): number {
    const askMs = nowMs < this.#askUntilMs ? Math.max(0, this.#askAfterMs - nowMs) : TURN_MISSED_MS;
    return this.#applyShare(nowMs) ? Math.min(askMs, this.#limiter.retryAfterMs(nowMs)) : askMs;
  }

  /** Tokens that are good now. */
  #batchAt(nowMs: number): Batch | null {
    const batch = this.#batch;
    return batch !== null && batch.left > 0 && nowMs < batch.endsMs ? batch : null;
  }

  #finish(): void {
    if (this.#batch === null) return;
    if (this.#done.length < MOST_TOLD) this.#done.push(this.#batch);
    this.#batch = null;
  }

  /** Puts the share in force; false if there is none. */
  #applyShare(nowMs: number): boolean {
    const share = this.inForce(nowMs);
    if (share < 1) return false;
    if (share !== this.#limiter.limit) this.#limiter.setLimit(share);
    return true;
  }

  #attempted(nowMs: number): void {
    this.#sampledMs ??= nowMs;
    this.#attempts++;
    this.#lastAttemptMs = nowMs;
  }

  /** Requests per second: counts and time, both fading, so that the first second is as good as any. */
  #demand(nowMs: number): number {
    const elapsedMs = Math.max(0, nowMs - (this.#sampledMs ?? nowMs));
    const fade = Math.exp(-elapsedMs / DEMAND_MS);
    this.#weightedCount = this.#weightedCount * fade + this.#attempts;
    this.#weightedMs = this.#weightedMs * fade + elapsedMs;
    this.#attempts = 0;
    this.#sampledMs = nowMs;
    return (this.#weightedCount * 1_000) / Math.max(this.#weightedMs, SHORTEST_SAMPLE_MS);
  }
}
