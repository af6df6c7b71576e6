/**
 * Times that a clock which is set back must not falsify.
 * @module
 */
import { CLOCK_STEP_MS } from "../../core/system.ts";

/** Infinity after a clock was set back: nobody knows how long ago it was, so everything is due. */
export function elapsedMs(sinceMs: number, nowMs: number): number {
  return nowMs < sinceMs - CLOCK_STEP_MS ? Number.POSITIVE_INFINITY : Math.max(0, nowMs - sinceMs);
}

/** True until then, unless it is further away than it can be: the clock was set back. */
export function isAhead(untilMs: number, nowMs: number, longestMs: number): boolean {
  return nowMs < untilMs && untilMs - nowMs <= longestMs + CLOCK_STEP_MS;
}
