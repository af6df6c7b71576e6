/**
 * Origins as the core sees them, for questions about a pick that is not made.
 * @module
 */
import type { OriginConfig } from "../config/schema.ts";
import type { PoolSnapshot } from "../contract/sync.ts";
import { Server } from "../core/server.ts";

/** @param active live connections of an origin */
export function serverOf(
  origin: OriginConfig,
  snapshot: PoolSnapshot,
  active: (origin: string) => number,
): Server {
  const { id, weight, enabled, backup } = origin;
  const maxConnections = origin.max_connections ?? Number.POSITIVE_INFINITY;
  const server = new Server(id, 0, weight, { id, enabled, backup, maxConnections });
  const state = snapshot.origins[id];
  if (state !== undefined) {
    server.healthy = state.healthy;
    server.ejected = state.ejected;
    server.draining = state.draining;
    server.drained = state.drained;
    server.weightFactor = state.weight_factor;
  }
  server.activeConnections = active(id);
  return server;
}
