/**
 * Draws one of several pools for a client. The same client always falls on the same point. So when shares change, only
 * the clients between the old and the new border move, and they return when the border moves back.
 * @module
 */
import { murmur3 } from "../hash/murmur3.ts";

/** Where `client` falls: 0 to 1, exclusive. @param seed keeps the draws of two routes independent of each other */
export function pointOf(client: string, seed: number): number {
  return murmur3(client, seed) / 2 ** 32;
}

/**
 * The position whose interval holds `point`; the intervals follow each other from 0 on. Null: all are empty.
 * @param shares of all clients, 0 to 1, together about 1: the last that is not empty gets what rounding leaves
 * @param point 0 to 1, exclusive
 */
export function drawByShare(shares: readonly number[], point: number): number | null {
  let upTo = 0;
  let last: number | null = null;
  for (const [position, share] of shares.entries()) {
    if (share <= 0) continue;
    upTo += share;
    last = position;
    if (point < upTo) return position;
  }
  return last;
}

/** A member of a split. */
export interface WeightedPool {
  readonly pool: string;
  /** Above 0. */
  readonly weight: number;
}

/**
 * The member that `client` goes to when its own is not available: one of `members`, in proportion to their weights. If
 * a member leaves, only its own clients move, and a new member takes no more than its share, because each client ranks
 * the members for itself (weighted rendezvous hashing: Schindelhauer and Schomaker, "Weighted distributed hash tables",
 * SPAA 2005).
 * @returns null if there are none
 */
export function drawByRank(members: readonly WeightedPool[], client: string, seed: number): string | null {
  let best: string | null = null;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (const { pool, weight } of members) {
    // Above 0 and below 1, because of the logarithm below.
    const point = (murmur3(client, seed ^ murmur3(pool)) + 0.5) / 2 ** 32;
    const score = -weight / Math.log(point);
    if (score <= bestScore) continue;
    bestScore = score;
    best = pool;
  }
  return best;
}
