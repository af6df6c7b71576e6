import { setImmediate } from "node:timers/promises";
import type { Timers } from "../../src/core/system.ts";

/** Timers and a clock that only move when a test moves them. */
export class VirtualTimers implements Timers {
  nowMs = 0;
  #handles = 0;
  readonly #due = new Map<number, { atMs: number; callback: () => void }>();

  /** Timers that are set and not yet due. */
  get pending(): number {
    return this.#due.size;
  }

  set(callback: () => void, delayMs: number): number {
    this.#due.set(++this.#handles, { atMs: this.nowMs + delayMs, callback });
    return this.#handles;
  }

  clear(handle: unknown): void {
    this.#due.delete(handle as number);
  }

  /** Lets `ms` pass. Runs the timers that become due in order; each one's consequences run before the next timer. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms;
    await setImmediate();
    for (let next = this.#next(untilMs); next !== null; next = this.#next(untilMs)) {
      const { atMs, callback } = next;
      this.nowMs = atMs;
      callback();
      await setImmediate();
    }
    this.nowMs = untilMs;
  }

  /** Removes the earliest timer that is due by `untilMs`; among equals the one set first. */
  #next(untilMs: number): { atMs: number; callback: () => void } | null {
    const [first] = [...this.#due].sort(([, a], [, b]) => a.atMs - b.atMs);
    if (first === undefined || first[1].atMs > untilMs) return null;
    this.#due.delete(first[0]);
    return first[1];
  }
}
