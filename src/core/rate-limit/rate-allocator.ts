/**
 * A rate limit that holds for the whole world without a call per request. The pool's object gives isolates shares of
 * it, and keeps the sum of all that they may use within the limit. This is the object's side; `LeasedLimiter` is the
 * isolate's.
 *
 * Why no second ever holds more than the limit. An isolate enforces its share with an exact sliding window, so in a
 * window it starts at most the largest share it had in that window. `outstanding` is the sum of these shares. A share
 * counts until a second after the isolate can last have used it. That end is known for certain only by the lease's end
 * (an isolate counts from when it sent its report, so it stops before the object thinks so), or by a later report from
 * the isolate itself that names a newer lease. A reply that is lost changes nothing: both shares count. A token is for
 * one request, on top of shares, and counts until a second after it was last good; so does a request that the object
 * itself picks for. Everything that a previous incarnation of the object granted counts until it has expired. A share
 * or token is given only if the sum stays within the limit.
 *
 * Only durations cross between the clocks.
 * @module
 */

import { type Allocation, Allocations } from "./allocations.ts";
import { CallSpacing } from "./call-spacing.ts";
import { fairShare, provisionedDemand, shareAlone } from "./fair-share.ts";
import { PreviousIncarnation, type PreviousIncarnationOptions } from "./previous-incarnation.ts";
import {
  LONGEST_LEASE_MS,
  LONGEST_TOKEN_MS,
  leaseMs,
  placesRaised,
  type RateGrant,
  type RateReport,
  SAFE_WINDOW_MS,
} from "./rate-lease.ts";
import { TokenBatches } from "./token-batches.ts";
import { tokenCallsPerSecond } from "./token-call-pacer.ts";
import { TokenNeeds } from "./token-needs.ts";

/** The shortest life of a token: it has to reach the isolate, and it counts against the limit for all of its life. */
const SHORTEST_TOKEN_MS = 20;
/**
 * Most isolates that have a share at a time, unless the options say less; the others use tokens. The object could
 * hardly serve more: a lease lasts 10 s at most, and isolates come back at less than 200 a second.
 */
export const MOST_ALLOCATIONS = 2_000;
const DEFAULT_TOKEN_RATE = 50;

export interface RateLimitAllocatorOptions {
  /** Grants of a previous incarnation of the object that may still be in use. */
  previous?: PreviousIncarnationOptions | null;
  /** Most isolates that have a share at a time. Default 2,000. */
  mostAllocations?: number;
  /** Leases are numbered from here on: higher than in any previous incarnation, whose tokens isolates still report. Default 1. */
  firstNumber?: number;
}

/** Shares of one origin's limit. */
export class RateLimitAllocator {
  /** May be changed. A lower one is reached as isolates report, at the latest when their leases have ended. */
  limit: number;
  /** May be changed. */
  mostAllocations: number;
  /** May be changed. Tokens alone serve so many requests a second, where shares would be small. */
  tokenRate = DEFAULT_TOKEN_RATE;
  /** May be changed. The object picks by itself, and needs the limit for that: isolates get tokens, no shares. */
  tokensOnly = false;
  /** What a previous incarnation of the object has granted. */
  readonly previous: PreviousIncarnation;
  readonly #allocations = new Allocations();
  readonly #tokenCalls = new CallSpacing();
  readonly #tokens = new TokenBatches();
  readonly #needs = new TokenNeeds();
  /** Number of the last lease. */
  #number: number;

  /** @param limit requests in any one second; a whole number of at least 1 */
  constructor(limit: number, options: RateLimitAllocatorOptions = {}) {
    this.limit = limit;
    this.mostAllocations = options.mostAllocations ?? MOST_ALLOCATIONS;
    const firstNumber = options.firstNumber ?? 1;
    this.previous = new PreviousIncarnation(options.previous ?? null, firstNumber);
    this.#number = firstNumber - 1;
  }

  /** How much of the limit may have been used in the last second. */
  outstanding(nowMs: number): number {
    this.#expire(nowMs);
    return this.#inUse(nowMs);
  }

  /** How much of that by shares. */
  outstandingShares(nowMs: number): number {
    this.#expire(nowMs);
    return this.#allocations.outstanding + this.previous.unaccountedShares(nowMs);
  }

