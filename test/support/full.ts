/**
 * Chooses how much of a heavy property or simulation runs: a part of it in `npm test`, all of it in `npm run
 * test:long`, which runs the same files with TEST_RUNS=full.
 * @module
 */
const isFull = process.env.TEST_RUNS === "full";

/** All cases, or the first `few` of them. */
export function share<T>(all: readonly T[], few: number): readonly T[] {
  return isFull ? all : all.slice(0, few);
}

/** In ms, for what takes a minute or more in full. It ends a test that hangs; a slow machine has ten times the time. */
export const FULL_PATIENCE_MS = 1_200_000;
