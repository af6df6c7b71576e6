/**
 * Times that a clock which is set back must not falsify.
 * @module
 */

/** A clock that is set back by less is taken to stand still; after a larger step nobody knows how long ago anything was. */
export const CLOCK_STEP_MS = 1_000;

/** Infinity after a clock was set back: then everything is due. */
export function elapsedMs(sinceMs: number, nowMs: number): number {
  return nowMs < sinceMs - CLOCK_STEP_MS ? Number.POSITIVE_INFINITY : Math.max(0, nowMs - sinceMs);
}

/** True until then, unless it is further away than it can be: the clock was set back. */
export function isAhead(untilMs: number, nowMs: number, longestMs: number): boolean {
  return nowMs < untilMs && untilMs - nowMs <= longestMs + CLOCK_STEP_MS;
}
