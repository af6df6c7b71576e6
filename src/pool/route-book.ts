/**
 * The Durable Object of the routes, one for all: it is to them what a pool's object is to its configuration. The pools'
 * objects are told of each change, and tell isolates with their next sync. It also knows which pools are so new that
 * KV's list may be behind.
 * @module
 */
import { DurableObject } from "cloudflare:workers";
import { POOL_KEY_PREFIX, poolIdOfKey, ROUTES_KEY } from "../config/documents.ts";
import { parseRoutes } from "../config/parse.ts";
import type { VersionDescription, WriteOptions, WriteResult } from "../contract/admin.ts";
import type { PoolEvent } from "../contract/events.ts";
import type { RoutesDescription, RoutesDocument, RoutesRpc } from "../contract/routes.ts";
import { deleteDocument, listKeys, readDocument, writeDocument } from "../platform/config-source.ts";
import type { Env } from "../platform/env.ts";
import { logLine } from "../platform/log.ts";
import { callPool } from "../platform/object-client.ts";
import { AlarmTimes } from "./alarm-times.ts";
import { ConfigWatch } from "./config-watch.ts";
import { ConfigWriter } from "./config-writer.ts";
import { describeVersions } from "./description.ts";
import { RecentPools } from "./recent-pools.ts";
import { RouteKeeper } from "./route-keeper.ts";
import { PoolStore } from "./store.ts";

/** What KV was asked for so long ago may have changed. */
const FRESH_MS = 5_000;
/** So many pools are told of a change side by side. */
const TOLD_AT_ONCE = 50;

export class RouteBook extends DurableObject<Env> implements RoutesRpc {
  readonly #store: PoolStore;
  readonly #routes: RouteKeeper;
  readonly #writer: ConfigWriter;
  readonly #recentPools: RecentPools;
  readonly #watch: ConfigWatch;
  readonly #alarmTimes = new AlarmTimes();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const now = () => Date.now();
    const log = (entry: Record<string, unknown>) => logLine({ document: ROUTES_KEY, ...entry });
    this.#store = new PoolStore(ctx.storage.sql);
    this.#recentPools = new RecentPools(this.#store, now);
    this.#routes = new RouteKeeper({
      store: this.#store,
      now,
      log,
      changed: (mark) => ctx.waitUntil(this.#announce(mark)),
    });
    this.#writer = new ConfigWriter({
      store: this.#store,
      config: this.#routes,
      parse: parseRoutes,
      document: {
        put: (text, updatedAt) => writeDocument(env, ROUTES_KEY, text, updatedAt),
        delete: () => deleteDocument(env, ROUTES_KEY),
      },
      now,
      log,
    });
    this.#watch = new ConfigWatch({
      everyMs: FRESH_MS,
      read: () => readDocument(env, ROUTES_KEY),
      found: (document) => {
        // What KV does not have yet is not gone from it.
        if (document !== null || this.#writer.isStored) this.#routes.offer(document);
      },
      unreadable: (error) => logLine({ event: "routes_unreadable", error }),
    });
  }

  async current(): Promise<RoutesDocument> {
    await this.#check();
    return this.#routes.document();
  }

  async describe(): Promise<RoutesDescription> {
    await this.#check();
    return this.#routes.describe();
  }

  async events(limit?: number): Promise<PoolEvent[]> {
    return this.#store.events(limit);
  }

  async versions(version?: number): Promise<VersionDescription[]> {
    return describeVersions(this.#store, version);
  }

  async putConfig(document: string, options: WriteOptions): Promise<WriteResult> {
    return await this.#written(() => this.#writer.put(document, options));
  }

  async rollback(version: number, options: WriteOptions): Promise<WriteResult> {
    return await this.#written(() => this.#writer.rollback(version, options));
  }

  async notePool(pool: string): Promise<void> {
    this.#recentPools.note(pool);
  }

  async recentPools(): Promise<string[]> {
    return this.#recentPools.list();
  }

  async wake(): Promise<void> {
    await this.#check();
    await this.#arm();
  }

  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    this.#alarmTimes.rings(info);
    try {
      await this.#writer.flush();
    } finally {
      await this.#arm();
    }
  }

  /** What KV had before a write comes first, so that it is known for the past later. */
  async #written(write: () => Promise<WriteResult>): Promise<WriteResult> {
    await this.#check();
    try {
      return await write();
    } finally {
      await this.#arm();
    }
  }

  async #check(): Promise<void> {
    if (this.#watch.isDue) await this.#watch.check();
  }

  /** An alarm for what KV does not have yet. */
  async #arm(): Promise<void> {
    const dueMs = this.#writer.nextDueMs();
    if (dueMs === Number.POSITIVE_INFINITY) return;
    await this.ctx.storage.setAlarm(this.#alarmTimes.at(dueMs));
  }

  /** Who misses it reads KV a minute later. */
  async #announce(mark: number): Promise<void> {
    const keys = await listKeys(this.env, POOL_KEY_PREFIX).catch(() => []);
    const pools = keys.map(poolIdOfKey).filter((id) => id !== null);
    for (let first = 0; first < pools.length; first += TOLD_AT_ONCE) {
      const some = pools.slice(first, first + TOLD_AT_ONCE);
      await Promise.all(
        some.map((pool) => callPool(this.env, pool, async (stub) => stub.noteRoutes?.(mark))),
      );
    }
  }
}
