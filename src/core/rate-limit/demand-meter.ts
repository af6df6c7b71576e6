/**
 * The requests per second that would go to an origin from an isolate, as a moving average.
 * @module
 */

/** Time constant of the average. */
const DEMAND_MS = 2_000;
/** Shortest time that a rate is computed over, in ms: one request in a millisecond is not a thousand per second. */
const SHORTEST_SAMPLE_MS = 500;

export class DemandMeter {
  /** Requests since the last sample. */
  #attempts = 0;
  #lastMs = Number.NEGATIVE_INFINITY;
  /** When the last sample was taken; null: there was no request yet. */
  #sampledMs: number | null = null;
  #weightedCount = 0;
  #weightedMs = 0;

  /** When the last request came, in ms. */
  get lastMs(): number {
    return this.#lastMs;
  }

  /** A request came, whether or not it was let through. */
  count(nowMs: number): void {
    this.#sampledMs ??= nowMs;
    this.#attempts++;
    this.#lastMs = nowMs;
  }

  /** A request that was counted is counted elsewhere. */
  uncount(): void {
    this.#attempts--;
  }

  /** Takes a sample. Count and time both decay, so that the first second is as accurate as later ones. */
  perSecond(nowMs: number): number {
    const elapsedMs = Math.max(0, nowMs - (this.#sampledMs ?? nowMs));
    const fade = Math.exp(-elapsedMs / DEMAND_MS);
    this.#weightedCount = this.#weightedCount * fade + this.#attempts;
    this.#weightedMs = this.#weightedMs * fade + elapsedMs;
    this.#attempts = 0;
    this.#sampledMs = nowMs;
    return (Math.max(0, this.#weightedCount) * 1_000) / Math.max(this.#weightedMs, SHORTEST_SAMPLE_MS);
  }

  /** The clock was set back: the time since the last sample is not known. */
  clockSetBack(nowMs: number): void {
    this.#lastMs = Math.min(this.#lastMs, nowMs);
    this.#sampledMs = this.#sampledMs === null ? null : nowMs;
  }
}
