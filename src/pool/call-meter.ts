/**
 * How often the object is called: an average over the last minute.
 * @module
 */

const STEP_MS = 5_000;
const STEPS = 12;

export class CallMeter {
  readonly #counts = new Array<number>(STEPS).fill(0);
  readonly #startMs: number;
  #step: number;

  constructor(nowMs: number) {
    this.#startMs = nowMs;
    this.#step = Math.floor(nowMs / STEP_MS);
  }

  mark(nowMs: number): void {
    this.#advance(nowMs);
    const place = this.#step % STEPS;
    this.#counts[place] = (this.#counts[place] ?? 0) + 1;
  }

  perSecond(nowMs: number): number {
    this.#advance(nowMs);
    const calls = this.#counts.reduce((sum, count) => sum + count, 0);
    // The current step is still filling, and a young object has not been there for a minute.
    const coveredMs = Math.min(nowMs - this.#startMs, nowMs - (this.#step - STEPS + 1) * STEP_MS);
    return (calls / Math.max(coveredMs, 1_000)) * 1_000;
  }

  #advance(nowMs: number): void {
    const step = Math.floor(nowMs / STEP_MS);
    for (let gone = Math.max(this.#step + 1, step - STEPS + 1); gone <= step; gone++) {
      this.#counts[gone % STEPS] = 0;
    }
    this.#step = Math.max(this.#step, step);
  }
}
