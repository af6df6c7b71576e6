/**
 * A pool as its operator sees it.
 * @module
 */
import type { OriginConfig, PoolConfig } from "../config/schema.ts";
import type {
  OriginDescription,
  PoolDescription,
  PoolSummary,
  VersionDescription,
} from "../contract/admin.ts";
import type { PoolSnapshot } from "../contract/sync.ts";
import type { ConfigKeeper } from "./config-keeper.ts";
import type { EventBook } from "./event-counts.ts";
import type { HealthMonitor } from "./health-monitor.ts";
import type { Isolates } from "./isolates.ts";
import type { OriginBoard } from "./origin-board.ts";
import type { RateAuthority } from "./rate-authority.ts";
import type { PoolStore } from "./store.ts";

/** Where the description is taken from. */
export interface PoolParts {
  pool: string;
  keeper: ConfigKeeper<PoolConfig>;
  board: OriginBoard;
  monitor: HealthMonitor;
  isolates: Isolates;
  rates: RateAuthority;
  events: EventBook;
  /** Null: the pool has no usable configuration, or was removed. */
  snapshot: PoolSnapshot | null;
  /** Unhealthy origins are used, because too few are healthy. */
  panic: boolean;
  nowMs: number;
}

export function describePool(parts: PoolParts): PoolDescription {
  const { pool, keeper, snapshot, isolates } = parts;
  const origins = describeOrigins(parts);
  const configured = snapshot !== null;
  return {
    pool,
    configured,
    config: configured ? keeper.config : null,
    document: configured ? (keeper.version?.document ?? null) : null,
    config_version: keeper.version?.version ?? 0,
    config_error: keeper.error,
    snapshot_version: snapshot?.version ?? 0,
    origins,
    active_connections: origins.reduce((sum, origin) => sum + origin.active_connections, 0),
    isolates: isolates.size,
    panic: parts.panic,
  };
}

export function summarizePool({ pool, keeper, snapshot }: PoolParts): PoolSummary {
  const origins = snapshot?.config.origins ?? [];
  const states = snapshot?.origins ?? {};
  const eligible = origins.filter(({ id, enabled, weight }) => {
    const state = states[id];
    if (state === undefined || !enabled || weight === 0) return false;
    return state.healthy && !state.ejected && !state.draining && !state.drained;
  });
  return {
    pool,
    configured: snapshot !== null,
    algorithm: snapshot?.config.algorithm ?? null,
    origins: { total: origins.length, eligible: eligible.length },
    config_version: keeper.version?.version ?? 0,
    config_error: keeper.error,
  };
}

/** Newest first; at most one if `version` is given. */
export function describeVersions(store: PoolStore, version?: number): VersionDescription[] {
  const kept = version === undefined ? store.configVersions() : [store.configVersion(version)];
  return kept.flatMap((each) => {
    if (each === null) return [];
    const { version, appliedAt, updatedAt, document } = each;
    return [{ version, applied_at: appliedAt, updated_at: updatedAt, document }];
  });
}

function describeOrigins(parts: PoolParts): OriginDescription[] {
  const { board, monitor, isolates, snapshot } = parts;
  const states = snapshot?.origins ?? {};
  return board.origins().flatMap((origin) => {
    const { id, url } = origin;
    const record = board.record(id);
    const state = states[id];
    if (record === null || state === undefined) return [];
    const probe = monitor.lastProbe(id);
    return {
      ...state,
      id,
      url,
      status: record.held ? "flapping" : state.healthy ? "healthy" : "unhealthy",
      since: record.sinceMs,
      ejected_until: board.ejectedUntilMs(id),
      drain_deadline: record.drain?.deadlineMs ?? null,
      drain_started: record.drain?.startedMs ?? null,
      leaving: record.leaving !== null,
      active_connections: isolates.active(id),
      ...describeLimits(origin, parts),
      last_probe: probe && {
        at: probe.at,
        passed: probe.passed,
        detail: probe.detail,
        duration_ms: probe.durationMs,
      },
    };
  });
}

function describeLimits(
  { id, rate_limit, max_connections }: OriginConfig,
  { snapshot, rates, nowMs }: PoolParts,
): Pick<OriginDescription, "rate_limit" | "max_connections"> {
  const limit = rate_limit ?? snapshot?.config.rate_limit ?? null;
  const granted = rates.counted(id, nowMs) ?? 0;
  return { rate_limit: limit === null ? null : { limit, granted }, max_connections };
}
