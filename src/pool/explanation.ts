/**
 * Why a request would go where it would: every origin with the reason it is kept or left out. Works on copies and
 * changes nothing.
 * @module
 */
import { compileHashKey } from "../config/hash-key.ts";
import type { PoolConfig } from "../config/schema.ts";
import type {
  AffinityExplanation,
  CandidateExplanation,
  LeftOut,
  PoolExplanation,
  RequestFacts,
} from "../contract/admin.ts";
import type { PoolSnapshot } from "../contract/sync.ts";
import { ineligibility, limitIneligibility, sessionIneligibility } from "../core/eligibility.ts";
import { LoadBalancer } from "../core/load-balancer.ts";
import type { Server } from "../core/server.ts";
import type { Affinity, RouteRequest } from "../core/session-affinity.ts";
import { serverOf } from "./servers.ts";
import { type CookieReading, readSessionCookie } from "./session-cookie.ts";

/** What the object knows beyond the snapshot. */
export interface ExplanationInput {
  pool: string;
  snapshot: PoolSnapshot;
  facts: RequestFacts;
  nowMs: number;
  /** The pool's next round-robin position. */
  cursor: number;
  random: () => number;
  active: (origin: string) => number;
  /** Isolates that work for the pool. */
  isolates: number;
  /** Requests in any one second that isolates hold the right to start at an origin; null if it has no limit. */
  granted: (origin: string) => number | null;
}

export function explainPick(input: ExplanationInput): PoolExplanation {
  const { pool, snapshot, facts, nowMs } = input;
  const { config } = snapshot;
  const servers = config.origins.map((origin) => serverOf(origin, snapshot, input.active));
  const cookie = readCookie(input);
  const pinned = cookie?.state === "valid" ? (servers.find(({ id }) => id === cookie.origin) ?? null) : null;
  const key = compileHashKey(config)(keyed(facts));
  const balancer = balancerOf(servers, pinned, input);
  const candidates = explainCandidates(servers, balancer.panicking, input);
  const decision = balancer.decide({ clientIp: facts.client_ip, key });
  const kept = candidates.filter(({ left_out }) => left_out === null).length;
  return {
    pool,
    configured: true,
    algorithm: config.algorithm,
    coordination: config.coordination,
    snapshot_version: snapshot.version,
    hash_key: config.algorithm === "consistent_hash" ? key : null,
    affinity: explainAffinity(config, cookie, pinned, nowMs),
    panic: balancer.panicking,
    candidates,
    pick: decision && {
      origin: decision.server.id,
      reason: decision.reason === "affinity" ? "affinity" : "algorithm",
      certain: decision.reason === "affinity" || kept === 1 || goesByKey(config, key),
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
    algorithm: config.algorithm,
    cursor: { next: () => input.cursor },
    panicThreshold: config.panic_threshold,
    sticky: config.sticky === null ? false : affinity,
    balanceFactor: config.algorithm === "consistent_hash" ? config.hash_balance_factor : 0,
    now: () => input.nowMs,
    random: input.random,
  });
}

function explainCandidates(
  servers: Server[],
  panic: boolean,
  { nowMs, snapshot: { config }, granted }: ExplanationInput,
): CandidateExplanation[] {
  const reasons = servers.map((server) => leftOut(server, panic, nowMs));
  const hasPrimary = servers.some((server, index) => reasons[index] === null && !server.backup);
  return servers.map((server, index) => {
    const reason = reasons[index] ?? null;
    const limit = config.origins[index]?.rate_limit ?? config.rate_limit;
    return {
      id: server.id,
      left_out: reason === null && server.backup && hasPrimary ? "backup" : reason,
      weight: server.effectiveWeight,
      active_connections: server.activeConnections,
      rate_limit: limit === null ? null : { limit, granted: granted(server.id) ?? 0 },
    };
  });
}

function leftOut(server: Server, panic: boolean, nowMs: number): LeftOut | null {
  const reason = ineligibility(server, nowMs);
  const isIgnored = panic && (reason === "unhealthy" || reason === "ejected");
  if (reason !== null && !isIgnored) return reason;
  if (server.effectiveWeight === 0) return "zero_weight";
  return limitIneligibility(server, nowMs);
}

function readCookie({ snapshot, facts, nowMs }: ExplanationInput): CookieReading | null {
  const { sticky } = snapshot.config;
  if (sticky === null || sticky.method === "ip") return null;
  return readSessionCookie(facts.headers.cookie ?? "", sticky, snapshot.affinity ?? null, nowMs);
}

function explainAffinity(
  { sticky }: PoolConfig,
  cookie: CookieReading | null,
  pinned: Server | null,
  nowMs: number,
): AffinityExplanation | null {
  if (sticky === null) return null;
  return {
    method: sticky.method,
    cookie: cookie?.state ?? null,
    origin: cookie?.origin ?? null,
    left_out: pinned && sessionIneligibility(pinned, nowMs),
  };
}

/** The same request always goes to the same origin, whichever isolate has it. */
function goesByKey({ algorithm, sticky, hash_balance_factor }: PoolConfig, key: string): boolean {
  if (sticky !== null && sticky.method !== "cookie") return true;
  return algorithm === "consistent_hash" && key !== "" && hash_balance_factor === 0;
}

function unknownHere({ algorithm, origins, rate_limit }: PoolConfig): string[] {
  const unknown = ["positions of the cursor that isolates hold and have not spent"];
  if (algorithm === "peak_ewma") unknown.push("latencies, which each isolate measures for itself");
  if (rate_limit !== null || origins.some((origin) => origin.rate_limit !== null)) {
    unknown.push("rate-limit tokens that isolates hold and have not spent");
  }
  return unknown;
}

function keyed({ headers, path, target, client_ip }: RequestFacts) {
  return {
    request: { headers: { get: (name: string) => headers[name.toLowerCase()] ?? null } },
    path,
    target,
    clientIp: client_ip,
  };
}
