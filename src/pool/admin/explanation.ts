/**
 * Why a request would go where it would: every origin with the reason it is kept or left out. Works on copies and
 * changes nothing.
 * @module
 */

import { compileHashKey } from "../../config/hash-key.ts";
import { goesByAddress, hasRateLimits, keepsSessionCookies, rateLimitOf } from "../../config/pool-rules.ts";
import type { PoolConfig } from "../../config/schema.ts";
import type {
  AffinityExplanation,
  CandidateExplanation,
  ExclusionReason,
  PoolExplanation,
  SampleRequest,
  StateReason,
} from "../../contract/explanation.ts";
import { balancerSettings, serverOf } from "../../contract/snapshot.ts";
import type { PoolSnapshot } from "../../contract/sync.ts";
import type { Affinity, RouteRequest } from "../../core/affinity/session-affinity.ts";
import { algorithmEntry } from "../../core/algorithms/index.ts";
import { LoadBalancer } from "../../core/load-balancer.ts";
import { ownValue } from "../../core/own-value.ts";
import { statusIneligibility } from "../../core/server/eligibility.ts";
import type { Server } from "../../core/server/server.ts";
import { SessionCookie, type SessionReading } from "../../platform/session-cookie.ts";

/** Facts that the object has beyond the snapshot. */
export interface ExplanationInput {
  pool: string;
  snapshot: PoolSnapshot;
  facts: SampleRequest;
  nowMs: number;
  /** The pool's next round-robin position. */
  cursor: number;
  random: () => number;
  active: (origin: string) => number;
  /** Isolates that work for the pool. */
  isolates: number;
  /** Requests in any one second that isolates hold the right to start at an origin; null if it has no limit. */
  granted: (origin: string) => number | null;
  /** The reason for an origin's state. Absent: not known. */
  because?: (origin: string, state: ExclusionReason) => StateReason | null;
}

export function explainPick(input: ExplanationInput): PoolExplanation {
  const { pool, snapshot, facts } = input;
  const { config } = snapshot;
  const servers = config.origins.map((origin) => serverOf(origin, snapshot, input.active));
  const cookie = readCookie(servers, input);
  const pinned = cookie?.state === "valid" ? cookie.origin : null;
  const key = compileHashKey(config)(keyed(facts));
  const balancer = balancerOf(servers, pinned, input);
  const candidates = explainCandidates(servers, balancer, input);
  const decision = balancer.decide({ clientIp: facts.client_ip, key });
  const kept = candidates.filter(({ exclusion_reason }) => exclusion_reason === null).length;
  return {
    pool,
    configured: true,
    algorithm: config.algorithm,
    coordination: config.coordination,
    snapshot_version: snapshot.version,
    hash_key: algorithmEntry(config.algorithm).usesKey ? key : null,
    affinity: explainAffinity(config, cookie, pinned, balancer),
    panic: balancer.panicking,
    candidates,
    pick: decision && {
      origin: decision.server.id,
      reason: decision.reason === "affinity" ? "affinity" : "algorithm",
      certain: decision.reason === "affinity" || kept === 1 || isCertain(config, key, decision.server),
    },
    lease: {
      isolates: input.isolates,
      cursor: input.cursor,
      active_connections: servers.reduce((sum, { activeConnections }) => sum + activeConnections, 0),
    },
    unknown_here: unknownHere(config),
  };
}

/** For a pool without a configuration. */
export function explainNothing(pool: string): PoolExplanation {
  return {
    pool,
    configured: false,
    algorithm: "",
    coordination: "",
    snapshot_version: 0,
    hash_key: null,
    affinity: null,
    panic: false,
    candidates: [],
    pick: null,
    unknown_here: [],
  };
}

function balancerOf(servers: Server[], pinned: Server | null, input: ExplanationInput): LoadBalancer {
  const { config } = input.snapshot;
  const affinity: Affinity<Server, RouteRequest> = {
    method: config.sticky?.method ?? "cookie",
    getServer: () => pinned,
    pin: () => undefined,
  };
  return new LoadBalancer(servers, {
    ...balancerSettings(config),
    cursor: { next: () => input.cursor },
    sticky: config.sticky === null ? false : affinity,
    now: () => input.nowMs,
    random: input.random,
  });
}

function explainCandidates(
  servers: Server[],
  balancer: LoadBalancer,
  { nowMs, snapshot: { config }, granted, because }: ExplanationInput,
): CandidateExplanation[] {
  const reasons = servers.map((server, index) => {
    const reason = balancer.pickIneligibility(server, nowMs);
    // To the core one that cannot be sent to is switched off.
    return reason === "disabled" && config.origins[index]?.enabled ? "no_binding" : reason;
  });
  const hasPrimary = servers.some((server, index) => reasons[index] === null && !server.backup);
  return servers.map((server, index) => {
    const reason = reasons[index] ?? null;
    const { rate_limit = null, max_connections = null } = config.origins[index] ?? {};
    const limit = rateLimitOf({ rate_limit }, config);
    const exclusion_reason = reason === null && server.backup && hasPrimary ? "backup" : reason;
    // In panic a state is ignored, and is there all the same.
    const state = exclusion_reason ?? statusIneligibility(server);
    return {
      id: server.id,
      exclusion_reason,
      weight: server.effectiveWeight,
      active_connections: server.activeConnections,
      rate_limit: limit === null ? null : { limit, granted: granted(server.id) ?? 0 },
      max_connections,
      because: state === null ? null : (because?.(server.id, state) ?? null),
    };
  });
}

function readCookie(
  servers: Server[],
  { snapshot, facts, nowMs }: ExplanationInput,
): SessionReading<Server> | null {
  const { sticky } = snapshot.config;
  if (sticky === null || !keepsSessionCookies(snapshot.config)) return null;
  const cookie = new SessionCookie(sticky, servers, snapshot.affinity ?? null);
  return cookie.read(facts.headers.cookie ?? null, nowMs);
}

function explainAffinity(
  { sticky }: PoolConfig,
  cookie: SessionReading<Server> | null,
  pinned: Server | null,
  balancer: LoadBalancer,
): AffinityExplanation | null {
  if (sticky === null) return null;
  return {
    method: sticky.method,
    cookie: cookie?.state ?? null,
    origin: cookie?.origin?.id ?? null,
    exclusion_reason: pinned && balancer.sessionIneligibility(pinned),
  };
}

/** The same request always goes to the same origin, whichever isolate has it. */
function isCertain(config: PoolConfig, key: string, { maxConnections }: Server): boolean {
  if (goesByAddress(config)) return true;
  const { usesKey, sharedBy } = algorithmEntry(config.algorithm);
  // Isolates know of one another's connections a second late.
  if (sharedBy === "order") return maxConnections === Number.POSITIVE_INFINITY;
  return usesKey && key !== "" && config.hash_balance_factor === 0;
}

function unknownHere(config: PoolConfig): string[] {
  const unknown = [
    "positions of the cursor that isolates hold and have not spent",
    "origins that an isolate could not reach a moment ago",
  ];
  if (algorithmEntry(config.algorithm).measuresLatency) {
    unknown.push("latencies, which each isolate measures for itself");
  }
  if (hasRateLimits(config)) unknown.push("rate-limit tokens that isolates hold and have not spent");
  return unknown;
}

function keyed({ headers, path, target, client_ip }: SampleRequest) {
  return {
    request: { headers: { get: (name: string) => ownValue(headers, name.toLowerCase()) ?? null } },
    path,
    target,
    clientIp: client_ip,
  };
}
