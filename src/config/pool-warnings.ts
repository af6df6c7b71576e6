/**
 * Warnings about one pool: origins that never take traffic, settings without effect, settings that contradict each
 * other.
 * @module
 */
import { algorithmEntry } from "../core/algorithms/index.ts";
import type { ConfigPath } from "./errors.ts";
import type { PoolConfig } from "./schema.ts";
import type { ConfigWarning } from "./warnings.ts";

type Rule = (pool: PoolConfig) => ConfigWarning | null;

/** Paths are relative to the pool. */
export function poolWarnings(pool: PoolConfig): ConfigWarning[] {
  return [...RULES.map((rule) => rule(pool)).filter((warning) => warning !== null), ...repeatedUrls(pool)];
}

function warn(path: ConfigPath, message: string): ConfigWarning {
  return { path, message };
}

/** Origins that the algorithm may pick. Sessions aside, only these get new clients. */
function pickable({ origins }: PoolConfig) {
  return origins.filter(({ enabled, weight }) => enabled && weight > 0);
}

/** True if checks or outlier detection take origins out and bring them back. */
function judges({ health_check, outlier_detection }: PoolConfig): boolean {
  return health_check !== null || outlier_detection !== null;
}

const RULES: readonly Rule[] = [
  (pool) => {
    if (pickable(pool).length > 0) return null;
    const why = pool.origins.some(({ enabled }) => enabled)
      ? "all weights are 0"
      : "all origins are switched off";
    return warn(["origins"], `no origin takes new clients, because ${why}: they get 503`);
  },
  (pool) => {
    const left = pickable(pool);
    if (left.length === 0 || !left.every(({ backup }) => backup)) return null;
    return warn(["origins"], "all that take traffic are backups, so `backup` has no effect");
  },
  (pool) => {
    const left = pickable(pool).length;
    if (left === 0 || pool.minimum_origins <= left) return null;
    const message = `is more than the ${left} that ${left === 1 ? "takes" : "take"} traffic: to routes with several pools it is never available`;
    return warn(["minimum_origins"], message);
  },
  ({ health_check }) => {
    if (health_check === null || health_check.timeout <= health_check.interval) return null;
    const message = `a probe may take ${health_check.timeout} s, longer than the interval of ${health_check.interval} s: an origin that hangs is probed less often than that`;
    return warn(["health_check", "timeout"], message);
  },
  ({ failover }) => {
    if (failover.attempt_timeout <= failover.total_timeout) return null;
    const message = `is never reached: total_timeout ends the request after ${failover.total_timeout} s`;
    return warn(["failover", "attempt_timeout"], message);
  },
  ({ failover }) => {
    if (!failover.retry_non_idempotent) return null;
    return warn(["failover", "retry_non_idempotent"], "a POST that fails may run twice, at two origins");
  },
  (pool) => {
    if (pool.failover.max_attempts === 1 || pool.failover.retry_on.length > 0) return null;
    return warn(["failover", "retry_on"], "is empty, so nothing is tried twice, whatever max_attempts says");
  },
  (pool) => {
    if (pool.slow_start === 0 || pool.origins.length > 1) return null;
    return warn(["slow_start"], "has no effect with one origin: nobody can take what it is spared");
  },
  (pool) => {
    if (pool.panic_threshold === 0 || judges(pool)) return null;
    return warn(
      ["panic_threshold"],
      "has no effect without health_check or outlier_detection: nothing is unhealthy",
    );
  },
  (pool) => {
    if (pool.outlier_detection === null || pickable(pool).length !== 1) return null;
    return warn(
      ["outlier_detection"],
      "has no effect with one origin that takes traffic: the last is never ejected",
    );
  },
  ({ outlier_detection: settings }) => {
    if (settings === null || settings.consecutive_failures > 0 || settings.failure_percent > 0) return null;
    return warn(["outlier_detection"], "ejects nothing: consecutive_failures and failure_percent are both 0");
  },
  ({ outlier_detection: settings }) => {
    if (settings === null || settings.max_ejection_percent > 0) return null;
    return warn(["outlier_detection", "max_ejection_percent"], "is 0, so nothing is ever ejected");
  },
  ({ algorithm, hash_key }) => {
    if (algorithmEntry(algorithm).usesKey || hash_key === "client_ip") return null;
    return warn(["hash_key"], `has no effect with ${algorithm}: only consistent_hash goes by it`);
  },
  ({ algorithm, hash_balance_factor }) => {
    if (algorithmEntry(algorithm).usesKey || hash_balance_factor === 0) return null;
    return warn(["hash_balance_factor"], `has no effect with ${algorithm}: only consistent_hash goes by it`);
  },
  ({ algorithm, origins }) => {
    const { sharedBy } = algorithmEntry(algorithm);
    const isWeighted = new Set(origins.map(({ weight }) => weight || 1)).size > 1;
    if (!isWeighted || sharedBy === "weight" || sharedBy === "load") return null;
    return warn(["origins"], `weights have no effect with ${algorithm}: weighted_round_robin goes by them`);
  },
  (pool) => {
    if (algorithmEntry(pool.algorithm).sharedBy !== "order") return null;
    const inOrder = pickable(pool).filter(({ backup }) => !backup);
    const endless = inOrder.findIndex(
      ({ max_connections, rate_limit }) => (max_connections ?? rate_limit ?? pool.rate_limit) === null,
    );
    if (endless < 0 || endless === inOrder.length - 1) return null;
    const message = `origin "${inOrder[endless]?.id}" has no max_connections, so those behind it get requests only when it cannot take any`;
    return warn(["origins"], message);
  },
];

/** An origin that is listed twice gets twice its share, and has two limits and two health states. */
function repeatedUrls({ origins }: PoolConfig): ConfigWarning[] {
  const seen = new Map<string, string>();
  return origins.flatMap(({ id, url, binding, resolve_override }, index) => {
    const place = JSON.stringify([url, binding, resolve_override]);
    const before = seen.get(place);
    seen.set(place, before ?? id);
    if (before === undefined) return [];
    return [
      warn(
        ["origins", index, "url"],
        `is that of origin "${before}" too: limits and health are kept for each alone`,
      ),
    ];
  });
}
