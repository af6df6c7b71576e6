/**
 * Timers of a request. Each is the platform's own, though that costs a tenth of a bare pass-through (docs/performance.md)
 * and nearly all are stopped long before they are due: a wait that several requests share would have to go on in each of
 * them, and what one request settles for another may go on in the wrong one (docs/platform.md, isolate memory).
 * @module
 */
import type { Clock } from "../../core/system.ts";

/** Fires once, unless it is stopped before. */
export interface Timer {
  stop(): void;
}

/** Starts timers that belong to one request, and tells the time they go by. */
export interface TimerStarter {
  readonly now: Clock;
  startTimer(ms: number, onFire: () => void): Timer;
}
