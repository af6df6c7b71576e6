/**
 * Computes the wait before a failed call is tried again. It grows each time, up to a bound, to relieve the callee. It
 * is random, so that many callers that failed at once do not all come back together.
 * @module
 */
import type { Random } from "../system.ts";

export interface BackoffRange {
  /** After the first failure, in ms. */
  readonly firstMs: number;
  /** The longest, in ms. */
  readonly longestMs: number;
}

/** Milliseconds to wait: doubled with each failure. @param failures in a row, this one included: 1 or more */
export function backoffAfter(failures: number, { firstMs, longestMs }: BackoffRange): number {
  return Math.min(firstMs * 2 ** (failures - 1), longestMs);
}

const BASE_MS = 25;
const LONGEST_MS = 250;

/**
 * Milliseconds to wait before all servers are tried once more: uniform in [0, (2^round - 1) * 25 ms), at most 250 ms
 * (Envoy's full jitter).
 * @param round 1 for the first repetition
 */
export function backoffMs(round: number, random: Random): number {
  return random() * Math.min((2 ** round - 1) * BASE_MS, LONGEST_MS);
}

export interface CallBackoffOptions {
  readonly usual: BackoffRange;
  /** After an answer that says so: asking again soon is what would keep it overloaded. */
  readonly overloaded: BackoffRange;
  readonly random: Random;
}

/** For how long a callee is left alone after calls to it that failed; spread by half in both directions. */
export class CallBackoff {
  readonly #options: CallBackoffOptions;
  #failures = 0;
  #lastsMs = 0;
  #untilMs = Number.NEGATIVE_INFINITY;

  constructor(options: CallBackoffOptions) {
    this.#options = options;
  }

  /** When it may be called again, in ms since the epoch. In the past if the last call was answered. */
  get untilMs(): number {
    return this.#untilMs;
  }

  /** True from a failure until a call is answered. */
  get isFailing(): boolean {
    return this.#failures > 0;
  }

  /**
   * A call was not answered.
   * @param leastMs no shorter than this, before it is spread
   * @returns for how long it is left alone, in ms
   */
  failed(nowMs: number, isOverloaded: boolean, leastMs = 0): number {
    const { usual, overloaded, random } = this.#options;
    this.#failures++;
    const waitMs = Math.max(backoffAfter(this.#failures, isOverloaded ? overloaded : usual), leastMs);
    this.#lastsMs = Math.round(waitMs * (0.5 + random()));
    this.#untilMs = nowMs + this.#lastsMs;
    return this.#lastsMs;
  }

  /** It ends if it is further away than it was when it began: the clock was set back. */
  watchClock(nowMs: number): void {
    if (this.#untilMs - nowMs > this.#lastsMs) this.#untilMs = nowMs;
  }

  answered(): void {
    this.#failures = 0;
    this.#untilMs = Number.NEGATIVE_INFINITY;
  }
}
