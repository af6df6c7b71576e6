/**
 * An origin as an isolate sees it: the core's server plus where to send.
 * @module
 */
import type { OriginConfig } from "../config/schema.ts";
import type { OriginState } from "../contract/sync.ts";
import { LeasedLimiter } from "../core/leased-limiter.ts";
import { Server } from "../core/server.ts";

export class EdgeServer extends Server {
  /** Scheme, host, port and path prefix, without a trailing slash: the client's path and query are appended. */
  base: string;
  /** This isolate's share of the origin's rate limit; null if it has none. The `limiter`, by its own type. */
  leased: LeasedLimiter | null = null;
  /** Connections other isolates hold, as the object last said. Part of `activeConnections`. */
  #others = 0;

  constructor(config: OriginConfig) {
    const url = new URL(config.url);
    super(url.hostname, portOf(url), config.weight, { id: config.id });
    this.base = baseOf(url);
  }

  /**
   * Takes over a new config and state; what is counted and measured here stays.
   * @param poolRateLimit requests per second, where the origin has no limit of its own
   */
  update(config: OriginConfig, state: OriginState, poolRateLimit: number | null): void {
    this.base = baseOf(new URL(config.url));
    this.weight = config.weight;
    this.weightFactor = state.weight_factor;
    this.enabled = config.enabled;
    this.backup = config.backup;
    this.healthy = state.healthy;
    this.ejected = state.ejected;
    this.draining = state.draining;
    this.drained = state.drained;
    this.maxConnections = config.max_connections ?? Number.POSITIVE_INFINITY;
    this.#setRateLimit(config.rate_limit ?? poolRateLimit);
  }

  #setRateLimit(limit: number | null): void {
    if (limit === null) this.leased = null;
    else if (this.leased === null) this.leased = new LeasedLimiter(limit);
    else this.leased.setLimit(limit);
    this.limiter = this.leased;
  }

  /** Connections this isolate holds. */
  get own(): number {
    return this.activeConnections - this.#others;
  }

  /** @param fresh share of them that is taken to be there still when the next count comes */
  setOthers(count: number, fresh: number): void {
    this.activeConnections += count - this.#others;
    this.#others = count;
    // Whole ones: a trace of them would decide between servers that are otherwise equal, for all isolates alike.
    this.staleConnections = count - Math.round(count * fresh);
  }
}

function baseOf(url: URL): string {
  return url.origin + url.pathname.replace(/\/+$/, "");
}

function portOf(url: URL): number {
  if (url.port !== "") return Number(url.port);
  return url.protocol === "https:" ? 443 : 80;
}
