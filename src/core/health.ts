/**
 * When probes make a server healthy or unhealthy, and when one that keeps changing is held down. Reducers over plain
 * data: compare before and after to see a flip.
 * @module
 */

/** Plain data; stored as it is. */
export interface HealthState {
  readonly healthy: boolean;
  /** Results in a row that speak against `healthy`. */
  readonly streak: number;
}

/** Results in a row that it takes, each at least 1. */
export interface Thresholds {
  /** Passes that make an unhealthy server healthy. */
  readonly rise: number;
  /** Failures that make a healthy server unhealthy. */
  readonly fall: number;
}

/** What one probe changes. One opposite result resets the streak. */
export function observe(state: HealthState, passed: boolean, thresholds: Thresholds): HealthState {
  if (passed === state.healthy) return state.streak === 0 ? state : { ...state, streak: 0 };
  const streak = state.streak + 1;
  const needed = passed ? thresholds.rise : thresholds.fall;
  return streak >= needed ? { healthy: passed, streak: 0 } : { ...state, streak };
}

/** When changes of state are too many. After route flap damping (RFC 2439), with holds instead of penalties. */
export interface FlapConfig {
  /** More changes than this within the window start a hold. */
  readonly maxTransitions: number;
  readonly windowMs: number;
  /** The first hold. Each further one is twice as long as the one before. */
  readonly baseHoldMs: number;
  /** No hold is longer. */
  readonly maxHoldMs: number;
}

/** Plain data; stored as it is. */
export interface FlapState {
  /** When the latest changes were, oldest first; at most one more than `maxTransitions`. */
  readonly transitionsMs: readonly number[];
  /** The next hold is the base doubled this many times. One less for each quiet window. */
  readonly level: number;
  /** Held down before this moment. */
  readonly heldUntilMs: number;
}

export const STEADY: FlapState = { transitionsMs: [], level: 0, heldUntilMs: 0 };

/**
 * The server's health changed. Changes during a hold start no other one, but they count: a server that never came
 * to rest is held again, for longer, at its first change after the hold.
 */
export function observeTransition(state: FlapState, nowMs: number, config: FlapConfig): FlapState {
  const recent = state.transitionsMs.filter((timeMs) => timeMs > nowMs - config.windowMs);
  const transitionsMs = [...recent, nowMs].slice(-(config.maxTransitions + 1));
  if (isFlapping(state, nowMs) || transitionsMs.length <= config.maxTransitions) {
    return { ...state, transitionsMs };
  }
  const level = Math.max(0, state.level - quietWindows(state, nowMs, config));
  const holdMs = Math.min(config.baseHoldMs * 2 ** level, config.maxHoldMs);
  // No higher than the cap asks for, or it would take for ever to come down again.
  return { transitionsMs, level: holdMs < config.maxHoldMs ? level + 1 : level, heldUntilMs: nowMs + holdMs };
}

/** True while the server is held down, whatever its probes say. */
export function isFlapping(state: FlapState, nowMs: number): boolean {
  return nowMs < state.heldUntilMs;
}

export type HealthStatus = "healthy" | "unhealthy" | "flapping";

/** What counts: only "healthy" takes traffic. */
export function healthStatus(health: HealthState, flap: FlapState, nowMs: number): HealthStatus {
  if (isFlapping(flap, nowMs)) return "flapping";
  return health.healthy ? "healthy" : "unhealthy";
}

/** Whole windows since the last hold in which there was no hold. */
function quietWindows(state: FlapState, nowMs: number, config: FlapConfig): number {
  return Math.floor((nowMs - state.heldUntilMs) / config.windowMs);
}
