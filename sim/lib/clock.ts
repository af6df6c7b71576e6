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

/** Null: it has been cleared. */
interface VirtualTimer {
  act: (() => void) | null;
}

/** @param isAlive false once the runtime is gone, and its timers with it */
export function virtualTimers(queue: EventQueue, isAlive: () => boolean): Timers {
  return {
    set: (act, delayMs) => {
      const timer: VirtualTimer = { act };
      queue.in(delayMs, () => {
        if (timer.act === null || !isAlive()) return;
        timer.act();
        queue.settle();
      });
      return timer;
    },
    // What it would have done is let go of: time-outs outlast their requests by far.
    clear: (handle) => {
      (handle as VirtualTimer).act = null;
    },
  };
}
