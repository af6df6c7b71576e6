/**
 * Decides when probes make a server healthy or unhealthy, and when a server that keeps changing is held down. The
 * functions are reducers over plain data: compare before and after to see a flip.
 * @module
 */

/** Plain data; stored as it is. */
export interface HealthState {
  /** As of the last flip. */
  readonly healthy: boolean;
  /** Results in a row that speak against `healthy`. */
  readonly streak: number;
}

/** Results in a row that flip a server's health, each at least 1. */
export interface Thresholds {
  /** Passes that make an unhealthy server healthy. */
  readonly rise: number;
  /** Failures that make a healthy server unhealthy. */
  readonly fall: number;
}

/** The state after one more probe. One opposite result resets the streak. */
export function observe(state: HealthState, passed: boolean, thresholds: Thresholds): HealthState {
  if (passed === state.healthy) return state.streak === 0 ? state : { ...state, streak: 0 };
  const streak = state.streak + 1;
  const needed = passed ? thresholds.rise : thresholds.fall;
  return streak >= needed ? { healthy: passed, streak: 0 } : { ...state, streak };
}

/** When a server changes too often. After route flap damping (RFC 2439), with hold-downs instead of penalties. */
export interface FlapConfig {
  /** More changes than this within the window start a hold-down. */
  readonly maxTransitions: number;
  /** In which changes are counted. */
  readonly windowMs: number;
  /** The first hold-down. Each further one is twice as long as the one before. */
  readonly baseHoldDownMs: number;
  /** The longest hold-down. */
  readonly maxHoldDownMs: number;
}

/** Plain data; stored as it is. */
export interface FlapState {
  /** When the latest changes were, oldest first; at most one more than `maxTransitions`. */
  readonly transitionsMs: readonly number[];
  /** The next hold-down is the base doubled this many times. The number falls by one with each quiet window. */
  readonly level: number;
  /** Held down until this moment. */
  readonly holdDownUntilMs: number;
}

/** The state of a server that has not changed yet. */
export const NO_FLAPS: FlapState = { transitionsMs: [], level: 0, holdDownUntilMs: 0 };

/**
 * The server's health changed. Changes during a hold-down start no other one, but they count: a server that kept
 * changing is held down again, for longer, at its first change after the hold-down.
 */
export function observeTransition(state: FlapState, nowMs: number, config: FlapConfig): FlapState {
  const recent = state.transitionsMs.filter((timeMs) => timeMs > nowMs - config.windowMs);
  const transitionsMs = [...recent, nowMs].slice(-(config.maxTransitions + 1));
  if (isFlapping(state, nowMs) || transitionsMs.length <= config.maxTransitions) {
    return { ...state, transitionsMs };
  }
  const level = Math.max(0, state.level - quietWindows(state, nowMs, config));
  const holdDownMs = Math.min(config.baseHoldDownMs * 2 ** level, config.maxHoldDownMs);
  // No higher than the cap needs, or it would take for ever to come down again.
  return {
    transitionsMs,
    level: holdDownMs < config.maxHoldDownMs ? level + 1 : level,
    holdDownUntilMs: nowMs + holdDownMs,
  };
}

/** True while the server is held down, whatever its probes say. */
export function isFlapping(state: FlapState, nowMs: number): boolean {
  return nowMs < state.holdDownUntilMs;
}

/** A hold-down counts before the results of probes. */
export type HealthStatus = "healthy" | "unhealthy" | "flapping";

/** The status that decides: only "healthy" takes traffic. */
export function healthStatus(health: HealthState, flap: FlapState, nowMs: number): HealthStatus {
  if (isFlapping(flap, nowMs)) return "flapping";
  return health.healthy ? "healthy" : "unhealthy";
}

/** Whole windows that have passed since the last hold-down ended. */
function quietWindows(state: FlapState, nowMs: number, config: FlapConfig): number {
  return Math.floor((nowMs - state.holdDownUntilMs) / config.windowMs);
}
