/**
 * A rate limit that holds for the whole world without a call per request: the pool's object gives isolates shares of
 * it, and keeps the sum of what they may use within the limit. This is the object's side; `LeasedLimiter` is the
 * isolate's.
 *
 * Why no second ever holds more than the limit. An isolate enforces its share with an exact sliding window, so in a
 * window it starts at most the largest share it had in that window. `counted` is the sum of just that: a share
 * counts until a second after the isolate can last have used it. That end is known for certain only by the lease's
 * end (an isolate counts from when it sent its report, so it stops before the object thinks so), or by a later report
 * from the isolate itself that names a newer lease. A reply that is lost changes nothing: both shares count. A token
 * is for one request, on top of shares, and counts until a second after it was last good; so does a request that the
 * object itself picks for. What an earlier life of the object gave counts, all of it, until it has run out. A share
 * or token is given only if the sum stays within the limit.
 *
 * Only durations cross between the clocks.
 * @module
 */
import { AskQueue } from "./ask-queue.ts";
import { EarlierLife, type EarlierLifeOptions } from "./earlier-life.ts";
import { type Claim, RateClaims } from "./rate-claims.ts";
import { HOLD_MS, LONGEST_LEASE_MS, type RateGrant, type RateReport } from "./rate-lease.ts";
import { TokenBatches } from "./token-batches.ts";

/** A lease outlives this many paces, so that one lost call costs nothing. */
const PACES_PER_LEASE = 2.5;
const SHORTEST_LEASE_MS = 2_500;
/** Bounds of a token's life: it has to get there, and it counts against the limit for as long. */
const SHORTEST_TOKEN_MS = 20;
const LONGEST_TOKEN_MS = 250;
/** Most of a limit that is kept for tokens: each may cost a call. */
const MOST_RESERVED = 50;
/** Requests that ask for tokens are remembered for about so long... */
const NEED_MS = 5_000;
/** ...and for each that asks in a second, so many places are kept. */
const RESERVED_PER_ASK = 2;
/** A share this close to what is fair stays: each move idles what is moved for about two seconds. */
const CLOSE = 0.15;
/** Isolates get at most this much of what they want, so that something is left for the next one... */
const MOST_PLENTY = 1.5;
/**
 * ...and little more than they want once so much of the limit is out: an object that restarts can give at once only
 * what its earlier life has not.
 */
const PLENTY_UP_TO = 0.5;
const LEAST_PLENTY = 1.1;
/**
 * Most isolates that have a share at a time, if the options do not say less; others live on tokens. More could hardly
 * be served anyway: a lease lasts 10 s at most, and isolates come back at less than 200 a second.
 */
const MOST_CLAIMS = 2_000;

export interface RateSharesOptions {
  /** What an earlier life of the object may have out. */
  earlier?: EarlierLifeOptions | null;
  /** Most isolates that have a share at a time. Default 2,000. */
  mostClaims?: number;
  /** Leases are numbered from here on: higher than in any earlier life, whose tokens isolates still tell of. Default 1. */
  firstNumber?: number;
}

/** Shares of one origin's limit. */
export class RateShares {
  /** May be changed. A lower one is reached as isolates report, at the latest when their leases have ended. */
  limit: number;
  /** May be changed. */
  mostClaims: number;
  /** May be changed. The object picks by itself, and needs the limit for that: isolates get tokens, no shares. */
  tokensOnly = false;
  readonly #earlier: EarlierLife;
  readonly #claims = new RateClaims();
  readonly #asks = new AskQueue();
  readonly #tokens = new TokenBatches();
  /** Requests that asked for a token lately, fading. */
  #needs = 0;
  #needMs = Number.NEGATIVE_INFINITY;
  /** Of the last lease. */
  #number: number;

  /** @param limit requests in any one second; a whole number of at least 1 */
  constructor(limit: number, options: RateSharesOptions = {}) {
    this.limit = limit;
    this.mostClaims = options.mostClaims ?? MOST_CLAIMS;
    const firstNumber = options.firstNumber ?? 1;
    this.#earlier = new EarlierLife(options.earlier ?? null, firstNumber);
    this.#number = firstNumber - 1;
  }

