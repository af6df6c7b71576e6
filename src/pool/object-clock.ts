/**
 * The time of an object, which never goes back. The host's clock may be set back, and a moment that lay a second ahead
 * would then lie an hour ahead: isolates would be told to come back after an hour, an ejection would last as long, and no
 * check would be made meanwhile. What is stored is the matter of `storage/clock-step.ts`.
 * @module
 */
import { CLOCK_STEP_MS, type Clock } from "../core/system.ts";

export class ObjectClock {
  readonly #platform: Clock;
  #lastMs = Number.NEGATIVE_INFINITY;
  /** By how much the platform's clock was set back since the object started. */
  #aheadMs = 0;

  /** @param platform the host's, in ms since the epoch */
  constructor(platform: Clock = () => Date.now()) {
    this.#platform = platform;
  }

  /**
   * In ms since the epoch, and never earlier than before: it stands still where the host's clock is set back by less than
   * `CLOCK_STEP_MS`, and goes on from where it was after a larger step.
   */
  readonly now: Clock = () => {
    const platformMs = this.#platform();
    const backMs = this.#lastMs - (platformMs + this.#aheadMs);
    if (backMs > CLOCK_STEP_MS) this.#aheadMs += backMs;
    this.#lastMs = Math.max(this.#lastMs, platformMs + this.#aheadMs);
    return this.#lastMs;
  };

  /** What the platform's clock says at that time of this one. */
  platformMs(atMs: number): number {
    this.now();
    return atMs - this.#aheadMs;
  }
}
