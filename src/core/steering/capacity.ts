/**
 * Reduces the share of its clients that a pool takes while its load is near its target: fast down, slowly up. The steps
 * are small, so the share settles at the point where the load meets the target; larger steps would swing between all
 * clients and none.
 * @module
 */

/** A pool takes at least this part, so that its load goes on being measured. */
const LEAST_ACCEPTED = 0.05;
const LARGEST_STEP_DOWN = 0.05;
const STEP_UP = 0.01;
/** Between this part of the target and the whole of it the share does not move. */
const ROOM = 0.9;

export interface CapacityTarget {
  /** Requests in flight; null: any number. */
  readonly connections: number | null;
  /** Null: any number. */
  readonly requestsPerSecond: number | null;
}

/** The load as a part of the target, by the measure that is nearer to its target: 1 is at the target. */
export function utilisation(
  target: CapacityTarget,
  load: { readonly connections: number; readonly requestsPerSecond: number },
): number {
  const byConnections = target.connections === null ? 0 : load.connections / target.connections;
  const byRate = target.requestsPerSecond === null ? 0 : load.requestsPerSecond / target.requestsPerSecond;
  return Math.max(byConnections, byRate);
}

/**
 * The share that the pool takes after one more step. To be called once a second, or once a pace where isolates report
 * less often.
 * @param accepted 0.05 to 1
 * @param used see `utilisation`
 */
export function nextAccepted(accepted: number, used: number): number {
  if (used > 1) {
    return Math.max(LEAST_ACCEPTED, accepted / used, accepted - LARGEST_STEP_DOWN);
  }
  return used < ROOM ? Math.min(1, accepted + STEP_UP) : accepted;
}
