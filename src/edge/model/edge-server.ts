/**
 * An origin in an isolate: the core's server and the address to send to.
 * @module
 */
import { rateLimitOf } from "../../config/pool-rules.ts";
import type { OriginConfig } from "../../config/schema.ts";
import { applyOrigin } from "../../contract/snapshot.ts";
import type { OriginState } from "../../contract/sync.ts";
import { LeasedLimiter } from "../../core/rate-limit/leased-limiter.ts";
import { Server } from "../../core/server/server.ts";

export class EdgeServer extends Server {
  /** Scheme, host, port and path prefix, without a trailing slash: the client's path and query are appended. */
  base = "";
  /** Name of the binding that requests go through; null: they go over the network. */
  binding: string | null = null;
  /** What `fetch` is told of the name to look up; null: nothing. */
  cf: { readonly resolveOverride: string } | null = null;
  /** This isolate's share of the origin's rate limit; null if it has none. The `limiter`, by its own type. */
  leased: LeasedLimiter | null = null;
  /** When it was last reached from this isolate, in ms. */
  reachedMs = Number.NEGATIVE_INFINITY;
  /** Connections other isolates hold, as the object last said. Part of `activeConnections`. */
  #others = 0;

  constructor(config: OriginConfig) {
    const url = new URL(config.url);
    super(url.hostname, portOf(url), config.weight, { id: config.id });
    this.#reach(config);
  }

  /**
   * Applies a new configuration and state; the isolate's own counts and measurements stay.
   * @param poolRateLimit requests per second, where the origin has no limit of its own
   */
  update(config: OriginConfig, state: OriginState, poolRateLimit: number | null): void {
    this.#reach(config);
    applyOrigin(this, config, state);
    this.#setRateLimit(rateLimitOf(config, { rate_limit: poolRateLimit }));
  }

  #reach({ url, binding, resolve_override: resolveOverride }: OriginConfig): void {
    this.base = baseOf(new URL(url));
    // One that is being removed may have been stored by a version without these.
    this.binding = binding ?? null;
    this.cf = resolveOverride == null ? null : { resolveOverride };
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

  /** @param fresh share of them that is assumed to be open still when the next count comes */
  setOthers(count: number, fresh: number): void {
    this.activeConnections += count - this.#others;
    this.#others = count;
    // Rounded: a fraction would decide between otherwise equal servers, in all isolates alike.
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
