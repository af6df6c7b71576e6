/**
 * Who may be picked at all. The one predicate that every algorithm, the affinity and the explanation use.
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

/** Why `server` may not take a new request at `nowMs`, or null if it may. */
export function ineligibility(server: Server, nowMs: number): Ineligibility | null {
  return standingIneligibility(server) ?? limitIneligibility(server, nowMs);
}

/** Enabled, not draining, healthy, not ejected, under its limits. */
export function isEligible(server: Server, nowMs: number): boolean {
  return ineligibility(server, nowMs) === null;
}

/** The same for a request of a session pinned to `server`: a draining server still serves its sessions. */
export function sessionIneligibility(server: Server, nowMs: number): Ineligibility | null {
  const standing = standingIneligibility(server);
  if (standing !== null && standing !== "draining") return standing;
  return limitIneligibility(server, nowMs);
}

/** The part that changes rarely and so can be cached: operator, drain, health, ejection. */
export function standingIneligibility(server: Server): Ineligibility | null {
  if (!server.enabled) return "disabled";
  if (server.drained) return "drained";
  if (server.draining) return "draining";
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
