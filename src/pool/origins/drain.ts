/**
 * Decides when a drain is over: when the origin is known to have no open requests and sessions left, or when its time
 * is up.
 * @module
 */

/** A drain as it is stored. Milliseconds since the epoch. */
export interface Drain {
  startedMs: number;
  deadlineMs: number;
  /**
   * By this time every isolate has learned of it, and has reported its connections since. Absent: written by an older
   * version.
   */
  noticedMs?: number;
}

/** Time after which an isolate at the fastest pace has learned of a drain and has reported since. */
const NOTICE_MS = 3_000;
/** Longest time of a call, there and back. */
const CALL_MS = 1_000;

export interface DrainOptions {
  nowMs: number;
  /** For how long at most. */
  timeoutMs: number;
  /** By when all isolates will have called that were sent away until now. */
  calledByMs: number;
}

/**
 * Within one pace each isolate learns of the drain. Within another one it reports its earlier picks, since its first
 * report left before the answer came.
 */
export function newDrain({ nowMs, timeoutMs, calledByMs }: DrainOptions): Drain {
  const paceMs = Math.max(0, calledByMs - nowMs);
  const noticedMs = nowMs + Math.max(NOTICE_MS, 2 * paceMs + CALL_MS);
  return { startedMs: nowMs, deadlineMs: nowMs + timeoutMs, noticedMs };
}

/** From when on a count of 0 can be believed. */
export function noticedMs({ startedMs, noticedMs: storedMs }: Drain): number {
  return storedMs ?? startedMs + NOTICE_MS;
}

export interface DrainProgress {
  nowMs: number;
  /** Live connections that are known of. */
  left: number;
  /** Sessions may come back any time until the deadline. */
  keepsSessions: boolean;
  /** The time from which connections of a previous incarnation are reported again, or gone. */
  accountedMs: number;
}

export function isDrainOver(
  drain: Drain,
  { nowMs, left, keepsSessions, accountedMs }: DrainProgress,
): boolean {
  if (nowMs >= drain.deadlineMs) return true;
  return !keepsSessions && left === 0 && nowMs >= Math.max(noticedMs(drain), accountedMs);
}
