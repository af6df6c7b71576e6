/**
 * Tokens that were given beyond the shares of a limit, a batch with each answer, and how long they count against it.
 * @module
 */
import { HOLD_MS } from "./rate-lease.ts";

export interface TokenBatch {
  /** Of the lease it came with; no other batch has it. */
  readonly number: number;
  count: number;
  readonly givenMs: number;
  /** Counts until then: a second after its tokens were last good. */
  untilMs: number;
}

export class TokenBatches {
  readonly #batches = new Map<number, TokenBatch>();
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
    this.#batches.set(batch.number, batch);
    this.#counted += batch.count;
    this.#dropsMs = Math.min(this.#dropsMs, batch.untilMs);
  }

  /** Tokens known to be spent count from then; those left over no longer do. */
  done(number: number, spent: number, lastMs: number): void {
    const batch = this.#batches.get(number);
    if (batch === undefined) return;
    const count = Math.min(batch.count, spent);
    this.#counted += count - batch.count;
    batch.count = count;
    // None was spent before it was given, whatever the clock of who spent it has done meanwhile.
    batch.untilMs = Math.min(batch.untilMs, Math.max(lastMs, batch.givenMs) + HOLD_MS);
    this.#dropsMs = Math.min(this.#dropsMs, batch.untilMs);
  }

  /** Drops what has stopped counting. */
  settle(nowMs: number): void {
    if (nowMs < this.#dropsMs) return;
    this.#counted = 0;
    this.#dropsMs = Number.POSITIVE_INFINITY;
    for (const [number, { count, untilMs }] of this.#batches) {
      if (untilMs <= nowMs) {
        this.#batches.delete(number);
        continue;
      }
      this.#counted += count;
      this.#dropsMs = Math.min(this.#dropsMs, untilMs);
    }
  }
}
