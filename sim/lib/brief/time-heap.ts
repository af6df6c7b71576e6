/**
 * Numbers in order of the times that they have: a binary heap.
 * @module
 */
import { grown } from "./request-table.ts";

const FIRST_SIZE = 64;

export class TimeHeap {
  #times = new Float64Array(FIRST_SIZE);
  #items = new Int32Array(FIRST_SIZE);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Infinity: there is none. */
  get firstMs(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : (this.#times[0] ?? 0);
  }

  /** All of them, in no particular order. */
  get items(): readonly number[] {
    return [...this.#items.subarray(0, this.#size)];
  }

  add(timeMs: number, item = 0): void {
    if (this.#size === this.#times.length) {
      this.#times = grown(this.#times, new Float64Array(2 * this.#size));
      this.#items = grown(this.#items, new Int32Array(2 * this.#size));
    }
    let place = this.#size++;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if ((this.#times[parent] ?? 0) <= timeMs) break;
      this.#copy(parent, place);
      place = parent;
    }
    this.#times[place] = timeMs;
    this.#items[place] = item;
  }

  /** Takes the first one out. */
  drop(): void {
    if (this.#size === 0) return;
    const last = --this.#size;
    const timeMs = this.#times[last] ?? 0;
    let place = 0;
    for (let child = 1; child < last; child = 2 * place + 1) {
      if (child + 1 < last && (this.#times[child + 1] ?? 0) < (this.#times[child] ?? 0)) child++;
      if (timeMs <= (this.#times[child] ?? 0)) break;
      this.#copy(child, place);
      place = child;
    }
    this.#times[place] = timeMs;
    this.#items[place] = this.#items[last] ?? 0;
  }

  clear(): void {
    this.#size = 0;
  }

  #copy(from: number, to: number): void {
    this.#times[to] = this.#times[from] ?? 0;
    this.#items[to] = this.#items[from] ?? 0;
  }
}
