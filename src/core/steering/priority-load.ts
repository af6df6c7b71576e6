/**
 * Shares out the clients of a route among its pools in their order, by Envoy's priority load. A weakened pool passes
 * the clients that it cannot take to the next pool, which does the same, and no pool gets more than it can take while
 * another has room (Envoy, priority levels, "Priority load calculation").
 * @module
 */

/** What decides how many of its clients a pool takes. */
export interface PoolIntake {
  /** Healthy weight divided by weight in service, 0 to 1. */
  readonly share: number;
  /** The part of its share that it takes, by capacity, return and shed, 0 to 1. */
  readonly accept: number;
  /** 1.4: it takes all of its clients down to a share of 1 / 1.4. At least 1. */
  readonly overprovisioning: number;
}

/** The part of a route's clients that a pool takes if it comes first, 0 to 1. */
export function takenShare({ share, accept, overprovisioning }: PoolIntake): number {
  return Math.min(1, overprovisioning * share) * accept;
}

/**
 * Each pool's part of the clients, in the order of the pools: `min(1 - sum before, taken / min(1, sum of taken))`. They
 * add up to 1. If no pool takes any, the first takes all.
 * @param pools those that are available, in the route's order
 */
export function priorityLoads(pools: readonly PoolIntake[]): number[] {
  const taken = pools.map(takenShare);
  const norm = Math.min(
    1,
    taken.reduce((sum, part) => sum + part, 0),
  );
  if (norm <= 0) return taken.map((_, index) => (index === 0 ? 1 : 0));
  let left = 1;
  const loads = taken.map((part) => {
    const load = Math.min(left, part / norm);
    left = Math.max(0, left - load);
    return load;
  });
  return withRest(loads, left);
}

/** Gives the rest that rounding left of 1 to the last pool that takes any, so that every client falls on a pool. */
function withRest(loads: number[], rest: number): number[] {
  const last = loads.findLastIndex((load) => load > 0);
  return rest === 0 ? loads : loads.map((load, index) => (index === last ? load + rest : load));
}
