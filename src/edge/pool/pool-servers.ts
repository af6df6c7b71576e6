/**
 * The origins of a pool as an isolate takes them: as the object last said, less what this isolate has learned since by
 * its own failures, and less what cannot be reached from here.
 * @module
 */
import { unboundOrigins } from "../../config/pool-rules.ts";
import type { OriginConfig, PoolConfig } from "../../config/schema.ts";
import { type OriginState, UNKNOWN_STATE } from "../../contract/sync.ts";
import type { Verdict } from "../../contract/verdict-note.ts";
import { takesTraffic } from "../../core/server/eligibility.ts";
import { EdgeServer } from "../model/edge-server.ts";
import { LocalEjections } from "./local-ejections.ts";

/** True if neither checks nor live traffic speak against an origin. Default: one of which the object has not spoken. */
export function isWell({
  healthy,
  ejected,
}: Pick<OriginState, "healthy" | "ejected"> = UNKNOWN_STATE): boolean {
  return healthy && !ejected;
}

export class PoolServers {
  readonly #bindings: readonly string[];
  /** Survives snapshots, so that an origin's counts and measurements stay. */
  readonly #servers = new Map<string, EdgeServer>();
  /** Ejections by this isolate alone, in force before the object knows. */
  readonly #localEjections = new LocalEjections();
  /** As the object last said, or another isolate's note of it. */
  #states: Verdict["states"] = new Map();
  #unbound: readonly string[] = [];

  /** @param bindings through which origins can be reached from here */
  constructor(bindings: readonly string[]) {
    this.#bindings = bindings;
  }

  [Symbol.iterator](): Iterator<EdgeServer> {
    return this.#servers.values();
  }

  get(id: string): EdgeServer | null {
    return this.#servers.get(id) ?? null;
  }

  get size(): number {
    return this.#servers.size;
  }

  /**
   * Ids of those that cannot be reached from here, for want of their bindings. They get nothing, whatever the object
   * says of them: while a version is rolled out, the object may have bindings that this isolate has not.
   */
  get unbound(): readonly string[] {
    return this.#unbound;
  }

  /** In the order of the configuration; null: by the verdict in force it is not well. */
  saidWell({ origins }: PoolConfig): (EdgeServer | null)[] {
    return origins.map(({ id }) => (isWell(this.#states.get(id)) ? this.get(id) : null));
  }

  /** True while requests are in flight here. */
  get isServing(): boolean {
    for (const server of this.#servers.values()) if (server.own > 0) return true;
    return false;
  }

  /** Takes over a configuration and what the object says of its origins. @returns them, in their order */
  adopt(config: PoolConfig, states: Verdict["states"]): EdgeServer[] {
    this.#states = states;
    this.#unbound = unboundOrigins(config, this.#bindings);
    this.#localEjections.configure(config.outlier_detection);
    const servers = config.origins.map((origin) => this.#server(origin, config.rate_limit));
    const kept = new Set(config.origins.map(({ id }) => id));
    for (const id of this.#servers.keys()) {
      if (kept.has(id)) continue;
      this.#servers.delete(id);
      this.#localEjections.forget(id);
    }
    // The verdict may have left just those that this isolate has ejected by itself: one must be left.
    if (this.#localEjections.any && !servers.some(takesTraffic)) this.#uneject(this.#localEjections.endAll());
    return servers;
  }

  /** An attempt at `server` ended, which may eject it here. */
  ended(server: EdgeServer, failed: boolean, nowMs: number): void {
    if (this.#localEjections.observe(server, failed, this.#servers.values(), nowMs)) server.ejected = true;
  }

  /** Ends local ejections in time. */
  endLocalEjections(nowMs: number): void {
    this.#uneject(this.#localEjections.end(nowMs));
  }

  #uneject(ids: Iterable<string>): void {
    for (const id of ids) {
      const server = this.#servers.get(id);
      if (server !== undefined) server.ejected = this.#states.get(id)?.ejected ?? false;
    }
  }

  #server(origin: OriginConfig, rateLimit: number | null): EdgeServer {
    const { id } = origin;
    const server = this.#servers.get(id) ?? new EdgeServer(origin);
    const state = this.#states.get(id) ?? UNKNOWN_STATE;
    // The object has given its verdict, which takes the place of this isolate's own.
    if (state.ejected) this.#localEjections.forget(id);
    const ejected = state.ejected || this.#localEjections.has(id);
    const unbound = this.#unbound.includes(id) && { no_binding: true as const };
    server.update(origin, { ...state, ejected, ...unbound }, rateLimit);
    this.#servers.set(id, server);
    return server;
  }
}
