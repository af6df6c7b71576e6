/**
 * A pool as its operator sees it.
 * @module
 */

import { rateLimitOf } from "../../config/pool-rules.ts";
import type { OriginConfig, PoolConfig } from "../../config/schema.ts";
import type {
  OriginDescription,
  PoolDescription,
  PoolSummary,
  VersionDescription,
} from "../../contract/admin.ts";
import type { PoolStatus } from "../../contract/pool-status.ts";
import { countEligible } from "../../contract/snapshot.ts";
import type { PoolSnapshot } from "../../contract/sync.ts";
import { ownValue } from "../../core/own-value.ts";
import type { ActiveConfig } from "../config/active-config.ts";
import type { EventLog } from "../events/event-log.ts";
import type { HealthMonitor } from "../health/health-monitor.ts";
import type { Isolates } from "../leases/isolates.ts";
import type { PoolRateLimits } from "../leases/rate-limits.ts";
import { drainAsked } from "../origins/origin-record.ts";
import type { OriginStates } from "../origins/origin-states.ts";
import type { ConfigDates } from "../storage/config-store.ts";
import type { PoolStore } from "../storage/store.ts";

/** Where the description is taken from. */
export interface PoolState {
  pool: string;
  activeConfig: ActiveConfig<PoolConfig>;
  originStates: OriginStates;
  monitor: HealthMonitor;
  isolates: Isolates;
  rateLimits: PoolRateLimits;
  events: EventLog;
  /** Null: the pool has no usable configuration, or was removed. */
  snapshot: PoolSnapshot | null;
  /** Unhealthy origins are used, because too few are healthy. */
  panic: boolean;
  /** The status that routes with several pools use; null: no such route names the pool. */
  status: PoolStatus | null;
  nowMs: number;
}

export function describePool(poolState: PoolState): PoolDescription {
  const { pool, activeConfig, snapshot, isolates, monitor } = poolState;
  const roundMs = monitor.roundMs();
  const origins = describeOrigins(poolState);
  const configured = snapshot !== null;
  return {
    pool,
    configured,
    config: configured ? activeConfig.config : null,
    config_version: activeConfig.version?.version ?? 0,
    config_error: activeConfig.error,
    snapshot_version: snapshot?.version ?? 0,
    origins,
    active_connections: origins.reduce((sum, origin) => sum + origin.active_connections, 0),
    isolates: isolates.size,
    panic: poolState.panic,
    check_round: roundMs === null ? null : roundMs / 1_000,
    status: poolState.status,
  };
}

export function summarizePool({ pool, activeConfig, snapshot, status }: PoolState): PoolSummary {
  const { total, eligible } = snapshot === null ? { total: 0, eligible: 0 } : countEligible(snapshot);
  return {
    pool,
    configured: snapshot !== null,
    algorithm: snapshot?.config.algorithm ?? null,
    origins: { total, eligible },
    config_version: activeConfig.version?.version ?? 0,
    config_error: activeConfig.error,
    status,
    sticky: snapshot?.config.sticky ?? null,
    location: snapshot?.config.location ?? null,
  };
}

/** Newest first, without their documents; if `version` is given, that one with its document. */
export function describeVersions(store: PoolStore, version?: number): VersionDescription[] {
  if (version === undefined) return store.configDates().map(datesOf);
  const kept = store.configVersion(version);
  if (kept === null) return [];
  const written = store.writtenText(version);
  return [{ ...datesOf(kept), document: kept.document, ...(written === null ? {} : { written }) }];
}

function datesOf({ version, appliedAt, updatedAt, who, message }: ConfigDates): VersionDescription {
  return {
    version,
    applied_at: appliedAt,
    updated_at: updatedAt,
    ...(who === null ? {} : { who }),
    ...(message === null ? {} : { message }),
  };
}

function describeOrigins(poolState: PoolState): OriginDescription[] {
  const { originStates, monitor, isolates, snapshot } = poolState;
  const states = snapshot?.origins ?? {};
  return originStates.origins().flatMap((origin) => {
    const { id, url, binding } = origin;
    const record = originStates.record(id);
    const state = ownValue(states, id);
    if (record === null || state === undefined) return [];
    const probe = monitor.lastProbe(id);
    const drain = drainAsked(record);
    return {
      ...state,
      id,
      url,
      binding: binding ?? null,
      status: record.holdDown ? "flapping" : state.healthy ? "healthy" : "unhealthy",
      since: record.sinceMs,
      ejected_until: originStates.ejectedUntilMs(id),
      drain_deadline: record.drain?.deadlineMs ?? null,
      drain_started: record.drain?.startedMs ?? null,
      drained_since: drain.sinceMs,
      drained_by: drain.who,
      removing: record.removing !== null,
      active_connections: isolates.active(id),
      ...describeLimits(origin, poolState),
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
  { snapshot, rateLimits, nowMs }: PoolState,
): Pick<OriginDescription, "rate_limit" | "max_connections"> {
  const limit = rateLimitOf({ rate_limit }, snapshot?.config ?? null);
  const granted = rateLimits.outstanding(id, nowMs) ?? 0;
  return { rate_limit: limit === null ? null : { limit, granted }, max_connections };
}
