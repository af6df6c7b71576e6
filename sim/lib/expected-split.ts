/**
 * Computes the requests that each origin should get by the pool's algorithm, without origins that are down and within
 * rate limits. Requests beyond a limit go to the other origins, and beyond all limits to the backups.
 * @module
 */
import { rateLimitOf } from "../../src/config/pool-rules.ts";
import type { PoolConfig } from "../../src/config/schema.ts";
import { algorithmEntry } from "../../src/core/algorithms/index.ts";

export interface Share {
  readonly id: string;
  readonly weight: number;
  /** Requests per second that the origin can take. */
  readonly limit: number;
  readonly backup: boolean;
  /** The algorithm fills the origins one after the other. */
  readonly inOrder: boolean;
}

/**
 * The origins that may take traffic, with the values that decide their share.
 * @param serviceMsOf time that an origin works on a request. If the algorithm fills the origins in order, their
 *   capacity follows from it and `max_connections` (Little's law); without it only rate limits count.
 */
export function sharesOf(config: PoolConfig, serviceMsOf?: (id: string) => number): Share[] {
  const { sharedBy } = algorithmEntry(config.algorithm);
  const inOrder = sharedBy === "order";
  const roomOf = ({ id, max_connections }: PoolConfig["origins"][number]): number => {
    if (!inOrder || max_connections === null || serviceMsOf === undefined) return Number.POSITIVE_INFINITY;
    return (max_connections * 1_000) / serviceMsOf(id);
  };
  return config.origins
    .filter((origin) => origin.enabled && origin.weight > 0)
    .map((origin) => ({
      id: origin.id,
      weight: sharedBy === "count" ? 1 : origin.weight,
      limit: Math.min(rateLimitOf(origin, config) ?? Number.POSITIVE_INFINITY, roomOf(origin)),
      backup: origin.backup,
      inOrder,
    }));
}

/**
 * Requests per second by origin id.
 * @param offered requests per second
 * @param isDown true for an origin that is down
 */
export function expectedSplit(
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

/** Assigns requests in order or by weight, up to each origin's limit. @returns the rest */
function fill(shares: readonly Share[], offered: number, result: Map<string, number>): number {
  if (shares[0]?.inOrder === true) return fillInOrder(shares, offered, result);
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

function fillInOrder(shares: readonly Share[], offered: number, result: Map<string, number>): number {
  let left = offered;
  for (const { id, limit } of shares) {
    const taken = Math.min(left, limit);
    result.set(id, taken);
    left -= taken;
  }
  return left;
}
