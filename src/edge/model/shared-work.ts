/**
 * Work that many requests of an isolate need at once, and that one of them does for all. The others watch for its end:
 * a promise of another request must not be awaited (docs/platform.md, isolate memory).
 * @module
 */
import type { Background, Surroundings } from "./surroundings.ts";

const POLL_MS = 5;

type Waiting = Pick<Surroundings, "now" | "wait">;

export class SharedWork {
  readonly #longestMs: number;
  readonly #surroundings: Waiting;
  #startedMs = Number.NEGATIVE_INFINITY;

  /** @param longestMs work that is not over by then was lost with the request that did it */
  constructor(longestMs: number, surroundings: Waiting) {
    this.#longestMs = longestMs;
    this.#surroundings = surroundings;
  }

  /** Does the work, or waits while another request does it. Rejects if `work` does, and only where it is done. */
  async run(background: Background, work: () => Promise<void>): Promise<void> {
    if (this.#isUnderWay) {
      while (this.#isUnderWay) await this.#surroundings.wait(POLL_MS);
      return;
    }
    const working = this.#do(work);
    // Others wait for it: it must not end with its client.
    background.waitUntil(working);
    await working;
  }

  async #do(work: () => Promise<void>): Promise<void> {
    const startedMs = this.#surroundings.now();
    this.#startedMs = startedMs;
    try {
      await work();
    } finally {
      if (this.#startedMs === startedMs) this.#startedMs = Number.NEGATIVE_INFINITY;
    }
  }

  get #isUnderWay(): boolean {
    // The clock may be set back.
    return Math.abs(this.#surroundings.now() - this.#startedMs) < this.#longestMs;
  }
}
