/**
 * A pool as its operator sees it.
 * @module
 */
import type { OriginDescription, PoolDescription, PoolSummary } from "../contract/admin.ts";
import type { PoolSnapshot } from "../contract/sync.ts";
import type { ConfigKeeper } from "./config-keeper.ts";
import type { HealthMonitor } from "./health-monitor.ts";
import type { Isolates } from "./isolates.ts";
import type { OriginBoard } from "./origin-board.ts";
import type { RateAuthority } from "./rate-authority.ts";

/** Where the description is taken from. */
export interface PoolParts {
  pool: string;
  keeper: ConfigKeeper;
  board: OriginBoard;
  monitor: HealthMonitor;
  isolates: Isolates;
  rates: RateAuthority;
  /** Null: the pool has no usable configuration, or was removed. */
  snapshot: PoolSnapshot | null;
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

function describeOrigins({ board, monitor, isolates, snapshot }: PoolParts): OriginDescription[] {
  const states = snapshot?.origins ?? {};
  return board.origins().flatMap(({ id, url }) => {
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
      last_probe: probe && {
        at: probe.at,
        passed: probe.passed,
        detail: probe.detail,
        duration_ms: probe.durationMs,
      },
    };
  });
}
