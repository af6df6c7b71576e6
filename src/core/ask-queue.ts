/**
 * When isolates that found no token may ask again: one after the other, so that together they stay within what the
 * pool's object has left for such calls, however many they are.
 * @module
 */

/** Calls a second, syncs and calls for tokens together, that keep the object under 200; of the latter so many. */
const CALLS_PER_SECOND = 190;
export const FEWEST_ASKS = 50;
const MOST_ASKS = 150;

/** Turns a second for those that have not asked, beside those of the queue. */
const FIRST_TURNS = 10;
/** For how long who has a turn may ask. Short: so many may ask in one moment, should all of them come to need it. */
const TURN_MS = 2_000;
const GOLDEN_RATIO = 0.618_033_988_749_895;

/** When an isolate may ask. */
export interface AskTurn {
  /** Counted from now; 0: at once. */
  waitMs: number;
  /** For so long; null: at any time after. */
  forMs: number | null;
}

export class AskQueue {
  /** The last place given out. */
  #lastMs = Number.NEGATIVE_INFINITY;
  #turns = 0;

  /**
   * One has just asked. Milliseconds until it may again.
   * @param syncs that the object answers, per second
   */
  waitMs(syncs: number, nowMs: number): number {
    this.#lastMs = Math.max(nowMs, this.#lastMs + 1_000 / asksPerSecond(syncs));
    return this.#lastMs - nowMs;
  }

  /** The next turn of one that has just asked. */
  again(isolates: number, syncs: number, nowMs: number): AskTurn {
    const isCrowd = isolates > asksPerSecond(syncs);
    const waitMs = this.waitMs(isCrowd ? syncs + FIRST_TURNS : syncs, nowMs);
    return { waitMs: Math.ceil(waitMs), forMs: isCrowd ? TURN_MS : null };
  }

  /**
   * A turn for one that has not asked: a crowd of them may run out of tokens in the same moment. Spread evenly over
   * the time in which all isolates can have one.
   */
  first(isolates: number, syncs: number): AskTurn {
    if (isolates <= asksPerSecond(syncs)) return { waitMs: 0, forMs: null };
    const place = (++this.#turns * GOLDEN_RATIO) % 1;
    return { waitMs: Math.ceil((place * isolates * 1_000) / FIRST_TURNS), forMs: TURN_MS };
  }
}

function asksPerSecond(syncs: number): number {
  return Math.min(Math.max(CALLS_PER_SECOND - syncs, FEWEST_ASKS), MOST_ASKS);
}
