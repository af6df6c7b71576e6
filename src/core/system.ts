/**
 * The only place in `core/` that touches the world: the system's clock, randomness and timers, the defaults for callers
 * that pass in none. Everything else takes them as arguments, so tests run on a virtual clock.
 * @module
 */

/** Milliseconds since some fixed moment; must never go back. */
export type Clock = () => number;
/** A system's clock that is set back by less is taken to stand still, in ms. */
export const CLOCK_STEP_MS = 1_000;

/** A number in [0, 1). */
export type Random = () => number;
/** Timers as a pair, so a virtual clock can stand in for both. Delays in milliseconds. */
export interface Timers {
  /**
   * Calls `callback` once after `delayMs`.
   * @returns the handle that `clear` takes
   */
  set(callback: () => void, delayMs: number): unknown;
  /** Ends a timer; one that has fired is ignored. */
  clear(handle: unknown): void;
}

// core/ is compiled without DOM, Node and Workers types; these two exist in all of them.
declare const setTimeout: (callback: () => void, delayMs: number) => unknown;
declare const clearTimeout: (handle: unknown) => void;

export const systemClock: Clock = () => Date.now();
export const systemRandom: Random = () => Math.random();
export const systemTimers: Timers = {
  set: (callback, delayMs) => setTimeout(callback, delayMs),
  clear: (handle) => clearTimeout(handle),
};
