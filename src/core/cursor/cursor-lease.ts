/**
 * Leases of the pool's round-robin cursor. The object hands out ranges of whole numbers, each number once, and an
 * isolate spends its range in memory. One isolate alone is exactly sequential; many are fair to within the positions
 * that they hold unspent.
 * @module
 */

import type { CursorSource } from "./cursor.ts";

/** Positions `start` to `end - 1`, whole numbers of at least 0. */
export interface CursorRange {
  /** The first position. */
  start: number;
  /** Behind the last position. */
  end: number;
}

/**
 * How many returned ranges are kept for re-issue. Dropping more than these only skips positions, which nobody notices.
 */
const MOST_RETURNED = 64;

/** The authority: gives every position out once, and again if it came back unspent. */
export class CursorAllocator {
  #next: number;
  readonly #returned: CursorRange[] = [];

  /** @param next the first position to give out */
  constructor(next = 0) {
    this.#next = next;
  }

  /** The next position that was never given out. */
  get position(): number {
    return this.#next;
  }

  /** The next new position, leaving returned ranges aside. */
  next(): number {
    return this.#next++;
  }

  /** A range of at most `count` positions (at least 1); shorter if a returned range is given out again. */
  grant(count: number): CursorRange {
    const wanted = Math.max(1, Math.floor(count));
    // A range of less than half of `count` would soon cost another call: it waits for an isolate that asks for fewer.
    const index = this.#returned.findIndex(({ start, end }) => (end - start) * 2 >= wanted);
    const returned = this.#returned[index];
    if (returned === undefined) {
      const start = this.#next;
      this.#next += wanted;
      return { start, end: this.#next };
    }
    const end = Math.min(returned.end, returned.start + wanted);
    const range = { start: returned.start, end };
    returned.start = end;
    if (returned.start === returned.end) this.#returned.splice(index, 1);
    return range;
  }

  /** Takes an unspent range back. The newest one simply moves the cursor back. */
  giveBack(range: CursorRange): void {
    if (!(range.start < range.end) || range.end > this.#next || range.start < 0) return;
    if (range.end === this.#next) this.#goBack(range.start);
    else if (this.#returned.length < MOST_RETURNED) this.#returned.push({ ...range });
  }

  /** Moves the cursor back to `position`, and further back over returned ranges that end there. */
  #goBack(position: number): void {
    this.#next = position;
    const index = this.#returned.findIndex(({ end }) => end === position);
    const [before] = index < 0 ? [] : this.#returned.splice(index, 1);
    if (before !== undefined) this.#goBack(before.start);
  }
}

/**
 * An isolate's share of the cursor. Never waits: past its lease it goes on counting, and takes the excess off the next
 * one.
 */
export class LeasedCursor implements CursorSource {
  #ranges: CursorRange[] = [];
  #position: number;
  #overdrawn = 0;
  #hasHeldLease = false;
  #lastGrant = 0;

  /**
   * @param start first position while no lease has arrived. Random, or all isolates would begin with the same server
   */
  constructor(start: number) {
    this.#position = start;
  }

  next(): number {
    const range = this.#ranges[0];
    if (range === undefined) {
      if (this.#hasHeldLease) this.#overdrawn++;
      return this.#position++;
    }
    const position = range.start++;
    if (range.start >= range.end) this.#ranges.shift();
    this.#position = position + 1;
    return position;
  }

  /** Positions left to spend. */
  get remaining(): number {
    return this.#ranges.reduce((sum, range) => sum + range.end - range.start, 0);
  }

  /** True when half of the last grant is spent: asking now keeps a request from ever waiting. */
  get isLow(): boolean {
    const range = this.#ranges[0];
    if (range === undefined) return true;
    return this.#ranges.length === 1 && (range.end - range.start) * 2 <= this.#lastGrant;
  }

  /** Adds a granted range, less the positions counted beyond the lease before the range arrived. */
  lease(granted: CursorRange): void {
    const size = granted.end - granted.start;
    const repaid = Math.min(this.#overdrawn, size);
    this.#overdrawn -= repaid;
    this.#hasHeldLease = true;
    this.#lastGrant = size;
    if (repaid < size) this.#ranges.push({ start: granted.start + repaid, end: granted.end });
  }

  /**
   * Gives up all positions beyond the next `keep`, the newest first, so that a lone isolate just moves the cursor back.
   */
  giveBack(keep = 0): CursorRange[] {
    const given: CursorRange[] = [];
    for (let excess = this.remaining - keep; excess > 0; ) {
      const newest = this.#ranges.pop();
      if (newest === undefined) break;
      const start = Math.max(newest.start, newest.end - excess);
      if (start > newest.start) this.#ranges.push({ start: newest.start, end: start });
      given.push({ start, end: newest.end });
      excess -= newest.end - start;
    }
    this.#lastGrant = Math.min(this.#lastGrant, this.remaining);
    return given;
  }
}
