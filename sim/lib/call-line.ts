/**
 * The line of calls before a Durable Object: one at a time, each for a while, and none while it is out of reach.
 * @module
 */
import type { EventQueue } from "./event-queue.ts";

/** An object takes about a thousand calls a second; beyond that they queue (docs/platform.md, Durable Objects). */
const CALL_MS = 1;
/** A call that would wait longer is refused as `overloaded`. */
const LONGEST_QUEUE_MS = 1_000;

/** Errors as Durable Objects throw them. */
const UNREACHABLE = Object.assign(new Error("Network connection lost."), { retryable: true });
const OVERLOADED = Object.assign(new Error("Durable Object is overloaded."), { overloaded: true });

export class CallLine {
  readonly #queue: EventQueue;
  #freeAtMs = Number.NEGATIVE_INFINITY;
  /** True during an outage: no call reaches the object. */
  isDown = false;

  constructor(queue: EventQueue) {
    this.#queue = queue;
  }

  /** A call has arrived. Later one of the two callbacks gets its result. */
  call<T>(act: () => T, answered: (value: T) => void, failed: (error: Error) => void): void {
    const { nowMs } = this.#queue;
    if (this.isDown) {
      failed(UNREACHABLE);
      return;
    }
    const startMs = Math.max(nowMs, this.#freeAtMs);
    if (startMs - nowMs > LONGEST_QUEUE_MS) {
      failed(OVERLOADED);
      return;
    }
    this.#freeAtMs = startMs + CALL_MS;
    this.#queue.at(this.#freeAtMs, () => {
      if (this.isDown) failed(UNREACHABLE);
      else answered(act());
    });
  }
}
