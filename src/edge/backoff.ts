/**
 * For how long the pool's object is left alone after calls to it that failed: longer each time, and not as long as
 * by other isolates that failed in the same moment, or all of them would be back at once.
 * @module
 */
import type { Random } from "../core/system.ts";

/** The first time, and the longest. */
const USUAL_MS = { first: 500, longest: 15_000 };
/** The same if it said that it is overloaded: asking again soon is what would keep it so. */
const OVERLOADED_MS = { first: 4_000, longest: 60_000 };

export class Backoff {
  readonly #random: Random;
  #failures = 0;
  #untilMs = Number.NEGATIVE_INFINITY;

  constructor(random: Random) {
    this.#random = random;
  }

  /** When the object may be called again. In the past if the last call was answered. */
  get untilMs(): number {
    return this.#untilMs;
  }

  /** True from a failure until a call is answered. */
  get isFailing(): boolean {
    return this.#failures > 0;
  }

  /**
   * A call was not answered.
   * @param leastMs no shorter than this
   * @returns for how long it is left alone, in ms
   */
  failed(nowMs: number, isOverloaded: boolean, leastMs = 0): number {
    const { first, longest } = isOverloaded ? OVERLOADED_MS : USUAL_MS;
    const backoffMs = Math.max(Math.min(first * 2 ** this.#failures, longest), leastMs);
    const spreadMs = Math.round(backoffMs * (0.5 + this.#random()));
    this.#failures++;
    this.#untilMs = nowMs + spreadMs;
    return spreadMs;
  }

  answered(): void {
    this.#failures = 0;
    this.#untilMs = Number.NEGATIVE_INFINITY;
  }
}