  /**
   * Takes a report in and gives a lease, and tokens if they are needed and there are any.
   * @param paceMs when the isolate will report again
   */
  exchange(isolate: string, report: RateReport, paceMs: number, nowMs: number): RateGrant {
    this.#expire(nowMs);
    for (const [number, spent, agoMs] of report.spent ?? [])
      this.#tokens.recordSpent(number, spent, nowMs - agoMs);
    this.#number = Math.max(this.#number, report.lease);
    const allocation = this.#allocations.get(isolate) ?? this.#register(isolate, report);
    if (allocation !== null) this.#applyReport(isolate, allocation, report, nowMs);
    if (report.released_ms !== undefined) return this.#withoutLease(report, nowMs);
    if (allocation === null || this.tokensOnly) return this.#withoutShare(report, paceMs, nowMs);
    const valid_ms = leaseMs(paceMs);
    const sharedOut = this.previous.sharedOut(this.limit, report, nowMs);
    const share = this.#allocate(allocation, sharedOut, valid_ms, nowMs);
    const raised = placesRaised(report, share);
    return { lease: this.#number, share, valid_ms, ...this.#answerNeed(report, raised, paceMs, nowMs) };
  }

  /**
   * Takes a token for one request whose origin the object picks itself.
   * @param withinMs the request starts within this time, or not at all
   * @returns a number for `started` and `returned`; null if the limit is reached
   */
  takeOne(withinMs: number, nowMs: number): number | null {
    if (!this.allowsOne(nowMs)) return null;
    const number = ++this.#number;
    this.#tokens.grant({ number, count: 1, grantedMs: nowMs, untilMs: nowMs + withinMs + SAFE_WINDOW_MS });
    return number;
  }

  allowsOne(nowMs: number): boolean {
    this.#expire(nowMs);
    return this.#free(nowMs) >= 1;
  }

  /** The request with this number from `takeOne` had started by `byMs`. */
  started(number: number, byMs: number): void {
    this.#tokens.recordSpent(number, 1, byMs);
  }

  /**
   * The request with this number from `takeOne` was not started, and will not be. Only the isolate that was to start it
   * can know.
   */
  returned(number: number): void {
    this.#tokens.recordSpent(number, 0, Number.NEGATIVE_INFINITY);
  }

  /** Milliseconds until a part of the limit comes free, as far as is known; 0: a part is free. */
  retryAfterMs(nowMs: number): number {
    return this.allowsOne(nowMs) ? 0 : Math.max(1, this.#nextExpiryMs(nowMs) - nowMs);
  }

  /** The answer to an isolate without a share: there are too many isolates, or none gets a share. */
  #withoutShare(report: RateReport, paceMs: number, nowMs: number): RateGrant {
    const lease = ++this.#number;
    return { lease, share: 0, valid_ms: 0, ...this.#answerNeed(report, 0, paceMs, nowMs) };
  }

  /** The answer to an isolate that has given its lease up. It keeps the number, and with it what it knows of its share. */
  #withoutLease({ lease }: RateReport, nowMs: number): RateGrant {
    return {
      lease,
      share: 0,
      valid_ms: 0,
      tokens: 0,
      token_ms: 0,
      wait_ms: 0,
      ...this.previous.withheld(nowMs),
    };
  }

  /** @param raised number of requests that can start because the share has just grown */
  #answerNeed(
    report: RateReport,
    raised: number,
    paceMs: number,
    nowMs: number,
  ): Pick<RateGrant, "tokens" | "token_ms" | "wait_ms" | "withheld_ms"> {
    const need = report.need ?? 0;
    this.#needs.add(need, nowMs);
    const token_ms = Math.min(Math.max(report.token_ms ?? 0, SHORTEST_TOKEN_MS), LONGEST_TOKEN_MS);
    const tokens = this.#grantTokens(need - raised, token_ms, nowMs);
    const wait_ms = need === 0 || this.#free(nowMs) > 0 ? 0 : this.#waitMs(paceMs, nowMs);
    return { tokens, token_ms, wait_ms, ...this.previous.withheld(nowMs) };
  }

