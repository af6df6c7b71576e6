/**
 * Derives facts from a pool's settings that several parts need. Each fact is derived here alone, so that isolates, the
 * object, explanations and the simulator cannot differ.
 * @module
 */
import { algorithmEntry } from "../core/algorithms/index.ts";
import type { OutlierConfig } from "../core/health/outlier-detector.ts";
import type { RetryRules } from "../core/retry/retry-policy.ts";
import type { OriginConfig, OutlierDetectionConfig, PoolConfig } from "./schema.ts";

/** Requests an origin may get in any one second: its own limit, else the pool's; null if there is none. */
export function rateLimitOf(
  { rate_limit }: Pick<OriginConfig, "rate_limit">,
  pool: Pick<PoolConfig, "rate_limit"> | null,
): number | null {
  return rate_limit ?? pool?.rate_limit ?? null;
}

/** True if any origin has a rate limit. */
export function hasRateLimits(pool: PoolConfig): boolean {
  return pool.origins.some((origin) => rateLimitOf(origin, pool) !== null);
}

/** True if the Worker has the binding through which the origin is reached. @param bindings that there are */
export function isBound({ binding }: Pick<OriginConfig, "binding">, bindings: readonly string[]): boolean {
  // An origin that is being removed may have been stored by a version without bindings.
  return binding == null || bindings.includes(binding);
}

/** Ids of the origins that cannot be reached, because the Worker lacks their bindings. */
export function unboundOrigins({ origins }: PoolConfig, bindings: readonly string[]): string[] {
  return origins.filter((origin) => !isBound(origin, bindings)).map(({ id }) => id);
}

/** True for a pool whose sessions are kept by a cookie. */
export function keepsSessionCookies({ sticky }: Pick<PoolConfig, "sticky">): boolean {
  return sticky !== null && sticky.method !== "ip";
}

/** True if a client's address decides where it goes, unless its session says otherwise. */
export function goesByAddress({ sticky }: Pick<PoolConfig, "sticky">): boolean {
  return sticky !== null && sticky.method !== "cookie";
}

export function outlierConfigOf(settings: OutlierDetectionConfig): OutlierConfig {
  return {
    consecutiveFailures: settings.consecutive_failures,
    failurePercent: settings.failure_percent,
    minimumRequests: settings.minimum_requests,
    intervalMs: settings.interval * 1_000,
    baseEjectionMs: settings.base_ejection_time * 1_000,
    maxEjectionMs: settings.max_ejection_time * 1_000,
    maxEjectionPercent: settings.max_ejection_percent,
  };
}

export function retryRulesOf({ failover }: Pick<PoolConfig, "failover">): RetryRules {
  return {
    maxAttempts: failover.max_attempts,
    retryOn: failover.retry_on,
    retryNonIdempotent: failover.retry_non_idempotent,
    totalTimeoutMs: failover.total_timeout * 1_000,
  };
}

/**
 * True if WebSockets are counted to their end: the operator wants it, or a load-based algorithm or a limit needs the
 * number of connections.
 */
export function goesByConnections({
  algorithm,
  origins,
  hash_balance_factor,
  count_websockets,
}: PoolConfig): boolean {
  return (
    count_websockets ||
    algorithmEntry(algorithm).sharedBy === "load" ||
    hash_balance_factor > 0 ||
    origins.some((each) => each.max_connections !== null)
  );
}
