/**
 * How many moments lie in the last second, exactly: the half-open window (t - 1 s, t].
 * @module
 */

const WINDOW_MS = 1_000;

export class SlidingWindow {
  /** A ring, grown as needed; moments in ascending order. */
  #times = new Float64Array(64);
  #oldest = 0;
  #size = 0;

  /** @param nowMs not before the one added last @returns how many the window that ends now holds, this one included */
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
