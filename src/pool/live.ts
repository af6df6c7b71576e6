/**
 * The pool at this moment. See contract/live.ts.
 * @module
 */
import type { OriginConfig } from "../config/schema.ts";
import type { OriginDescription, PoolDescription } from "../contract/admin.ts";
import type { PoolEvent } from "../contract/events.ts";
import type { LiveOrigin, LivePool, LiveTraffic } from "../contract/live.ts";
import { elapsedS, type PoolStats, type TrafficStats } from "../contract/stats.ts";
import type { PoolSnapshot } from "../contract/sync.ts";
import type { AlgorithmName } from "../core/algorithm.ts";
import { Candidates } from "../core/candidates.ts";
import type { PoolParts } from "./description.ts";
import { serverOf } from "./servers.ts";

export interface LiveInput {
  parts: PoolParts;
  described: PoolDescription;
  /** Over a window of seconds. */
  stats: PoolStats;
  events: PoolEvent[];
  nowMs: number;
  mostOrigins: number;
  /** Comes first, if some must be left out. */
  wanted: string | null;
}

export function livePool(input: LiveInput): LivePool {
  const { parts, described, stats, events, nowMs, mostOrigins, wanted } = input;
  const { snapshot } = parts;
  const config = snapshot?.config ?? null;
  const standing = standingOf(snapshot, nowMs);
  const { board } = parts;
  const known: Known = {
    ...standing,
    configured: new Map(board.origins().map((origin) => [origin.id, origin])),
    ejectionSteps: board.ejectionSteps(),
  };
  const origins = described.origins.map((origin) => liveOrigin(origin, input, known));
  return {
    pool: parts.pool,
    at: nowMs,
    configured: described.configured,
    config_version: described.config_version,
    config_error: described.config_error,
    algorithm: config?.algorithm ?? null,
    coordination: config?.coordination ?? null,
    sticky: config?.sticky?.method ?? null,
    checked: config?.health_check != null,
    panic: parts.panic,
    isolates: described.isolates,
    origin_count: origins.length,
    eligible_count: standing.eligible.size,
    origins: origins.length > mostOrigins ? inRank(origins, wanted).slice(0, mostOrigins) : origins,
    events,
    ...liveTraffic(stats, elapsedS(stats)),
  };
}

/** Who may be picked, and in what proportion. */
interface Standing {
  /** By origin id. */
  eligible: ReadonlySet<string>;
  /** By origin id; null: the algorithm goes by load. */
  intended: ReadonlyMap<string, number> | null;
}

interface Known extends Standing {
  configured: ReadonlyMap<string, OriginConfig>;
  ejectionSteps: Readonly<Record<string, number>>;
}

/** Limits change with every request, so they do not count here. */
function standingOf(snapshot: PoolSnapshot | null, nowMs: number): Standing {
  if (snapshot === null) return { eligible: new Set(), intended: null };
  const { config } = snapshot;
  const servers = config.origins.map((origin) =>
    serverOf({ ...origin, max_connections: null }, snapshot, () => 0),
  );
  const candidates = new Candidates(servers, { panicThreshold: config.panic_threshold });
  const eligible = candidates.list({}, nowMs);
  // Sessions by address go by a ring, whatever the algorithm is.
  const weights =
    config.sticky === null || config.sticky.method === "cookie" ? WEIGHED_BY[config.algorithm] : "weight";
  const total = eligible.reduce((sum, server) => sum + weighed(weights, server.effectiveWeight), 0);
  const intended = eligible.map(({ id, effectiveWeight }): [string, number] => [
    id,
    weighed(weights, effectiveWeight) / total,
  ]);
  return {
    eligible: new Set(eligible.map(({ id }) => id)),
    intended: weights === "load" ? null : new Map(intended),
  };
}

/** What decides how much of the traffic an origin gets. */
const WEIGHED_BY: Record<AlgorithmName, "count" | "weight" | "load"> = {
  round_robin: "count",
  weighted_round_robin: "weight",
  random: "weight",
  consistent_hash: "weight",
  least_connections: "load",
  p2c: "load",
  peak_ewma: "load",
};

function weighed(by: "count" | "weight" | "load", weight: number): number {
  return by === "weight" ? weight : 1;
}

function liveOrigin(described: OriginDescription, { stats }: LiveInput, known: Known): LiveOrigin {
  const { id } = described;
  const counted = stats.origins[id] ?? null;
  const configured = known.configured.get(id) ?? null;
  return {
    ...described,
    weight: configured?.weight ?? 0,
    enabled: configured?.enabled ?? false,
    backup: configured?.backup ?? false,
    eligible: known.eligible.has(id),
    share: counted === null || stats.requests === 0 ? null : counted.requests / stats.requests,
    intended_share: known.intended === null ? null : (known.intended.get(id) ?? 0),
    rate_limit: described.rate_limit ?? null,
    max_connections: described.max_connections ?? null,
    ejection_steps: known.ejectionSteps[id] ?? 0,
    ...liveTraffic(counted ?? stats, elapsedS(stats)),
  };
}

function liveTraffic(stats: TrafficStats, seconds: number): LiveTraffic {
  const { requests, retries, rate_limited, error_rate, active_connections, p50, p90, p99 } = stats;
  return {
    requests_per_second: requests / seconds,
    error_rate,
    retries_per_second: retries / seconds,
    rate_limited_per_second: rate_limited / seconds,
    active_connections,
    p50,
    p90,
    p99,
  };
}

/** The one that is asked for, those with trouble, the others. */
function inRank(origins: readonly LiveOrigin[], wanted: string | null): LiveOrigin[] {
  const rank = ({ id, enabled, eligible, backup }: LiveOrigin): number => {
    if (id === wanted) return 0;
    return enabled && !eligible && !backup ? 1 : 2;
  };
  return origins.toSorted((a, b) => rank(a) - rank(b));
}
