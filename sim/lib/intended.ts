/**
 * What each origin should get: by the pool's algorithm, without those that are down, and within rate limits. What
 * does not fit goes to the others, and from all of them to the backups.
 * @module
 */
import type { PoolConfig } from "../../src/config/schema.ts";

/** Algorithms that share equally, whatever the weights. */
const EQUAL: ReadonlySet<string> = new Set(["round_robin"]);

export interface Share {
  readonly id: string;
  readonly weight: number;
  readonly limit: number;
  readonly backup: boolean;
}

/** The origins that may take traffic at all, with what decides their share. */
export function sharesOf(config: PoolConfig): Share[] {
  return config.origins
    .filter((origin) => origin.enabled && origin.weight > 0)
    .map((origin) => ({
      id: origin.id,
      weight: EQUAL.has(config.algorithm) ? 1 : origin.weight,
      limit: origin.rate_limit ?? config.rate_limit ?? Number.POSITIVE_INFINITY,
      backup: origin.backup,
    }));
}

/**
 * Requests per second by origin id.
 * @param offered requests per second
 * @param isDown true for an origin that is down
 */
export function intended(
  shares: readonly Share[],
  offered: number,
  isDown: (id: string) => boolean,
): Map<string, number> {
  const result = new Map(shares.map(({ id }) => [id, 0]));
  const up = shares.filter(({ id }) => !isDown(id));
  const left = fill(
    up.filter(({ backup }) => !backup),
    offered,
    result,
  );
  fill(
    up.filter(({ backup }) => backup),
    left,
    result,
  );
  return result;
}

/** By weight up to each one's limit. @returns what does not fit */
function fill(shares: readonly Share[], offered: number, result: Map<string, number>): number {
  let open = [...shares];
  let left = offered;
  while (open.length > 0) {
    const weights = open.reduce((sum, { weight }) => sum + weight, 0);
    const perWeight = left / weights;
    const full = open.filter(({ weight, limit }) => weight * perWeight >= limit);
    for (const { id, limit } of full) {
      result.set(id, limit);
      left -= limit;
    }
    if (full.length === 0) {
      for (const { id, weight } of open) result.set(id, weight * perWeight);
      return 0;
    }
    open = open.filter((share) => !full.includes(share));
  }
  return left;
}
