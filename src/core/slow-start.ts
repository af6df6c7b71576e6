/**
 * Less than its full weight for a server that just came back: caches are cold, connections are not open yet.
 * @module
 */

export interface SlowStartOptions {
  /** 1: linear. Above 1: faster at the start. Default 1. */
  aggression?: number;
  /** Smallest factor, in (0, 1]: with no traffic at all a server would never warm up. Default 0.1. */
  minFactor?: number;
}

/**
 * The share of its weight that a server has `ageMs` after it came back: (age / window)^(1 / aggression), but at least
 * `minFactor` (Envoy, slow start).
 * @param windowMs 0: no slow start
 * @returns in (0, 1]
 */
export function slowStartFactor(ageMs: number, windowMs: number, options: SlowStartOptions = {}): number {
  const { aggression = 1, minFactor = 0.1 } = options;
  if (ageMs >= windowMs) return 1;
  return Math.max(minFactor, (Math.max(0, ageMs) / windowMs) ** (1 / aggression));
}

/**
 * The factors of servers that share their traffic, relative to the warmest: if all came back together nobody can spare
 * the others, and all have their full weight.
 * @param sinceMs when each came back; null for one that was there from the beginning
 */
export function slowStartFactors(
  sinceMs: readonly (number | null)[],
  windowMs: number,
  nowMs: number,
  options: SlowStartOptions = {},
): number[] {
  const factors = sinceMs.map((since) =>
    since === null ? 1 : slowStartFactor(nowMs - since, windowMs, options),
  );
  const warmest = Math.max(...factors);
  return factors.map((factor) => factor / warmest);
}
