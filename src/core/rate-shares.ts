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
 * is for one request, on top of shares, and counts until a second after it was last good. A share or token is given
 * only if the sum stays within the limit.
 *
 * Only durations cross between the clocks.
 * @module
 */
import { AskQueue } from "./ask-queue.ts";
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
/** A share this close to what is fair stays: each move idles what is moved for about two seconds. */
const CLOSE = 0.15;
/** Isolates get at most this much of what they want, so that something is left for the next one. */
const MOST_PLENTY = 1.5;
const GOLDEN_RATIO = 0.618_033_988_749_895;
/**
 * Most isolates that have a share at a time, if the options do not say less; others live on tokens. More could hardly
 * be served anyway: a lease lasts 10 s at most, and isolates come back at less than 200 a second.
 */
const MOST_CLAIMS = 2_000;
/** With many claims, what has stopped counting is looked for less often: every so many of them add a millisecond. */
const CLAIMS_PER_MS = 100;

interface Lease {
  number: number;
  share: number;
  /** Not used any more from here on. */
  endsMs: number;
}

/** What one isolate may be using. */
interface Claim {
  leases: Lease[];
  /** The share last given. */
  share: number;
  /** Largest share of the last second; what this claim adds to the sum. */
  counted: number;
  want: number;
  /** In [0, 1), added before rounding down: shares of 1.9 become ones and twos, not ones. */
  dither: number;
}

export interface RateSharesOptions {
  /** An earlier life of the object may have shares out until then: only those are given, to who has them. */
  quietUntilMs?: number;
  /** Most isolates that have a share at a time. Default 2,000. */
  mostClaims?: number;
}

/** Shares of one origin's limit. */
export class RateShares {
  /** May be changed. A lower one is reached as isolates report, at the latest when their leases have ended. */
  limit: number;
  readonly #quietUntilMs: number;
  /** May be changed. */
  mostClaims: number;
  readonly #claims = new Map<string, Claim>();
  readonly #asks = new AskQueue();
  readonly #tokens = new TokenBatches();
  /** Shares alone. */
  #counted = 0;
  #settledMs = Number.NEGATIVE_INFINITY;
  /** No share stops counting by time alone before that. */
  #dropsMs = Number.POSITIVE_INFINITY;
  #number = 0;
  #births = 0;
  #wants = 0;
  #roots = 0;

  /** @param limit requests in any one second; a whole number of at least 1 */
  constructor(limit: number, options: RateSharesOptions = {}) {
    this.limit = limit;
    this.#quietUntilMs = options.quietUntilMs ?? Number.NEGATIVE_INFINITY;
    this.mostClaims = options.mostClaims ?? MOST_CLAIMS;
  }

  /** What may have been used in the last second: shares and tokens. */
  counted(nowMs: number): number {
    this.#settle(nowMs);
    return this.#inUse;
  }

  /**
   * Takes a report in and gives a lease, and tokens if they are needed and there are any.
   * @param paceMs when the isolate will report again
   */
  exchange(isolate: string, report: RateReport, paceMs: number, nowMs: number): RateGrant {
    this.#settle(nowMs);
    for (const [number, spent, agoMs] of report.spent ?? []) this.#tokens.done(number, spent, nowMs - agoMs);
    const claim = this.#claims.get(isolate) ?? this.#born(isolate, report);
    if (claim === null) return this.#withoutShare(report, paceMs, nowMs);
    this.#hear(claim, report, nowMs);
    const valid_ms = Math.min(Math.max(paceMs * PACES_PER_LEASE, SHORTEST_LEASE_MS), LONGEST_LEASE_MS);
    const share = this.#give(claim, valid_ms, nowMs);
    const raised = Math.max(0, share - (report.left_ms > 0 ? report.share : 0));
    return { lease: this.#number, share, valid_ms, ...this.#answerNeed(report, raised, paceMs, nowMs) };
  }

  /** There are too many isolates to keep account of this one too. */
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
    const token_ms = Math.min(Math.max(report.token_ms ?? 0, SHORTEST_TOKEN_MS), LONGEST_TOKEN_MS);
    const tokens = this.#giveTokens(need - raised, token_ms, nowMs);
    const wait_ms = need === 0 || this.#free > 0 ? 0 : this.#waitMs(paceMs, nowMs);
    return { tokens, token_ms, wait_ms };
  }

  /** Null: there are too many. Who holds a share of an earlier life's is let in all the same, for it counts. */
  #born(isolate: string, report: RateReport): Claim | null {
    if (this.#claims.size >= this.mostClaims && report.left_ms === 0) return null;
    const dither = (this.#births++ * GOLDEN_RATIO) % 1;
    const claim: Claim = { leases: [], share: 0, counted: 0, want: 0, dither };
    this.#claims.set(isolate, claim);
    return claim;
  }

  #hear(claim: Claim, report: RateReport, nowMs: number): void {
    for (const lease of claim.leases) {
      if (lease.number < report.lease) lease.endsMs = Math.min(lease.endsMs, nowMs - report.held_ms);
    }
    // A lease this object never gave: it was given in an earlier life.
    if (nowMs < this.#quietUntilMs && claim.leases.length === 0 && report.left_ms > 0) {
      const { lease: number, share, left_ms } = report;
      this.#add(claim, { number, share, endsMs: nowMs + Math.min(left_ms, LONGEST_LEASE_MS) });
      claim.share = share;
    }
    this.#number = Math.max(this.#number, report.lease);
    this.#want(claim, wantFor(report.demand));
    this.#recount(claim, nowMs);
  }