  /** What may have been used in the last second. */
  counted(nowMs: number): number {
    this.#settle(nowMs);
    return this.#inUse(nowMs);
  }

  /**
   * Takes a report in and gives a lease, and tokens if they are needed and there are any.
   * @param paceMs when the isolate will report again
   */
  exchange(isolate: string, report: RateReport, paceMs: number, nowMs: number): RateGrant {
    this.#settle(nowMs);
    for (const [number, spent, agoMs] of report.spent ?? []) this.#tokens.done(number, spent, nowMs - agoMs);
    this.#number = Math.max(this.#number, report.lease);
    const claim = this.#claims.get(isolate) ?? this.#born(isolate, report);
    if (claim !== null) this.#hear(isolate, claim, report, nowMs);
    if (claim === null || this.tokensOnly) return this.#withoutShare(report, paceMs, nowMs);
    const valid_ms = Math.min(Math.max(paceMs * PACES_PER_LEASE, SHORTEST_LEASE_MS), LONGEST_LEASE_MS);
    const share = this.#give(claim, valid_ms, nowMs);
    const raised = Math.max(0, share - (report.left_ms > 0 ? report.share : 0));
    return { lease: this.#number, share, valid_ms, ...this.#answerNeed(report, raised, paceMs, nowMs) };
  }

  /**
   * For one request that the object picks for.
   * @param withinMs it starts within so long, or not at all
   * @returns names it to `started`; null if the limit is reached
   */
  takeOne(withinMs: number, nowMs: number): number | null {
    if (!this.allowsOne(nowMs)) return null;
    const number = ++this.#number;
    this.#tokens.give({ number, count: 1, givenMs: nowMs, untilMs: nowMs + withinMs + HOLD_MS });
    return number;
  }

  allowsOne(nowMs: number): boolean {
    this.#settle(nowMs);
    return this.#free(nowMs) >= 1;
  }

  /** A request that was picked for had started by then. */
  started(number: number, byMs: number): void {
    this.#tokens.done(number, 1, byMs);
  }

  /** Milliseconds until something comes free, as far as is known; 0: something is. */
  retryAfterMs(nowMs: number): number {
    return this.allowsOne(nowMs) ? 0 : Math.max(1, this.#dropsMs(nowMs) - nowMs);
  }

  /** There are too many isolates to keep account of this one too, or none has a share. */
  #withoutShare(report: RateReport, paceMs: number, nowMs: number): RateGrant {
    const lease = ++this.#number;
    return { lease, share: 0, valid_ms: 0, ...this.#answerNeed(report, 0, paceMs, nowMs) };
  }

  /** @param raised so many requests can start on a share that has just grown */
  #answerNeed(
    report: RateReport,
    raised: number,
    paceMs: number,
    nowMs: number,
  ): Pick<RateGrant, "tokens" | "token_ms" | "wait_ms"> {
    const need = report.need ?? 0;
    this.#needs = this.#needsAt(nowMs) + need;
    this.#needMs = nowMs;
    const token_ms = Math.min(Math.max(report.token_ms ?? 0, SHORTEST_TOKEN_MS), LONGEST_TOKEN_MS);
    const tokens = this.#giveTokens(need - raised, token_ms, nowMs);
    const wait_ms = need === 0 || this.#free(nowMs) > 0 ? 0 : this.#waitMs(paceMs, nowMs);
    return { tokens, token_ms, wait_ms };
  }

  /** Null: it gets none. Who holds a share of an earlier life's is let in all the same, for it counts. */
  #born(isolate: string, report: RateReport): Claim | null {
    const isFull = this.tokensOnly || this.#claims.size >= this.mostClaims;
    return isFull && report.left_ms === 0 ? null : this.#claims.open(isolate);
  }

