/**
 * Repeatable randomness. A test that uses it has the seed in its assertion, so that a failure prints it.
 * @module
 */

/** The default seed: the same numbers on every run and machine. */
export const SEED = 20_261_124;

/** Numbers in [0, 1): mulberry32 (Tommy Ettinger, public domain). */
export function seededRandom(seed = SEED): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Pearson's chi-square statistic of observed and expected counts. */
export function chiSquare(counts: readonly number[], expected: readonly number[]): number {
  return counts.reduce((sum, count, i) => {
    const want = expected[i] ?? 0;
    return sum + (count - want) ** 2 / want;
  }, 0);
}

/**
 * The value that chi-square of these degrees of freedom exceeds once in 10,000 times (Wilson and Hilferty, PNAS 1931).
 */
export function chiSquareLimit(degrees: number): number {
  const z = 3.719;
  const ninth = 2 / (9 * degrees);
  return degrees * (1 - ninth + z * Math.sqrt(ninth)) ** 3;
}
