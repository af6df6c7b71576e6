/**
 * Measures the duration of a call that takes nanoseconds.
 * @module
 */
import { median } from "./measure.ts";

/** Does something `times` times and returns a value that depends on every result, so that none is optimised away. */
export type Repeated = (times: number) => number;

export interface TimingPlan {
  readonly rounds: number;
  /** How long a round should take: long compared with the clock's resolution, short compared with disturbances. */
  readonly roundMs: number;
  readonly warmUpMs: number;
}

/** A value from all results of this process. It is printed at the end, so that the results are used. */
export let checksum = 0;

/** Nanoseconds per call, the median of the rounds. */
export function nanosecondsPerCall(repeated: Repeated, { rounds, roundMs, warmUpMs }: TimingPlan): number {
  const times = warmUp(repeated, roundMs, warmUpMs);
  const each: number[] = [];
  for (let round = 0; round < rounds; round++) each.push((timed(repeated, times) * 1e6) / times);
  return median(each);
}

/** Runs until the code is compiled, and finds how many calls fill a round. */
function warmUp(repeated: Repeated, roundMs: number, warmUpMs: number): number {
  const endMs = performance.now() + warmUpMs;
  let times = 16;
  for (;;) {
    const tookMs = timed(repeated, times);
    if (performance.now() >= endMs) return Math.max(1, Math.round((times * roundMs) / tookMs));
    if (tookMs < roundMs) times *= 2;
  }
}

function timed(repeated: Repeated, times: number): number {
  const startedMs = performance.now();
  const result = repeated(times);
  const tookMs = performance.now() - startedMs;
  checksum = (checksum + result) % 2 ** 32;
  return tookMs;
}
