/**
 * A pool's object without its calls: the parts that know the platform (KV, the alarm, calls to the routes' object), and
 * the gate before each call. Decisions are the controller's.
 * @module
 */
import { poolKey } from "../config/documents.ts";
import { parsePool } from "../config/parse.ts";
import type { PoolConfig } from "../config/schema.ts";
import type { WriteResult } from "../contract/admin.ts";
import { deleteDocument, readDocument, writeDocument } from "../platform/config-source.ts";
import type { Env } from "../platform/env.ts";
import { logLine } from "../platform/log.ts";
import { originBindings } from "../platform/origin-bindings.ts";
import { PoolAdmin } from "./admin/pool-admin.ts";
import { PoolAlarm } from "./alarm/pool-alarm.ts";
import { ConfigPoller } from "./config/config-poller.ts";
import { ConfigWriter } from "./config/config-writer.ts";
import { PoolController } from "./controller.ts";
import { proberThrough } from "./health/prober.ts";
import { AffinityTokenStore } from "./leases/affinity-tokens.ts";
import type { ObjectClock } from "./object-clock.ts";
import { RoutesLink } from "./routes-link.ts";
import { StatusFeed } from "./status/status-feed.ts";
import { startClock } from "./storage/clock-step.ts";
import { PoolStore } from "./storage/store.ts";

/** How often a pool that is awake looks into KV for a new document. */
const CONFIG_CHECK_MS = 5_000;

/** The caller: an isolate, of which there may be thousands, or an operator, who may just have written to KV. */
export type Caller = "isolate" | "operator";

export class PoolRuntime {
  readonly pool: string;
  readonly store: PoolStore;
  readonly controller: PoolController;
  readonly affinity: AffinityTokenStore;
  readonly writer: ConfigWriter<PoolConfig>;
  readonly admin: PoolAdmin;
  readonly alarm: PoolAlarm;
  readonly statuses: StatusFeed;
  readonly poller: ConfigPoller;
  readonly #object: DurableObjectState;
  readonly #clock: ObjectClock;
  readonly #routes: RoutesLink;

