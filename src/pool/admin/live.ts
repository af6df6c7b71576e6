/**
 * The pool at this moment. See contract/live.ts.
 * @module
 */

import { goesByAddress } from "../../config/pool-rules.ts";
import type { OriginConfig, PoolConfig } from "../../config/schema.ts";
import type { OriginDescription, PoolDescription } from "../../contract/admin.ts";
import type { PoolEvent } from "../../contract/events.ts";
import {
  FAILURE_KINDS,
  type Failures,
  type LiveOrigin,
  type LivePool,
  type LiveTraffic,
} from "../../contract/live.ts";
import { serverOf } from "../../contract/snapshot.ts";
import { type ClientsWindow, elapsedS, type PoolStats, type TrafficStats } from "../../contract/stats.ts";
import type { PoolSnapshot } from "../../contract/sync.ts";
import { algorithmEntry, type SharedBy } from "../../core/algorithms/index.ts";
import { ownValue } from "../../core/own-value.ts";
import { Candidates } from "../../core/server/candidates.ts";
import type { Server } from "../../core/server/server.ts";
import type { PoolState } from "./description.ts";

export interface LiveInput {
  state: PoolState;
  described: PoolDescription;
  /** Over a window of seconds. */
  stats: PoolStats;
  clients: ClientsWindow;
  events: PoolEvent[];
  nowMs: number;
  mostOrigins: number;
  /** Comes first, if some must be left out. */
  wanted: string | null;
}

export function livePool(input: LiveInput): LivePool {
  const { state, described, stats, clients, events, nowMs, mostOrigins, wanted } = input;
  const { snapshot } = state;
  const config = snapshot?.config ?? null;
  const split = trafficSplit(snapshot, nowMs);
  const { originStates } = state;
  const known: Known = {
    ...split,
    configured: new Map(originStates.origins().map((origin) => [origin.id, origin])),
    ejectionSteps: originStates.ejectionSteps(),
  };
  const origins = described.origins.map((origin) => liveOrigin(origin, input, known));
  return {
    pool: state.pool,
    at: nowMs,
    configured: described.configured,
    config_version: described.config_version,
    config_error: described.config_error,
    algorithm: config?.algorithm ?? null,
    shared_by: config === null ? null : sharedBy(config),
    coordination: config?.coordination ?? null,
    sticky: config?.sticky?.method ?? null,
    checked: config?.health_check != null,
    attempt_timeout: config?.failover.attempt_timeout ?? null,
    panic: state.panic,
    status: state.status,
    clients,
    isolates: described.isolates,
    origin_count: origins.length,
    eligible_count: split.eligible.size,
    origins: origins.length > mostOrigins ? inRank(origins, wanted).slice(0, mostOrigins) : origins,
    events,
    ...liveTraffic(stats, elapsedS(stats)),
  };
}

/** The origins that may be picked, and their shares. */
interface TrafficSplit {
  /** By origin id. */
  eligible: ReadonlySet<string>;
  /** By origin id; null: the algorithm goes by load. */
  expected: ReadonlyMap<string, number> | null;
}

interface Known extends TrafficSplit {
  configured: ReadonlyMap<string, OriginConfig>;
  ejectionSteps: Readonly<Record<string, number>>;
}

/** Limits change with every request, so they do not count here. */
function trafficSplit(snapshot: PoolSnapshot | null, nowMs: number): TrafficSplit {
  if (snapshot === null) return { eligible: new Set(), expected: null };
  const { config } = snapshot;
  const servers = config.origins.map((origin) =>
    serverOf({ ...origin, max_connections: null }, snapshot, () => 0),
  );
  const candidates = new Candidates(servers, { panicThreshold: config.panic_threshold });
  const eligible = candidates.list({}, nowMs);
  const by = sharedBy(config);
  const portion = ({ effectiveWeight, weightFactor }: Server): number =>
    by === "weight" ? effectiveWeight : weightFactor;
  const total = eligible.reduce((sum, server) => sum + portion(server), 0);
  const expected = eligible.map((server): [string, number] => [server.id, portion(server) / total]);
  return {
    eligible: new Set(eligible.map(({ id }) => id)),
    expected: by === "load" || by === "order" ? null : new Map(expected),
  };
}

/** Sessions by address go by a ring, whatever the algorithm is. */
function sharedBy(config: PoolConfig): SharedBy {
  return goesByAddress(config) ? "weight" : algorithmEntry(config.algorithm).sharedBy;
}

function liveOrigin(described: OriginDescription, { stats }: LiveInput, known: Known): LiveOrigin {
  const { id } = described;
  const counted = ownValue(stats.origins, id) ?? null;
  const configured = known.configured.get(id) ?? null;
  return {
    ...described,
    weight: configured?.weight ?? 0,
    enabled: configured?.enabled ?? false,
    backup: configured?.backup ?? false,
    eligible: known.eligible.has(id),
    share: counted === null || stats.requests === 0 ? null : counted.requests / stats.requests,
    expected_share: known.expected === null ? null : (known.expected.get(id) ?? 0),
    ejection_steps: ownValue(known.ejectionSteps, id) ?? 0,
    ...liveTraffic(counted ?? stats, elapsedS(stats)),
  };
}

function liveTraffic(stats: TrafficStats, seconds: number): LiveTraffic {
  const { requests, retries, rate_limited, answers_broken_off = 0, error_rate, active_connections } = stats;
  const { p50, p90, p99 } = stats;
  return {
    requests_per_second: requests / seconds,
    error_rate,
    failures: failuresOf(stats),
    retries_per_second: retries / seconds,
    rate_limited_per_second: rate_limited / seconds,
    answers_broken_off_per_second: answers_broken_off / seconds,
    active_connections,
    p50,
    p90,
    p99,
  };
}

function failuresOf(stats: TrafficStats): Failures {
  const judged = stats.requests - stats.client_closed;
  const failed = FAILURE_KINDS.filter((kind) => stats[kind] > 0);
  return Object.fromEntries(failed.map((kind) => [kind, stats[kind] / judged]));
}

/** The one that is asked for, those with trouble, the others. */
function inRank(origins: readonly LiveOrigin[], wanted: string | null): LiveOrigin[] {
  const rank = ({ id, enabled, eligible, backup }: LiveOrigin): number => {
    if (id === wanted) return 0;
    return enabled && !eligible && !backup ? 1 : 2;
  };
  return origins.toSorted((a, b) => rank(a) - rank(b));
}
