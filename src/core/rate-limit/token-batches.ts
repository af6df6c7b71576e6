/**
 * Tracks tokens granted beyond the shares of a limit, one batch with each answer, and how long they count against the
 * limit.
 * @module
 */
import { SAFE_WINDOW_MS } from "./rate-lease.ts";

export interface TokenBatch {
  /** Number of the lease it came with; no other batch has this number. */
  readonly number: number;
  count: number;
  readonly grantedMs: number;
  /** The batch counts until this time, a second after its tokens were last good. */
  untilMs: number;
}

export class TokenBatches {
  readonly #batches = new Map<number, TokenBatch>();
  #outstanding = 0;
  #nextExpiryMs = Number.POSITIVE_INFINITY;

  /** Tokens that may have been used in the last second, as of the last `expire`. */
  get outstanding(): number {
    return this.#outstanding;
  }

  /** The time at which the next batch stops counting; Infinity if there is none. */
  get nextExpiryMs(): number {
    return this.#nextExpiryMs;
  }

  grant(batch: TokenBatch): void {
    this.#batches.set(batch.number, batch);
    this.#outstanding += batch.count;
    this.#nextExpiryMs = Math.min(this.#nextExpiryMs, batch.untilMs);
  }

  /**
   * Records that `spent` tokens of a batch were used, the last at `lastMs`. They count from then; the rest no longer
   * count.
   */
  recordSpent(number: number, spent: number, lastMs: number): void {
    const batch = this.#batches.get(number);
    if (batch === undefined) return;
    const count = Math.min(batch.count, spent);
    this.#outstanding += count - batch.count;
    batch.count = count;
    // No token was spent before it was granted, whatever the clock of the isolate has done meanwhile.
    batch.untilMs = Math.min(batch.untilMs, Math.max(lastMs, batch.grantedMs) + SAFE_WINDOW_MS);
    this.#nextExpiryMs = Math.min(this.#nextExpiryMs, batch.untilMs);
  }

  /** Drops batches that have stopped counting. */
  expire(nowMs: number): void {
    if (nowMs < this.#nextExpiryMs) return;
    this.#outstanding = 0;
    this.#nextExpiryMs = Number.POSITIVE_INFINITY;
    for (const [number, { count, untilMs }] of this.#batches) {
      if (untilMs <= nowMs) {
        this.#batches.delete(number);
        continue;
      }
      this.#outstanding += count;
      this.#nextExpiryMs = Math.min(this.#nextExpiryMs, untilMs);
    }
  }
}
