/**
 * Counts the events of the last second exactly: those in the half-open window (t - 1 s, t].
 * @module
 */

const WINDOW_MS = 1_000;

export class SlidingWindow {
  /** A ring buffer that grows as needed, with times in ascending order. */
  #times = new Float64Array(64);
  #oldest = 0;
  #size = 0;

  /** @param nowMs not before the last one added @returns events in the window that ends now, this one included */
  add(nowMs: number): number {
    while (this.#size > 0 && nowMs - (this.#times[this.#oldest] ?? 0) >= WINDOW_MS) {
      this.#oldest = (this.#oldest + 1) % this.#times.length;
      this.#size--;
    }
    if (this.#size === this.#times.length) this.#grow();
    this.#times[(this.#oldest + this.#size) % this.#times.length] = nowMs;
    return ++this.#size;
  }

  #grow(): void {
    const grown = new Float64Array(2 * this.#times.length);
    grown.set(this.#times.subarray(this.#oldest));
    grown.set(this.#times.subarray(0, this.#oldest), this.#times.length - this.#oldest);
    this.#times = grown;
    this.#oldest = 0;
  }
}