  /**
   * Null: the isolate gets no allocation. An isolate that holds a share of a previous incarnation always gets one,
   * because its share counts.
   */
  #register(isolate: string, report: RateReport): Allocation | null {
    const isFull = this.tokensOnly || this.#allocations.size >= this.mostAllocations;
    const hasLease = report.left_ms > 0 || report.released_ms !== undefined;
    return isFull && !hasLease ? null : this.#allocations.open(isolate);
  }

  #applyReport(isolate: string, allocation: Allocation, report: RateReport, nowMs: number): void {
    const { lease: number, share, left_ms, released_ms } = report;
    this.#allocations.supersede(allocation, number, nowMs - report.held_ms, nowMs);
    if (this.previous.reclaim(isolate, report, nowMs)) {
      this.#allocations.lease(
        allocation,
        { number, share, endsMs: nowMs + Math.min(left_ms, LONGEST_LEASE_MS) },
        nowMs,
      );
    }
    if (released_ms !== undefined) {
      this.#allocations.supersede(allocation, number + 1, nowMs - released_ms, nowMs);
    }
    const rate = released_ms === undefined ? Math.max(0, report.demand) : 0;
    const demand = released_ms === undefined ? provisionedDemand(rate) : 0;
    this.#allocations.setDemand(allocation, rate, demand);
  }

  #allocate(allocation: Allocation, sharedOut: number, validMs: number, nowMs: number): number {
    const left = this.limit - this.#inUse(nowMs);
    const isRestarted = this.previous.untilMs(nowMs) !== null;
    // A part of what is free, so that ten isolates born at once all get some. After a restart there may be isolates of
    // two versions, and those of the new one all come at once.
    const part = Math.ceil(Math.max(0, left) * (isRestarted ? 0.25 : 0.5));
    const more = left < 0 && isRestarted ? left : part;
    const target = this.#target(allocation, sharedOut, nowMs);
    const share = Math.max(0, Math.min(target, allocation.outstanding + more));
    this.#allocations.lease(allocation, { number: ++this.#number, share, endsMs: nowMs + validMs }, nowMs);
    return share;
  }

  #inUse(nowMs: number): number {
    return this.#allocations.outstanding + this.#tokens.outstanding + this.previous.unaccounted(nowMs);
  }

  #free(nowMs: number): number {
    return Math.max(0, this.limit - this.#inUse(nowMs));
  }

  #target(allocation: Allocation, sharedOut: number, nowMs: number): number {
    const { size, rateSum, demandSum, sqrtDemandSum } = this.#allocations;
    // The first isolate to report after a restart is hardly the only one.
    if (size === 1 && this.previous.untilMs(nowMs) === null) return shareAlone(allocation, this.limit);
    const sums = { isolates: size, rateSum, demandSum, sqrtDemandSum };
    const isOverdrawn = this.#inUse(nowMs) > this.limit;
    return fairShare(allocation, {
      limit: sharedOut,
      ...sums,
      tokenRequests: this.#needs.perSecond(nowMs),
      tokenRate: this.tokenRate,
      isOverdrawn,
    });
  }

  #grantTokens(need: number, tokenMs: number, nowMs: number): number {
    const count = Math.min(need, this.#free(nowMs));
    if (count <= 0) return 0;
    this.#tokens.grant({
      number: this.#number,
      count,
      grantedMs: nowMs,
      untilMs: nowMs + tokenMs + SAFE_WINDOW_MS,
    });
    return count;
  }

  /** Milliseconds until a part comes free; longer if the waiting isolates together would make too many calls. */
  #waitMs(paceMs: number, nowMs: number): number {
    const perSecond = tokenCallsPerSecond((this.#allocations.size * 1_000) / paceMs);
    const fairMs = this.#tokenCalls.waitMs(perSecond, nowMs);
    return Math.ceil(Math.max(fairMs, Math.min(this.#nextExpiryMs(nowMs) - nowMs, paceMs)));
  }

  /** The time at which the next grant stops counting. */
  #nextExpiryMs(nowMs: number): number {
    const previousMs = this.previous.untilMs(nowMs) ?? Number.POSITIVE_INFINITY;
    return Math.min(this.#allocations.nextExpiryMs, this.#tokens.nextExpiryMs, previousMs);
  }

  #expire(nowMs: number): void {
    this.#tokens.expire(nowMs);
    this.#allocations.expire(nowMs);
  }
}
