/**
 * Tokens that were given beyond the shares of a limit, a batch with each answer, and how long they count against it.
 * @module
 */
import { HOLD_MS } from "./rate-lease.ts";

export interface TokenBatch {
  /** Of the lease it came with. */
  number: number;
  count: number;
  /** Counts until then: a second after its tokens were last good. */
  untilMs: number;
}

export class TokenBatches {
  #batches: TokenBatch[] = [];
  #counted = 0;
  #dropsMs = Number.POSITIVE_INFINITY;

  /** Tokens that may have been used in the last second, as of the last `settle`. */
  get counted(): number {
    return this.#counted;
  }

  /** When the next of them stops counting; Infinity if there are none. */
  get dropsMs(): number {
    return this.#dropsMs;
  }

  give(batch: TokenBatch): void {
    this.#batches.push(batch);
    this.#counted += batch.count;
    this.#dropsMs = Math.min(this.#dropsMs, batch.untilMs);
  }

  /** Tokens known to be spent count from then; those left over no longer do. */
  done(number: number, spent: number, lastMs: number): void {
    const batch = this.#batches.find((candidate) => candidate.number === number);
    if (batch === undefined) return;
    const count = Math.min(batch.count, spent);
    this.#counted += count - batch.count;
    batch.count = count;
    batch.untilMs = Math.min(batch.untilMs, lastMs + HOLD_MS);
    this.#dropsMs = Math.min(this.#dropsMs, batch.untilMs);
  }

  /** Drops what has stopped counting. */
  settle(nowMs: number): void {
    if (nowMs < this.#dropsMs) return;
    this.#batches = this.#batches.filter(({ untilMs }) => untilMs > nowMs);
    this.#counted = this.#batches.reduce((sum, { count }) => sum + count, 0);
    this.#dropsMs = this.#batches.reduce(
      (next, { untilMs }) => Math.min(next, untilMs),
      Number.POSITIVE_INFINITY,
    );
  }
}
