/**
 * What a runtime knows of time: its clock, which has whole milliseconds and an error against the true time, and its timers.
 * @module
 */
import type { Timers } from "../../src/core/system.ts";
import type { EventQueue } from "./event-queue.ts";

/** Virtual second 0. Any time is possible, but it must be the same in each run. */
const EPOCH_MS = Date.UTC(2026, 0, 1);
/** Largest error of a machine's clock. */
const LARGEST_SKEW_MS = 500;

/** @param random draws the skew, in [0, 1) */
export function skewedClock(queue: EventQueue, random: () => number): () => number {
  const offsetMs = EPOCH_MS + (2 * random() - 1) * LARGEST_SKEW_MS;
  return () => Math.floor(queue.nowMs + offsetMs);
}

/** What timers belong to. */
interface Runtime {
  readonly isAlive: boolean;
  /** Called before a timer does anything. */
  readonly wakes?: (() => void) | null;
}

/** A timer of a runtime, which ends with it. */
export class VirtualTimer {
  /** Null: it was stopped. */
  #act: (() => void) | null;

  constructor(queue: EventQueue, delayMs: number, act: () => void, runtime: Runtime) {
    this.#act = act;
    queue.in(delayMs, () => {
      if (this.#act === null || !runtime.isAlive) return;
      runtime.wakes?.();
      // That may have stopped it.
      this.#act?.();
      queue.settle();
    });
  }

  /** What it would have done is let go of: time-outs outlast their requests by far. */
  stop(): void {
    this.#act = null;
  }
}

/** The timers of a runtime that lasts. */
export function virtualTimers(queue: EventQueue): Timers {
  const runtime = { isAlive: true };
  return {
    set: (act, delayMs) => new VirtualTimer(queue, delayMs, act, runtime),
    clear: (timer) => (timer as VirtualTimer).stop(),
  };
}

/** Resolves after `ms`. Rejects when `signal` is aborted. @param start of a timer */
export function abortableWait(
  start: (delayMs: number, act: () => void) => { stop(): void },
  ms: number,
  signal?: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = start(ms, resolve);
    signal?.addEventListener("abort", () => {
      timer.stop();
      reject(signal.reason);
    });
  });
}

/** Waits of a runtime that lasts. */
export function virtualWait(queue: EventQueue): (ms: number, signal?: AbortSignal) => Promise<void> {
  const runtime = { isAlive: true };
  return (ms, signal) =>
    abortableWait((delayMs, act) => new VirtualTimer(queue, delayMs, act, runtime), ms, signal);
}
