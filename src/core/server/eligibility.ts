/**
 * Decides which servers may be picked. Every algorithm, the affinity and the explanation use this one predicate.
 * @module
 */
import type { Server } from "./server.ts";

/** Why a server is left out. */
export type Ineligibility =
  | "disabled"
  | "drained"
  | "draining"
  | "unhealthy"
  | "ejected"
  | "at_max_connections"
  | "rate_limited";

/**
 * Why `server` may not take a new request at `nowMs`, or null if it may.
 * @param ignoresHealth true in panic, which only `Candidates.ignoresHealthOf` decides
 */
export function ineligibility(server: Server, nowMs: number, ignoresHealth = false): Ineligibility | null {
  return statusIneligibility(server, ignoresHealth) ?? limitIneligibility(server, nowMs);
}

/** The same for a pick by an algorithm: only its sessions reach a server of weight 0. */
export function pickIneligibility(
  server: Server,
  nowMs: number,
  ignoresHealth = false,
): Ineligibility | "zero_weight" | null {
  const reason = statusIneligibility(server, ignoresHealth);
  if (reason !== null) return reason;
  return server.effectiveWeight === 0 ? "zero_weight" : limitIneligibility(server, nowMs);
}

/** Enabled, not draining, healthy, not ejected, under its limits. */
export function isEligible(server: Server, nowMs: number): boolean {
  return ineligibility(server, nowMs) === null;
}

/** The same for a request of a session pinned to `server`: a draining server still serves its sessions. */
export function sessionIneligibility(
  server: Server,
  nowMs: number,
  ignoresHealth = false,
): Ineligibility | null {
  const reason = statusIneligibility(server, ignoresHealth, true);
  return reason ?? limitIneligibility(server, nowMs);
}

/** The properties that decide, limits aside, whether a server takes traffic. A `Server` has them. */
export interface ServerStatus {
  /** As configured. */
  readonly weight: number;
  readonly enabled: boolean;
  readonly healthy: boolean;
  readonly ejected: boolean;
  readonly draining: boolean;
  readonly drained: boolean;
}

/** True if new requests go there now, limits aside. */
export function takesTraffic(server: ServerStatus): boolean {
  return server.weight > 0 && statusIneligibility(server) === null;
}

/**
 * The part that changes rarely and so can be cached: operator, drain, health, ejection.
 * @param ofSession true for a session pinned to it, which may reach a draining server
 */
export function statusIneligibility(
  server: Omit<ServerStatus, "weight">,
  ignoresHealth = false,
  ofSession = false,
): Ineligibility | null {
  if (!server.enabled) return "disabled";
  if (server.drained) return "drained";
  if (server.draining && !ofSession) return "draining";
  if (ignoresHealth) return null;
  if (!server.healthy) return "unhealthy";
  if (server.ejected) return "ejected";
  return null;
}

/** The part that changes with every request: connections and rate. */
export function limitIneligibility(server: Server, nowMs: number): Ineligibility | null {
  if (server.activeConnections >= server.maxConnections) return "at_max_connections";
  if (server.limiter !== null && !server.limiter.allows(nowMs)) return "rate_limited";
  return null;
}

/** True if `server` has a limit that must be asked at each pick. */
export function hasLimits(server: Server): boolean {
  return server.limiter !== null || server.maxConnections !== Number.POSITIVE_INFINITY;
}

/** True if the operator's settings allow traffic. */
export function isInService(server: Server): boolean {
  return server.enabled && !server.draining && !server.drained && server.effectiveWeight > 0;
}
