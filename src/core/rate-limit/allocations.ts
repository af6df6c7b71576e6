/**
 * Counts how much of a rate limit isolates may be using by their shares: one allocation for each isolate, and the sum.
 * @module
 */
import { evenPoint } from "./even-points.ts";
import { SAFE_WINDOW_MS } from "./rate-lease.ts";

/** Expired allocations are searched for less often if there are many: each group of this size adds a millisecond. */
const ALLOCATIONS_PER_MS = 100;

interface Lease {
  readonly number: number;
  readonly share: number;
  /** The isolate does not use the lease from this time on. */
  endsMs: number;
}

/** The part of a limit that one isolate may be using. */
export interface Allocation {
  leases: Lease[];
  /** The share last given. */
  share: number;
  /** Largest share in the last second, which this allocation adds to the sum. */
  outstanding: number;
  /** Requests per second, as reported. */
  rate: number;
  /** What it needs for that rate, with room for its spread. */
  demand: number;
  /** In [0, 1), added before rounding down: shares of 1.9 become ones and twos, not ones. */
  readonly roundingOffset: number;
}

export class Allocations {
  readonly #allocations = new Map<string, Allocation>();
  #outstanding = 0;
  #rateSum = 0;
  #demandSum = 0;
  #sqrtDemandSum = 0;
  #created = 0;
  #expiredMs = Number.NEGATIVE_INFINITY;
  #nextExpiryMs = Number.POSITIVE_INFINITY;

  get size(): number {
    return this.#allocations.size;
  }

  /** How much may have been used by shares in the last second, as of the last `expire`. */
  get outstanding(): number {
    return this.#outstanding;
  }

  /** Sum of the rates. */
  get rateSum(): number {
    return this.#rateSum;
  }

  /** Sum of the demands. */
  get demandSum(): number {
    return this.#demandSum;
  }

  /** Sum of the square roots of the demands. */
  get sqrtDemandSum(): number {
    return this.#sqrtDemandSum;
  }

  /** No share stops counting by time alone before this time. */
  get nextExpiryMs(): number {
    return this.#nextExpiryMs;
  }

  get(isolate: string): Allocation | undefined {
    return this.#allocations.get(isolate);
  }

  open(isolate: string): Allocation {
    const roundingOffset = evenPoint(this.#created++);
    const allocation: Allocation = {
      leases: [],
      share: 0,
      outstanding: 0,
      rate: 0,
      demand: 0,
      roundingOffset,
    };
    this.#allocations.set(isolate, allocation);
    return allocation;
  }

  setDemand(allocation: Allocation, rate: number, demand: number): void {
    this.#rateSum += rate - allocation.rate;
    this.#demandSum += demand - allocation.demand;
    this.#sqrtDemandSum += Math.sqrt(demand) - Math.sqrt(allocation.demand);
    allocation.rate = rate;
    allocation.demand = demand;
  }

  /** Appends the newest lease. An older lease that neither gives more nor lasts longer no longer matters. */
  lease(allocation: Allocation, newest: Lease, nowMs: number): void {
    allocation.leases = allocation.leases.filter(
      (lease) => lease.share > newest.share || lease.endsMs > newest.endsMs,
    );
    allocation.leases.push(newest);
    allocation.share = newest.share;
    this.#recount(allocation, nowMs);
  }

  /** The isolate has not used leases before `number` since `endedMs`. */
  supersede(allocation: Allocation, number: number, endedMs: number, nowMs: number): void {
    for (const lease of allocation.leases) {
      if (lease.number < number) lease.endsMs = Math.min(lease.endsMs, endedMs);
    }
    this.#recount(allocation, nowMs);
  }

  /** Drops leases that have stopped counting. */
  expire(nowMs: number): void {
    if (nowMs < this.#nextExpiryMs) return;
    // A lease that counts for too long does no harm: it only grants less.
    if (nowMs < this.#expiredMs + this.#allocations.size / ALLOCATIONS_PER_MS) return;
    this.#expiredMs = nowMs;
    this.#nextExpiryMs = Number.POSITIVE_INFINITY;
    this.#outstanding = 0;
    for (const [isolate, allocation] of this.#allocations) {
      allocation.outstanding = 0;
      this.#recount(allocation, nowMs);
      if (allocation.leases.length > 0) continue;
      this.setDemand(allocation, 0, 0);
      this.#allocations.delete(isolate);
    }
  }

  #recount(allocation: Allocation, nowMs: number): void {
    allocation.leases = allocation.leases.filter((lease) => lease.endsMs + SAFE_WINDOW_MS > nowMs);
    let counted = 0;
    for (const lease of allocation.leases) {
      counted = Math.max(counted, lease.share);
      this.#nextExpiryMs = Math.min(this.#nextExpiryMs, lease.endsMs + SAFE_WINDOW_MS);
    }
    this.#outstanding += counted - allocation.outstanding;
    allocation.outstanding = counted;
  }
}
