/**
 * Statistics of one balancer. The pool's object keeps those of the whole world.
 * @module
 */

import type { Server } from "../server/server.ts";
import { LatencySketch } from "./latency-sketch.ts";

/** What a balancer has counted since it was made. */
export interface LoadBalancerStats {
  /** Requests routed, including those to servers that were removed since. */
  requests: number;
  /** Requests routed, by id, for the servers that exist now. */
  requests_per_server: Record<string, number>;
  /** Requests that were reported as failed. */
  errors: number;
  /** Errors per ended request, 0 to 1. */
  error_rate: number;
  /** In flight now, all servers together. */
  active_connections: number;
  /** In flight now, by id. */
  active_connections_per_server: Record<string, number>;
  /** Latency in milliseconds, to within 1%; null before the first request has ended. */
  p50: number | null;
  /** As `p50`. */
  p90: number | null;
  /** As `p50`. */
  p99: number | null;
  /** Servers whose checks pass, whether or not they take traffic. */
  healthy_servers: number;
}

export class ServerStats {
  readonly #requests = new Map<string, number>();
  readonly #latency = new LatencySketch();
  #started = 0;
  #ended = 0;
  #errors = 0;

  started(id: string): void {
    this.#started++;
    this.#requests.set(id, (this.#requests.get(id) ?? 0) + 1);
  }

  ended(failed: boolean, latencyMs: number): void {
    this.#ended++;
    if (failed) this.#errors++;
    this.#latency.add(latencyMs);
  }

  forget(id: string): void {
    this.#requests.delete(id);
  }

  summary(servers: readonly Server[]): LoadBalancerStats {
    const requests = Object.fromEntries(servers.map(({ id }) => [id, this.#requests.get(id) ?? 0]));
    const active = Object.fromEntries(servers.map((server) => [server.id, server.activeConnections]));
    const [p50 = null, p90 = null, p99 = null] = this.#latency.quantiles([0.5, 0.9, 0.99]);
    return {
      requests: this.#started,
      requests_per_server: requests,
      errors: this.#errors,
      error_rate: this.#ended === 0 ? 0 : this.#errors / this.#ended,
      active_connections: sum(active),
      active_connections_per_server: active,
      p50,
      p90,
      p99,
      healthy_servers: servers.filter((server) => server.healthy).length,
    };
  }
}

function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
