/**
 * The tokens of an isolate: it holds one batch at a time, and reports once how much of each it has spent.
 * @module
 */
import type { RateGrant, RateReport } from "./rate-lease.ts";

/** Most batches in a report. Older ones than these come from a long silence and no longer count. */
const MOST_REPORTED = 16;

/** Tokens that came with one answer. */
interface Batch {
  /** Number of the lease that they came with. */
  readonly number: number;
  left: number;
  spent: number;
  lastSpentMs: number;
  readonly endsMs: number;
}

export class HeldTokens {
  #batch: Batch | null = null;
  /** Finished batches, for the next report. */
  #done: Batch[] = [];

  /** True if one is good now. */
  allows(nowMs: number): boolean {
    return this.#batchAt(nowMs) !== null;
  }

  /** Spends one; false: none is good now. */
  take(nowMs: number): boolean {
    const batch = this.#batchAt(nowMs);
    if (batch === null) return false;
    batch.left--;
    batch.spent++;
    batch.lastSpentMs = nowMs;
    return true;
  }

  /** @param sentMs when the report was sent that the grant answers */
  receive({ lease: number, tokens, token_ms }: RateGrant, sentMs: number): void {
    if (tokens === 0) return;
    // Only one batch can be kept; the later one is good for longer.
    this.finish();
    this.#batch = { number, left: tokens, spent: 0, lastSpentMs: sentMs, endsMs: sentMs + token_ms };
  }

  /** What is finished, for a report. It is told once: if that report is lost, tokens count a little longer. */
  takeSpent(nowMs: number): NonNullable<RateReport["spent"]> {
    if (!this.allows(nowMs)) this.finish();
    const done = this.#done;
    this.#done = [];
    return done.map(({ number, spent, lastSpentMs }) => [number, spent, Math.max(0, nowMs - lastSpentMs)]);
  }

  /** Gives up those that are left. */
  finish(): void {
    if (this.#batch === null) return;
    if (this.#done.length < MOST_REPORTED) this.#done.push(this.#batch);
    this.#batch = null;
  }

  #batchAt(nowMs: number): Batch | null {
    const batch = this.#batch;
    return batch !== null && batch.left > 0 && nowMs < batch.endsMs ? batch : null;
  }
}