  constructor(object: DurableObjectState, env: Env) {
    const { name } = object.id;
    const store = new PoolStore(object.storage.sql, name ?? null);
    const pool = name ?? store.get("pool");
    this.pool = pool;
    this.store = store;
    this.#object = object;
    this.#routes = new RoutesLink(env, pool);
    this.#clock = startClock(store);
    this.alarm = new PoolAlarm(object, this.#clock);
    const secrets = { current: env.AFFINITY_SECRET ?? "", previous: env.AFFINITY_SECRET_PREVIOUS ?? "" };
    const allowIpOrigins = env.ALLOW_IP_ORIGINS === "1";
    const { now } = this.#clock;
    const probe = proberThrough(env);
    const log = (entry: Record<string, unknown>) => logLine({ pool, ...entry });
    this.affinity = new AffinityTokenStore({ pool, store, secrets, log });
    // Changes made while the object starts are published with its first action.
    const statusChanged = () => this.statuses?.changed();
    this.controller = new PoolController({
      pool,
      store,
      now,
      allowIpOrigins,
      secrets,
      log,
      probe,
      bindings: originBindings(env),
      statusChanged,
    });
    this.writer = this.#newWriter(env, allowIpOrigins);
    this.poller = this.#newPoller(env);
    this.statuses = this.#newFeed();
    this.admin = new PoolAdmin({ controller: this.controller, store, affinity: this.affinity, probe, now });
  }

  /**
   * The gate before every call. An object without a configuration may be new, or its pool may just have been written: it
   * looks into KV first, for isolates once a second at most. One that has a configuration looks beside the call.
   */
  async ready(caller: Caller): Promise<void> {
    if (this.controller.configured) {
      if (this.poller.isDue) this.#object.waitUntil(this.poller.poll());
    } else await (caller === "operator" ? this.poller.poll() : this.poller.pollNow());
  }

  /** A write by an operator. What KV had before it comes first, so that it is known for the past later. */
  async written(write: () => Promise<WriteResult>): Promise<WriteResult> {
    await this.poller.poll();
    try {
      return await write();
    } finally {
      this.#register();
      this.arm();
    }
  }

  /** The alarm fired: does everything that is due. Never rejects, or the platform would repeat it. */
  async run(): Promise<void> {
    try {
      // Not waited for: the next alarm fires when this one is over, and neither KV nor a receiver may hold up a check.
      const nowMs = this.#clock.now();
      const { controller, poller, writer } = this;
      if (poller.isDue) this.#background(poller.poll());
      if (writer.nextDueMs() <= nowMs) this.#background(writer.flush());
      if (controller.events.nextNotifyMs() <= nowMs) this.#background(controller.events.notify());
      this.statuses.run();
      await controller.run();
    } catch (error) {
      logLine({ pool: this.pool, event: "alarm_failed", error: String(error) });
    }
  }

  /** Sets the alarm for the next due time. */
  arm(): void {
    if (this.store.isEmpty) return;
    const { controller, writer, statuses } = this;
    this.alarm.arm(Math.min(controller.nextRunMs(), writer.nextDueMs(), statuses.nextRunMs()));
  }

  /** For the watchdog; an object without a pool has no alarm. See `PoolAlarm.rescue`. */
  async rescue(): Promise<void> {
    if (!this.store.isEmpty) await this.alarm.rescue();
  }

  /** @param sharers the other pools of all routes that choose among several with this one; empty: no route does */
  share(sharers: readonly string[]): void {
    this.statuses.share(sharers);
    const isSteered = sharers.length > 0;
    if (isSteered === this.controller.status.isSteered) return;
    this.controller.status.steer(isSteered);
    this.arm();
  }

  #newWriter(env: Env, allowIpOrigins: boolean): ConfigWriter<PoolConfig> {
    const { pool, store, controller } = this;
    const key = poolKey(pool);
    return new ConfigWriter({
      store,
      now: this.#clock.now,
      log: (entry) => logLine({ pool, ...entry }),
      config: controller,
      parse: (value) => parsePool(value, { allowIpOrigins, path: ["pools", pool] }),
      document: {
        put: (text, updatedAt) => writeDocument(env, key, text, updatedAt),
        delete: () => deleteDocument(env, key),
      },
    });
  }

  #newPoller(env: Env): ConfigPoller {
    const { pool } = this;
    return new ConfigPoller({
      intervalMs: CONFIG_CHECK_MS,
      read: () => readDocument(env, poolKey(pool)),
      onDocument: (document) => {
        this.controller.applyConfig(document);
        this.#register();
        this.arm();
      },
      onError: (error) => logLine({ pool, event: "config_unreadable", error }),
    });
  }

  #newFeed(): StatusFeed {
    return new StatusFeed({
      pool: this.pool,
      now: this.#clock.now,
      wait: (ms) => scheduler.wait(ms),
      background: (work) => this.#background(work),
      own: () => this.controller.status.status,
      tell: (status) => this.#routes.tell(status),
      unwanted: () => this.share([]),
    });
  }

  /** Runs in the background; the alarm is set when it has ended. */
  #background(work: Promise<unknown>): void {
    const failed = (error: unknown) =>
      logLine({ pool: this.pool, event: "alarm_failed", error: String(error) });
    const counted = this.controller.connections.during(work);
    this.#object.waitUntil(counted.then(() => this.arm(), failed));
  }

  #register(): void {
    const { configured, activeConfig } = this.controller;
    const isThere = configured || activeConfig.error !== null;
    // A pool that never existed is not registered anywhere.
    if (isThere || activeConfig.isRemoved) this.#object.waitUntil(this.#routes.register(isThere));
  }
}