  #want(claim: Claim, want: number): void {
    this.#wants += want - claim.want;
    this.#roots += Math.sqrt(want) - Math.sqrt(claim.want);
    claim.want = want;
  }

  #give(claim: Claim, validMs: number, nowMs: number): number {
    // At most half of what is left: ten isolates born at once all get some.
    const left = nowMs < this.#quietUntilMs ? this.limit - this.#inUse : this.#free;
    const more = nowMs < this.#quietUntilMs ? Math.min(0, left) : Math.ceil(left / 2);
    const share = Math.max(0, Math.min(this.#target(claim), claim.counted + more));
    this.#add(claim, { number: ++this.#number, share, endsMs: nowMs + validMs });
    claim.share = share;
    this.#recount(claim, nowMs);
    return share;
  }

  /** Appends the newest lease. An older one that neither gives more nor lasts longer has nothing left to say. */
  #add(claim: Claim, newest: Lease): void {
    claim.leases = claim.leases.filter((lease) => lease.share > newest.share || lease.endsMs > newest.endsMs);
    claim.leases.push(newest);
  }

  get #inUse(): number {
    return this.#counted + this.#tokens.counted;
  }

  get #free(): number {
    return Math.max(0, this.limit - this.#inUse);
  }

  /**
   * A share in proportion to what is wanted. A small share of a crowded limit is badly used: a token that comes free
   * waits for this one isolate's next request. By the square-root law the loss is about the root of the share, so
   * about as much is left for tokens, which go to whoever comes first.
   */
  #target(claim: Claim): number {
    if (this.#claims.size === 1) return this.#targetAlone(claim);
    const tight = Math.min(1, this.limit / this.#wants);
    const reserve = Math.min(MOST_RESERVED, this.limit, Math.sqrt(tight) * this.#roots);
    const fair = claim.want * Math.min(MOST_PLENTY, (this.limit - reserve) / this.#wants);
    const isClose = Math.abs(fair - claim.share) < Math.max(1, CLOSE * claim.share);
    return isClose && claim.share <= this.limit ? claim.share : Math.floor(fair + claim.dither);
  }

  /** All of it under load; else some stays, so that the next isolate need not wait until this one gives some back. */
  #targetAlone(claim: Claim): number {
    return Math.min(this.limit, Math.ceil(Math.max(this.limit / 4, MOST_PLENTY * claim.want)));
  }

  #giveTokens(need: number, tokenMs: number, nowMs: number): number {
    if (need <= 0 || nowMs < this.#quietUntilMs) return 0;
    const count = Math.min(need, this.#free);
    if (count <= 0) return 0;
    const untilMs = nowMs + tokenMs + HOLD_MS;
    this.#tokens.give({ number: this.#number, count, untilMs });
    return count;
  }

  /** Until something comes free; longer where all who wait would be too many calls. */
  #waitMs(paceMs: number, nowMs: number): number {
    const fairMs = this.#asks.waitMs((this.#claims.size * 1_000) / paceMs, nowMs);
    const dropsMs = Math.min(this.#dropsMs, this.#tokens.dropsMs);
    const freeMs = Math.max(dropsMs, this.#quietUntilMs) - nowMs;
    return Math.ceil(Math.max(fairMs, Math.min(freeMs, paceMs)));
  }

  #recount(claim: Claim, nowMs: number): void {
    claim.leases = claim.leases.filter((lease) => lease.endsMs + HOLD_MS > nowMs);
    let counted = 0;
    for (const lease of claim.leases) {
      counted = Math.max(counted, lease.share);
      this.#dropsMs = Math.min(this.#dropsMs, lease.endsMs + HOLD_MS);
    }
    this.#counted += counted - claim.counted;
    claim.counted = counted;
  }

  /** Drops what has stopped counting. */
  #settle(nowMs: number): void {
    this.#tokens.settle(nowMs);
    if (nowMs < this.#dropsMs) return;
    // What counts for too long does no harm.
    if (nowMs < this.#settledMs + this.#claims.size / CLAIMS_PER_MS) return;
    this.#settledMs = nowMs;
    this.#dropsMs = Number.POSITIVE_INFINITY;
    this.#counted = 0;
    for (const [isolate, claim] of this.#claims) {
      claim.counted = 0;
      this.#recount(claim, nowMs);
      if (claim.leases.length > 0) continue;
      this.#want(claim, 0);
      this.#claims.delete(isolate);
    }
  }
}

/** Room for the usual spread of random arrivals: two standard deviations, and one request. */
function wantFor(demand: number): number {
  const rate = Math.max(0, demand);
  return rate + 2 * Math.sqrt(rate) + 1;
}
