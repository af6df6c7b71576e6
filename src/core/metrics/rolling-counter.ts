/**
 * Counts events of a window that moves with the clock: a ring of slots, the oldest of which makes room for the newest. O(1)
 * memory; an event is forgotten after one window, or up to one slot earlier.
 * @module
 */

/** A rate over less than this says little. */
const SHORTEST_MS = 1_000;

export class RollingCounter {
  readonly #slotMs: number;
  readonly #counts: number[];
  /** Over all slots. */
  #sum = 0;
  /** Number of the newest slot. */
  #newest = Number.NEGATIVE_INFINITY;

  /** @param slotMs length of a slot @param slots how many of them a window has */
  constructor(slotMs: number, slots: number) {
    this.#slotMs = slotMs;
    this.#counts = new Array<number>(slots).fill(0);
  }

  /** An event. @param mostInSlot no slot counts more than that */
  add(nowMs: number, mostInSlot = Number.POSITIVE_INFINITY): void {
    const slot = this.#advance(nowMs);
    const count = this.#counts[slot] ?? 0;
    if (count >= mostInSlot) return;
    this.#counts[slot] = count + 1;
    this.#sum++;
  }

  /** Events in the window. */
  sum(nowMs: number): number {
    this.#advance(nowMs);
    return this.#sum;
  }

  /** Events a second, over the part of the window that has passed since `sinceMs`, when counting began. */
  perSecond(nowMs: number, sinceMs: number): number {
    const sum = this.sum(nowMs);
    const windowStartMs = (this.#newest - this.#counts.length + 1) * this.#slotMs;
    return (sum / Math.max(nowMs - Math.max(sinceMs, windowStartMs), SHORTEST_MS)) * 1_000;
  }

  /** Forgets the slots that have left the window. A clock that steps back is taken to stand still. */
  #advance(nowMs: number): number {
    const slots = this.#counts.length;
    const now = Math.max(Math.floor(nowMs / this.#slotMs), this.#newest);
    for (let number = Math.max(this.#newest + 1, now - slots + 1); number <= now; number++) {
      const slot = number % slots;
      this.#sum -= this.#counts[slot] ?? 0;
      this.#counts[slot] = 0;
    }
    this.#newest = now;
    return now % slots;
  }
}
