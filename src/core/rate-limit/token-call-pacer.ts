/**
 * Spaces out the calls of isolates that found no token: one after the other, so that any number of isolates together
 * stays within the calls that the pool's object can still answer.
 * @module
 */

/**
 * Calls a second, syncs and calls for tokens together, that keep the object under 200; and bounds of the calls for
 * tokens.
 */
const CALLS_PER_SECOND = 187;
export const FEWEST_TOKEN_CALLS = 50;
const MOST_TOKEN_CALLS = 150;

/** Slots a second for those that have not called, beside those of the queue. */
const FIRST_SLOTS = 10;
/** Length of a slot in ms. Short, because all isolates whose slots overlap may call at one moment. */
const SLOT_MS = 2_000;
const GOLDEN_RATIO = 0.618_033_988_749_895;

/** When an isolate may call for tokens. */
export interface CallSlot {
  /** Counted from now; 0: at once. */
  waitMs: number;
  /** Length of the slot; null: at any time after. */
  forMs: number | null;
}

export class TokenCallPacer {
  /** The last time that was given out. */
  #lastMs = Number.NEGATIVE_INFINITY;
  #slots = 0;

  /**
   * Milliseconds until an isolate that has just called may call again.
   * @param syncs syncs that the object answers, per second
   */
  waitMs(syncs: number, nowMs: number): number {
    this.#lastMs = Math.max(nowMs, this.#lastMs + 1_000 / tokenCallsPerSecond(syncs));
    return this.#lastMs - nowMs;
  }

  /** The next slot of an isolate that has just called. */
  nextSlot(isolates: number, syncs: number, nowMs: number): CallSlot {
    const isCrowd = isolates > tokenCallsPerSecond(syncs);
    const waitMs = this.waitMs(isCrowd ? syncs + FIRST_SLOTS : syncs, nowMs);
    return { waitMs: Math.ceil(waitMs), forMs: isCrowd ? SLOT_MS : null };
  }

  /**
   * A slot for an isolate that has not called, since a crowd of them may run out of tokens at the same moment. These
   * slots are spread evenly over the time in which all isolates can have one.
   */
  firstSlot(isolates: number, syncs: number): CallSlot {
    if (isolates <= tokenCallsPerSecond(syncs)) return { waitMs: 0, forMs: null };
    const position = (++this.#slots * GOLDEN_RATIO) % 1;
    return { waitMs: Math.ceil((position * isolates * 1_000) / FIRST_SLOTS), forMs: SLOT_MS };
  }
}

function tokenCallsPerSecond(syncs: number): number {
  return Math.min(Math.max(CALLS_PER_SECOND - syncs, FEWEST_TOKEN_CALLS), MOST_TOKEN_CALLS);
}
