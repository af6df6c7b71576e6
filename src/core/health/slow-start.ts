/**
 * Slow start: a server that just came back gets less than its full weight, because its caches are cold and its
 * connections are not open yet.
 * @module
 */

export interface SlowStartOptions {
  /** Above 0. 1: linear. Above 1: faster at the start. Default 1. */
  aggression?: number;
  /** Smallest factor, in (0, 1]. Without any traffic a server would never warm up. Default 0.1. */
  minFactor?: number;
}

/**
 * The share of its weight that a server has `ageMs` after it came back: (age / window)^(1 / aggression), but at least
 * `minFactor` (Envoy, slow start).
 * @param windowMs length of the slow start; 0: none
 * @returns in (0, 1]
 */
export function slowStartFactor(ageMs: number, windowMs: number, options: SlowStartOptions = {}): number {
  const { aggression = 1, minFactor = 0.1 } = options;
  if (ageMs >= windowMs) return 1;
  return Math.max(minFactor, (Math.max(0, ageMs) / windowMs) ** (1 / aggression));
}

/**
 * The factors of servers that share their traffic, relative to the warmest: if all came back together, no server can
 * relieve the others, and all have their full weight.
 * @param sinceMs when each came back; null for a server that was there from the beginning
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