  #hear(isolate: string, claim: Claim, report: RateReport, nowMs: number): void {
    const { lease: number, share, left_ms } = report;
    this.#claims.ended(claim, number, nowMs - report.held_ms, nowMs);
    if (this.#earlier.names(isolate, report, nowMs)) {
      this.#claims.lease(
        claim,
        { number, share, endsMs: nowMs + Math.min(left_ms, LONGEST_LEASE_MS) },
        nowMs,
      );
    }
    this.#claims.want(claim, wantFor(report.demand));
  }

  #give(claim: Claim, validMs: number, nowMs: number): number {
    const left = this.limit - this.#inUse(nowMs);
    // At most half of what is left: ten isolates born at once all get some.
    const half = Math.ceil(Math.max(0, left) / 2);
    const more = left < 0 && this.#earlier.untilMs(nowMs) !== null ? left : half;
    const share = Math.max(0, Math.min(this.#target(claim, nowMs), claim.counted + more));
    this.#claims.lease(claim, { number: ++this.#number, share, endsMs: nowMs + validMs }, nowMs);
    return share;
  }

  #inUse(nowMs: number): number {
    return this.#claims.counted + this.#tokens.counted + this.#earlier.unknown(nowMs);
  }

  #free(nowMs: number): number {
    return Math.max(0, this.limit - this.#inUse(nowMs));
  }

  /**
   * A share in proportion to what is wanted. A small share of a crowded limit is badly used: a token that comes free
   * waits for this one isolate's next request. By the square-root law the loss is about the root of the share, so
   * about as much is left for tokens, which go to whoever comes first; less where nobody asks for any, because there
   * are other origins.
   */
  #target(claim: Claim, nowMs: number): number {
    const { size, wants, roots } = this.#claims;
    // The first to come after a restart is hardly alone.
    if (size === 1 && this.#earlier.untilMs(nowMs) === null) return this.#targetAlone(claim);
    const tight = Math.min(1, this.limit / wants);
    const asked = 1 + (RESERVED_PER_ASK * this.#needsAt(nowMs) * 1_000) / NEED_MS;
    const reserve = Math.min(MOST_RESERVED, this.limit, Math.sqrt(tight) * roots, asked);
    const plenty = Math.min(MOST_PLENTY, Math.max(LEAST_PLENTY, (PLENTY_UP_TO * this.limit) / wants));
    const fair = claim.want * Math.min(plenty, (this.limit - reserve) / wants);
    const isClose = Math.abs(fair - claim.share) < Math.max(1, CLOSE * claim.share);
    return isClose && claim.share <= this.limit ? claim.share : Math.floor(fair + claim.dither);
  }

  /** All of it under load; else some stays, so that the next isolate need not wait until this one gives some back. */
  #targetAlone(claim: Claim): number {
    return Math.min(this.limit, Math.ceil(Math.max(this.limit / 4, MOST_PLENTY * claim.want)));
  }

  #giveTokens(need: number, tokenMs: number, nowMs: number): number {
    const count = Math.min(need, this.#free(nowMs));
    if (count <= 0) return 0;
    this.#tokens.give({ number: this.#number, count, givenMs: nowMs, untilMs: nowMs + tokenMs + HOLD_MS });
    return count;
  }

  /** Until something comes free; longer where all who wait would be too many calls. */
  #waitMs(paceMs: number, nowMs: number): number {
    const fairMs = this.#asks.waitMs((this.#claims.size * 1_000) / paceMs, nowMs);
    return Math.ceil(Math.max(fairMs, Math.min(this.#dropsMs(nowMs) - nowMs, paceMs)));
  }

  #needsAt(nowMs: number): number {
    return this.#needs * Math.exp(Math.min(0, this.#needMs - nowMs) / NEED_MS);
  }

  /** When something stops counting. */
  #dropsMs(nowMs: number): number {
    const earlierMs = this.#earlier.untilMs(nowMs) ?? Number.POSITIVE_INFINITY;
    return Math.min(this.#claims.dropsMs, this.#tokens.dropsMs, earlierMs);
  }

  #settle(nowMs: number): void {
    this.#tokens.settle(nowMs);
    this.#claims.settle(nowMs);
  }
}

/** Room for the usual spread of random arrivals: two standard deviations, and one request. */
function wantFor(demand: number): number {
  const rate = Math.max(0, demand);
  return rate + 2 * Math.sqrt(rate) + 1;
}
