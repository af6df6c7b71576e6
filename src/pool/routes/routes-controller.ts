/**
 * The routes in force, without the Durable Object: which document counts, and what happened to it.
 * @module
 */
import { parseRoutes } from "../../config/parse.ts";
import { poolsNamedBy } from "../../config/route-pools.ts";
import type { RouteConfig } from "../../config/schema.ts";
import type { RoutesDescription, RoutesDocument, RoutesSummary } from "../../contract/routes.ts";
import { ActiveConfig, type ApplyVerdict, type HashedDocument } from "../config/active-config.ts";
import type { WrittenConfig } from "../config/config-writer.ts";
import type { ObservedDocument } from "../config/document-reader.ts";
import { EventLog } from "../events/event-log.ts";
import type { PoolStore } from "../storage/store.ts";
import { PoolIndex } from "./pool-index.ts";

type Routes = readonly RouteConfig[];

export interface RoutesControllerOptions {
  store: PoolStore;
  now: () => number;
  log: (entry: Record<string, unknown>) => void;
  /** Requests go elsewhere from now on. @param named the pools that routes name and that are not known yet */
  onChange: (revision: number, named: readonly string[]) => void;
}

export class RoutesController implements WrittenConfig<Routes> {
  readonly activeConfig: ActiveConfig<Routes>;
  /** The pools there are. */
  readonly pools: PoolIndex;
  readonly #options: RoutesControllerOptions;
  readonly #events: EventLog;
  #announcedRevision: number;

  constructor(options: RoutesControllerOptions) {
    this.#options = options;
    this.#events = new EventLog({ ...options, pool: "" });
    this.activeConfig = new ActiveConfig(options.store, options.now, parseRoutes);
    this.pools = new PoolIndex(options.store, options.now);
    this.#announcedRevision = options.store.get("announced_revision") ?? this.#documentTimestamp;
  }

  get configured(): boolean {
    return this.activeConfig.config !== null;
  }

  /** What KV holds. A good, newer document comes into force; if it was deleted, there are no routes. */
  applyConfig(document: ObservedDocument | null): ApplyVerdict {
    const errorBefore = this.activeConfig.error;
    const verdict = this.activeConfig.apply(document);
    const { error } = this.activeConfig;
    if (verdict === "applied") this.#applied();
    if (verdict === "removed") this.#inForce("the routes were removed from KV");
    if (error !== null && error !== errorBefore) this.#events.emit("config_refused", { detail: error });
    return verdict;
  }

  /** An operator wrote good routes. */
  put(document: HashedDocument, routes: Routes, dueMs: number): void {
    this.activeConfig.put(document, routes, dueMs);
    this.#applied();
  }

  /** An operator did something. */
  audit(who: string, what: string): void {
    if (who !== "") this.#events.emit("audit", { detail: what, who });
  }

  /** Pools came or went, which `change` tells the index. */
  poolsChanged(change: (pools: PoolIndex) => void): void {
    const { implicitPool, problem } = this.pools;
    change(this.pools);
    if (this.#hasRoutes) this.pools.reset();
    else if (this.pools.implicitPool !== implicitPool) {
      const pool = this.pools.implicitPool;
      const detail = `no routes: everything goes to ${pool === null ? "no pool" : `pool ${pool}`}`;
      this.#events.emit("config_applied", { detail });
      this.#announce();
    } else if (this.pools.problem !== null && this.pools.problem !== problem) {
      this.#events.emit("config_refused", { detail: this.pools.problem });
    }
  }

  document(): RoutesDocument {
    const { version, isRemoved } = this.activeConfig;
    const text = isRemoved ? "[]" : (version?.document ?? null);
    return {
      text,
      revision: this.#announcedRevision,
      implicit_pool: this.#hasRoutes ? null : this.pools.implicitPool,
    };
  }

  describe(): RoutesDescription {
    const { version } = this.activeConfig;
    return {
      ...this.document(),
      version: version?.version ?? 0,
      written: this.activeConfig.isRemoved ? null : this.activeConfig.written,
      updated_at: version?.updatedAt ?? null,
      config_error: this.#error,
    };
  }

  summary(): Omit<RoutesSummary, "unrouted"> {
    const { counts } = this.#events;
    return {
      version: this.activeConfig.version?.version ?? 0,
      has_routes: this.#hasRoutes,
      config_error: this.#error,
      applied: counts.config_applied?.[""] ?? 0,
      refused: counts.config_refused?.[""] ?? 0,
    };
  }

  get #error(): string | null {
    return this.activeConfig.error ?? (this.#hasRoutes ? null : this.pools.problem);
  }

  get #hasRoutes(): boolean {
    return !this.activeConfig.isEmpty && this.activeConfig.config?.length !== 0;
  }

  get #documentTimestamp(): number {
    const { version } = this.activeConfig;
    return version === null ? 0 : (version.updatedAt ?? version.appliedAt);
  }

  #applied(): void {
    this.#inForce(`version ${this.activeConfig.version?.version ?? 0}`);
  }

  #inForce(detail: string): void {
    this.pools.reset();
    this.#events.emit("config_applied", { detail });
    this.#announce();
  }

  /** Newer than any revision before, so that isolates ask; no older than the document's, so that KV's may do. */
  #announce(): void {
    const { store, onChange } = this.#options;
    this.#announcedRevision = Math.max(this.#announcedRevision + 1, this.#documentTimestamp);
    store.put("announced_revision", this.#announcedRevision);
    const named = new Set(poolsNamedBy(this.activeConfig.config ?? []));
    for (const pool of this.pools.ids) named.delete(pool);
    onChange(this.#announcedRevision, [...named]);
  }
}
