/**
 * How long calls take, and so how long to keep room for an answer. Smoothed mean and deviation as TCP does it
 * (RFC 6298, section 2).
 * @module
 */

/** Until the first call is measured. */
const INITIAL_BOUND_MS = 100;

export class RoundTrip {
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

  /** Milliseconds that nearly every call stays within. */
  get boundMs(): number {
    return this.#meanMs === null ? INITIAL_BOUND_MS : this.#meanMs + 4 * this.#deviationMs;
  }
}
