/**
 * Estimates how long to wait for the answer to a call. It keeps a smoothed mean and deviation of past calls, as TCP
 * does for its retransmission time-out (RFC 6298, section 2).
 * @module
 */

/** Until the first call is measured. */
const INITIAL_RTO_MS = 100;

export class RttEstimator {
  #meanMs: number | null = null;
  #deviationMs = 0;

  observe(durationMs: number): void {
    if (this.#meanMs === null) {
      this.#meanMs = durationMs;
      this.#deviationMs = durationMs / 2;
      return;
    }
    this.#deviationMs += (Math.abs(durationMs - this.#meanMs) - this.#deviationMs) / 4;
    this.#meanMs += (durationMs - this.#meanMs) / 8;
  }

  /** True once a call was measured. */
  get isMeasured(): boolean {
    return this.#meanMs !== null;
  }

  /** Milliseconds that most calls take at least; 0: none was measured. */
  get leastMs(): number {
    return this.#meanMs === null ? 0 : Math.max(0, this.#meanMs - this.#deviationMs);
  }

  /** Milliseconds that nearly every call stays within. */
  get rtoMs(): number {
    return this.#meanMs === null ? INITIAL_RTO_MS : this.#meanMs + 4 * this.#deviationMs;
  }
}
