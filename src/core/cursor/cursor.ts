/** Where round robin counts. @module */

/**
 * The source of round-robin positions: a plain counter in one process, a leased range of the pool's cursor at the edge.
 */
export interface CursorSource {
  /** The next position: a whole number of at least 0. */
  next(): number;
}

/** A plain counter: the cursor of one process. */
export class CountingCursor implements CursorSource {
  #next = 0;

  next(): number {
    return this.#next++;
  }
}
