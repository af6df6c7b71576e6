/**
 * What isolates may be using of a rate limit by their shares: a claim for each of them, and the sum.
 * @module
 */
import { HOLD_MS } from "./rate-lease.ts";

const GOLDEN_RATIO = 0.618_033_988_749_895;
/** With many claims, what has stopped counting is looked for less often: every so many of them add a millisecond. */
const CLAIMS_PER_MS = 100;

interface Lease {
  readonly number: number;
  readonly share: number;
  /** Not used any more from here on. */
  endsMs: number;
}

/** What one isolate may be using. */
export interface Claim {
  leases: Lease[];
  /** The share last given. */
  share: number;
  /** Largest share of the last second; what this claim adds to the sum. */
  counted: number;
  want: number;
  /** In [0, 1), added before rounding down: shares of 1.9 become ones and twos, not ones. */
  readonly dither: number;
}

export class RateClaims {
  readonly #claims = new Map<string, Claim>();
  #counted = 0;
  #wants = 0;
  #roots = 0;
  #births = 0;
  #settledMs = Number.NEGATIVE_INFINITY;
  #dropsMs = Number.POSITIVE_INFINITY;

  get size(): number {
    return this.#claims.size;
  }

  /** What may have been used of shares in the last second, as of the last `settle`. */
  get counted(): number {
    return this.#counted;
  }

  /** Sum of what is wanted. */
  get wants(): number {
    return this.#wants;
  }

  /** Sum of the square roots of what is wanted. */
  get roots(): number {
    return this.#roots;
  }

  /** No share stops counting by time alone before that. */
  get dropsMs(): number {
    return this.#dropsMs;
  }

  get(isolate: string): Claim | undefined {
    return this.#claims.get(isolate);
  }

  open(isolate: string): Claim {
    const dither = (this.#births++ * GOLDEN_RATIO) % 1;
    const claim: Claim = { leases: [], share: 0, counted: 0, want: 0, dither };
    this.#claims.set(isolate, claim);
    return claim;
  }

  want(claim: Claim, want: number): void {
    this.#wants += want - claim.want;
    this.#roots += Math.sqrt(want) - Math.sqrt(claim.want);
    claim.want = want;
  }

  /** Appends the newest lease. An older one that neither gives more nor lasts longer has nothing left to say. */
  lease(claim: Claim, newest: Lease, nowMs: number): void {
    claim.leases = claim.leases.filter((lease) => lease.share > newest.share || lease.endsMs > newest.endsMs);
    claim.leases.push(newest);
    claim.share = newest.share;
    this.#recount(claim, nowMs);
  }

  /** Leases before that one are not used since `endedMs`. */
  ended(claim: Claim, number: number, endedMs: number, nowMs: number): void {
    for (const lease of claim.leases) {
      if (lease.number < number) lease.endsMs = Math.min(lease.endsMs, endedMs);
    }
    this.#recount(claim, nowMs);
  }

  /** Drops what has stopped counting. */
  settle(nowMs: number): void {
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
      this.want(claim, 0);
      this.#claims.delete(isolate);
    }
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
}
