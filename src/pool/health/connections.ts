/**
 * An invocation may wait for the headers of six answers at once; the seventh is held back, and its time-out runs
 * meanwhile (docs/platform.md, six connections). So other work of an alarm (reading KV, writing to it, a notification)
 * reduces the number of checks that may run.
 * @module
 */

export const MOST_CONNECTIONS = 6;
/** Work that hangs beside the checks must not end them. */
const LEAST_PROBES = 3;
/** Connections that probes of slow origins leave to the prompt ones. */
const KEPT_FOR_PROMPT = 2;

export class Connections {
  #others = 0;

  /** How many probes may be out at once. */
  get probes(): number {
    return Math.max(LEAST_PROBES, MOST_CONNECTIONS - this.#others);
  }

  /** How many of them may be of origins that were slow last time. */
  get slowProbes(): number {
    return this.probes - KEPT_FOR_PROMPT;
  }

  /** One connection is taken until the work is over. */
  async during(work: Promise<unknown>): Promise<void> {
    this.#others++;
    try {
      await work;
    } finally {
      this.#others--;
    }
  }
}
