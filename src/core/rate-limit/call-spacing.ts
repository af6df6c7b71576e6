/**
 * Gives out times that are evenly apart, so that calls that come at them never exceed a rate.
 * @module
 */

export class CallSpacing {
  /** The last time that was given out. */
  #lastMs = Number.NEGATIVE_INFINITY;

  /** Milliseconds until the next time, which this call takes. */
  waitMs(perSecond: number, nowMs: number): number {
    this.#lastMs = Math.max(nowMs, this.#lastMs + 1_000 / perSecond);
    return this.#lastMs - nowMs;
  }
}
