/**
 * Measures how strong a pool is. Inside a pool a failing origin may stay in rotation so that one serves at all (panic,
 * limits of ejections). Such an origin does not count here, because routes may have another pool that serves better
 * (istio/istio #34605).
 * @module
 */
import type { IdentifiedServerStatus } from "../health/ejection-limit.ts";
import { takesTraffic } from "../server/eligibility.ts";

/** `ejected` also if the limit of ejections kept the origin in. */
export interface JudgedOrigin extends IdentifiedServerStatus {
  readonly backup: boolean;
}

export interface PoolStrength {
  /** Origins that take traffic, backups included. */
  readonly eligible: number;
  /** Origins that are switched on and have a weight. */
  readonly total: number;
  /**
   * Weight of the eligible origins divided by the weight in service, 0 to 1; 0 if none is in service. Slow starts count
   * in full.
   */
  readonly share: number;
}

/**
 * @param overprovisioning with an eligible backup the share is at least the inverse of this, because backups are
 *   configured to take over
 */
export function poolStrength(origins: readonly JudgedOrigin[], overprovisioning: number): PoolStrength {
  const eligible = origins.filter(takesTraffic);
  const inService = origins.filter((origin) => takesTraffic(asWell(origin)));
  const primaries = inService.filter(({ backup }) => !backup);
  // If no other origin is in service, the backups are the pool.
  const counted = primaries.length > 0 ? primaries : inService;
  const share = weightOf(counted) > 0 ? weightOf(counted.filter(takesTraffic)) / weightOf(counted) : 0;
  const least = eligible.some(({ backup }) => backup) ? 1 / overprovisioning : 0;
  const total = origins.filter(({ enabled, weight }) => enabled && weight > 0).length;
  return { eligible: eligible.length, total, share: Math.max(share, least) };
}

function asWell(origin: JudgedOrigin): JudgedOrigin {
  return { ...origin, healthy: true, ejected: false };
}

function weightOf(origins: readonly JudgedOrigin[]): number {
  return origins.reduce((sum, { weight }) => sum + weight, 0);
}
