/**
 * Makes the core's servers and the balancer's settings from a snapshot, in the same way for isolates, strict pools,
 * explanations and the live view.
 * @module
 */
import type { OriginConfig, PoolConfig } from "../config/schema.ts";
import { type AlgorithmName, algorithmEntry } from "../core/algorithms/index.ts";
import { ownValue } from "../core/own-value.ts";
import { Candidates } from "../core/server/candidates.ts";
import { Server } from "../core/server/server.ts";
import type { OriginState, PoolSnapshot } from "./sync.ts";

/**
 * Gives `server` an origin's settings and state. The counts of `server` stay.
 * @param state absent: unchanged
 */
export function applyOrigin(server: Server, origin: OriginConfig, state: OriginState | undefined): void {
  server.weight = origin.weight;
  server.enabled = origin.enabled && state?.no_binding !== true;
  server.backup = origin.backup;
  server.maxConnections = origin.max_connections ?? Number.POSITIVE_INFINITY;
  if (state === undefined) return;
  server.weightFactor = state.weight_factor;
  server.healthy = state.healthy;
  server.ejected = state.ejected;
  server.draining = state.draining;
  server.drained = state.drained;
}

/**
 * An origin as a server of the core, for questions about a pick that is not made.
 * @param active live connections of an origin
 */
export function serverOf(
  origin: OriginConfig,
  snapshot: PoolSnapshot,
  active: (origin: string) => number,
): Server {
  const server = new Server(origin.id, 0, origin.weight, { id: origin.id });
  applyOrigin(server, origin, ownValue(snapshot.origins, origin.id));
  server.activeConnections = active(origin.id);
  return server;
}

/** How many origins there are, and how many take new clients. Limits change with every request, so they do not count here. */
export function countEligible(snapshot: PoolSnapshot): { total: number; eligible: number } {
  const { origins, panic_threshold: panicThreshold } = snapshot.config;
  const servers = origins.map((origin) => serverOf(origin, snapshot, () => 0));
  const candidates = new Candidates(servers, { panicThreshold });
  const eligible = servers.filter(
    (server) => server.weight > 0 && candidates.statusIneligibility(server) === null,
  );
  return { total: servers.length, eligible: eligible.length };
}

/** A pool's settings that its balancer uses, sessions aside. */
export interface BalancerSettings {
  readonly algorithm: AlgorithmName;
  readonly panicThreshold: number;
  /** Percent of the mean load that bounds a hashed pick; 0: no bound. Only the algorithm that hashes has one. */
  readonly balanceFactor: number;
}

export function balancerSettings(config: PoolConfig): BalancerSettings {
  const { algorithm, panic_threshold: panicThreshold, hash_balance_factor } = config;
  const balanceFactor = algorithmEntry(algorithm).usesKey ? hash_balance_factor : 0;
  return { algorithm, panicThreshold, balanceFactor };
}
