/**
 * Decides whether a pool is available to routes that choose among several, and how much it takes after it came back. A
 * reducer over plain data. A pool becomes unavailable at once. It comes back after a time without a gap, and then by a
 * ramp. A pool that changes too often is held down, by the rules that hold down an origin.
 * @module
 */
import {
  type FlapConfig,
  type FlapState,
  isFlapping,
  NO_FLAPS,
  observeTransition,
} from "../health/health-state.ts";
import { slowStartFactor } from "../health/slow-start.ts";

/** Plain data; stored as it is. */
export interface PoolAvailability {
  /** The pool has had enough origins for long enough. A pool that is held down is not available all the same. */
  readonly up: boolean;
  /** When `up` changed last, in ms since the epoch; null: it never did. */
  readonly sinceMs: number | null;
  /** While it is not up: the time since which it has had enough origins without a gap; null: it has not enough. */
  readonly enoughSinceMs: number | null;
  readonly flap: FlapState;
}

export interface AvailabilityRules {
  /** How long a pool must have enough origins before it counts again, in ms. */
  readonly returnDelayMs: number;
  /** The time in which its share then grows from a tenth to all, in ms; 0: at once. */
  readonly rampMs: number;
}

/** More than six changes in five minutes hold a pool down, as they do an origin. */
const FLAP_RULES: FlapConfig = {
  maxTransitions: 6,
  windowMs: 300_000,
  baseHoldDownMs: 30_000,
  maxHoldDownMs: 600_000,
};

/** @param enough it has enough origins. A pool that begins so has no ramp, because it does not come back */
export function newAvailability(enough: boolean): PoolAvailability {
  return { up: enough, sinceMs: null, enoughSinceMs: null, flap: NO_FLAPS };
}

/**
 * The state after one more observation: to be made whenever `enough` changes, and at `returnsAtMs`. A return that is
 * observed late begins late, because the load that its ramp is for comes only when others hear of it.
 * @returns the same object if nothing changed
 */
export function observeEnough(
  state: PoolAvailability,
  enough: boolean,
  nowMs: number,
  { returnDelayMs }: AvailabilityRules,
): PoolAvailability {
  if (state.up) return enough ? state : turned(state, false, nowMs);
  if (!enough) return state.enoughSinceMs === null ? state : { ...state, enoughSinceMs: null };
  const enoughSinceMs = state.enoughSinceMs ?? nowMs;
  if (nowMs - enoughSinceMs >= returnDelayMs) return turned(state, true, nowMs);
  return enoughSinceMs === state.enoughSinceMs ? state : { ...state, enoughSinceMs };
}

function turned(state: PoolAvailability, up: boolean, nowMs: number): PoolAvailability {
  const flap = observeTransition(state.flap, nowMs, FLAP_RULES);
  return { up, sinceMs: nowMs, enoughSinceMs: null, flap };
}

export function isAvailable({ up, flap }: PoolAvailability, nowMs: number): boolean {
  return up && !isFlapping(flap, nowMs);
}

/**
 * When the pool will be available if it goes on having enough origins, in ms since the epoch; null: it is available, or
 * it does not have enough.
 */
export function returnsAtMs(
  state: PoolAvailability,
  nowMs: number,
  { returnDelayMs }: AvailabilityRules,
): number | null {
  if (isAvailable(state, nowMs)) return null;
  const { up, enoughSinceMs, flap } = state;
  if (up) return flap.holdDownUntilMs;
  return enoughSinceMs === null ? null : Math.max(enoughSinceMs + returnDelayMs, flap.holdDownUntilMs);
}

/** The part of its share that a pool takes after a return: a tenth at first, then growing evenly. In (0, 1]. */
export function returnRamp(state: PoolAvailability, nowMs: number, { rampMs }: AvailabilityRules): number {
  const { up, sinceMs, flap } = state;
  if (!up || sinceMs === null) return 1;
  return slowStartFactor(nowMs - Math.max(sinceMs, flap.holdDownUntilMs), rampMs);
}

/** True while `returnRamp` is about to grow. */
export function isRamping(state: PoolAvailability, nowMs: number, rules: AvailabilityRules): boolean {
  return isAvailable(state, nowMs) && returnRamp(state, nowMs, rules) < 1;
}
