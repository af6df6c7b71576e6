/**
 * Accounts for capacity of a rate limit that was granted before the pool's object restarted. Isolates may still be
 * spending it, so everything that can have been granted counts until it has expired or the isolate that holds it has
 * reclaimed it.
 * @module
 */
import type { RateGrant, RateReport } from "./rate-lease.ts";

/** After a restart this part of the limit is kept for tokens. */
const KEPT_FOR_TOKENS = 0.25;

export interface PreviousIncarnationOptions {
  /** Some of it may be in use until this time. */
  readonly untilMs: number;
  /** The most of the limit that may be in use. */
  readonly most: number;
  /** The most of it that may be in use by shares; absent: as `most`. */
  readonly mostShares?: number;
  /** Tokens may be in use until this time; absent: `untilMs`. */
  readonly tokensUntilMs?: number;
}

export class PreviousIncarnation {
  readonly #options: PreviousIncarnationOptions | null;
  /** Leases of the present incarnation have this number or a higher one. */
  readonly #firstNumber: number;
  /** Isolates that have reclaimed the share that they hold. */
  readonly #reclaimed = new Set<string>();
  #reclaimedShare = 0;

  /** @param options null: there was none */
  constructor(options: PreviousIncarnationOptions | null, firstNumber: number) {
    this.#options = options;
    this.#firstNumber = firstNumber;
  }

  /** When it ends; null if it has, or there was none. */
  untilMs(nowMs: number): number | null {
    return this.#options !== null && nowMs < this.#options.untilMs ? this.#options.untilMs : null;
  }

  /** How much may be in use and was not reclaimed. */
  unaccounted(nowMs: number): number {
    if (this.#options === null || this.untilMs(nowMs) === null) return 0;
    const { most, untilMs, tokensUntilMs = untilMs } = this.#options;
    return nowMs < tokensUntilMs ? Math.max(0, most - this.#reclaimedShare) : this.unaccountedShares(nowMs);
  }

  /** How much of that by shares, if no token of then is good any more. */
  unaccountedShares(nowMs: number): number {
    if (this.#options === null || this.untilMs(nowMs) === null) return 0;
    const { most, mostShares = most } = this.#options;
    return Math.max(0, Math.min(most, mostShares) - this.#reclaimedShare);
  }

  /**
   * The part of `limit` that the isolate of this report gets a share of. After a restart it is what can be given out by
   * now, less a part for tokens: the first to ask would otherwise get all there is, and those after them nothing until
   * the first ones come again, while requests wait there. Not for an isolate that holds a share from before.
   */
  sharedOut(limit: number, report: RateReport, nowMs: number): number {
    if (this.untilMs(nowMs) === null || this.isHeldBy(report, nowMs)) return limit;
    return Math.max(1, (1 - KEPT_FOR_TOKENS) * limit - this.unaccounted(nowMs));
  }

  /** For an answer: how long a part of the limit is withheld. */
  withheld(nowMs: number): Pick<RateGrant, "withheld_ms"> {
    const untilMs = this.untilMs(nowMs);
    return untilMs === null ? {} : { withheld_ms: Math.ceil(untilMs - nowMs) };
  }

  /** True if an isolate may still use a lease of the previous incarnation. */
  isHeldBy({ lease, left_ms }: RateReport, nowMs: number): boolean {
    return left_ms > 0 && lease < this.#firstNumber && this.untilMs(nowMs) !== null;
  }

  /**
   * True, once for each isolate, if it reports a lease of the previous incarnation. The caller then counts that lease
   * by itself.
   */
  reclaim(isolate: string, { lease, share, left_ms, released_ms }: RateReport, nowMs: number): boolean {
    const hasLease = left_ms > 0 || released_ms !== undefined;
    if (this.untilMs(nowMs) === null || !hasLease || lease >= this.#firstNumber) return false;
    if (this.#reclaimed.has(isolate)) return false;
    this.#reclaimed.add(isolate);
    this.#reclaimedShare += share;
    return true;
  }
}
