/**
 * When isolates that found no token may ask again: one after the other, so that together they stay within what the
 * pool's object has left for such calls, however many they are.
 * @module
 */

/** Calls a second, syncs and calls for tokens together, that keep the object under 200; of the latter so many. */
const CALLS_PER_SECOND = 190;
export const FEWEST_ASKS = 50;
const MOST_ASKS = 150;

export class AskQueue {
  /** The last place given out. */
  #lastMs = Number.NEGATIVE_INFINITY;

  /**
   * One has just asked. Milliseconds until it may again.
   * @param syncs that the object answers, per second
   */
  waitMs(syncs: number, nowMs: number): number {
    const asks = Math.min(Math.max(CALLS_PER_SECOND - syncs, FEWEST_ASKS), MOST_ASKS);
    this.#lastMs = Math.max(nowMs, this.#lastMs + 1_000 / asks);
    return this.#lastMs - nowMs;
  }
}
