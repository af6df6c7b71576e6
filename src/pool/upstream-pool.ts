/**
 * The Durable Object of one pool: a thin RPC face. Decisions are the controller's; this file knows the platform.
 * @module
 */
import { DurableObject } from "cloudflare:workers";
import { poolKey } from "../config/documents.ts";
import { parsePool } from "../config/parse.ts";
import type { HealthCheckConfig } from "../config/schema.ts";
import type {
  CheckReport,
  DrainResult,
  PoolAdminRpc,
  PoolDescription,
  PoolExplanation,
  PoolSummary,
  RequestFacts,
  VersionDescription,
  WriteOptions,
  WriteResult,
} from "../contract/admin.ts";
import type { PoolEvent } from "../contract/events.ts";
import type { LiveOptions, LivePool } from "../contract/live.ts";
import type { HistoryRange, PoolHistory, PoolScrape, PoolStats } from "../contract/stats.ts";
import type { PickReply, PickRequest, ReleaseReport } from "../contract/strict.ts";
import type { AcquireReply, AcquireReport, PoolRpc, SyncReply, SyncReport } from "../contract/sync.ts";
import { deleteDocument, readDocument, writeDocument } from "../platform/config-source.ts";
import type { Env } from "../platform/env.ts";
import { logLine } from "../platform/log.ts";
import { AffinityKeeper } from "./affinity-keeper.ts";
import { ConfigWatch } from "./config-watch.ts";
import { ConfigWriter } from "./config-writer.ts";
import { PoolController } from "./controller.ts";
import { OperatorDesk } from "./operator-desk.ts";
import { PoolAlarm } from "./pool-alarm.ts";
import { probe } from "./prober.ts";
import { PoolStore } from "./store.ts";

/** How often a pool that is awake looks into KV for a new document. */
const CONFIG_CHECK_MS = 5_000;

/** In SQLite: the mark of the newest routes. */
const ROUTES_FACT = "routes_mark";

export class UpstreamPool extends DurableObject<Env> implements PoolRpc, PoolAdminRpc {
  readonly #pool: string;
  readonly #controller: PoolController;
  readonly #affinity: AffinityKeeper;
  readonly #writer: ConfigWriter;
  readonly #desk: OperatorDesk;
  readonly #store: PoolStore;
  /** Of the newest routes this object has heard of; 0: of none. */
  #routesMark: number;
  readonly #alarm: PoolAlarm;
  readonly #watch: ConfigWatch;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const store = new PoolStore(ctx.storage.sql);
    this.#store = store;
    this.#alarm = new PoolAlarm(ctx);
    this.#routesMark = store.fact(ROUTES_FACT, 0);
    this.#pool = ctx.id.name ?? store.fact("pool", "");
    if (store.fact("pool", "") !== this.#pool) store.setFact("pool", this.#pool);
    const log = (entry: Record<string, unknown>) => logLine({ pool: this.#pool, ...entry });
    this.#affinity = new AffinityKeeper({
      pool: this.#pool,
      store,
      secret: env.AFFINITY_SECRET,
      previous: env.AFFINITY_SECRET_PREVIOUS,
      log,
    });
    const shared = {
      pool: this.#pool,
      store,
      now: () => Date.now(),
      allowIpOrigins: env.ALLOW_IP_ORIGINS === "1",
      log,
    };
    const controller = new PoolController({ ...shared, probe });
    const key = poolKey(this.#pool);
    const { allowIpOrigins } = shared;
    this.#controller = controller;
    this.#writer = new ConfigWriter({
      ...shared,
      config: controller,
      parse: (value) => parsePool(value, { allowIpOrigins, path: ["pools", this.#pool] }),
      document: {
        put: (text, updatedAt) => writeDocument(env, key, text, updatedAt),
        delete: () => deleteDocument(env, key),
      },
    });
    this.#watch = new ConfigWatch({
      everyMs: CONFIG_CHECK_MS,
      read: () => readDocument(env, key),
      found: (document) => {
        // What KV does not have yet is not gone from it.
        if (document !== null || this.#writer.isStored) controller.offer(document);
        this.#arm();
      },
      unreadable: (error) => log({ event: "config_unreadable", error }),
    });
    this.#desk = new OperatorDesk({ ...shared, controller, affinity: this.#affinity });
  }

  /** One isolate's report and lease. See contract/sync.ts. */
  async sync(report: SyncReport): Promise<SyncReply> {
    if (!this.#controller.configured) await this.#watch.seek();
    else if (this.#watch.isDue) this.ctx.waitUntil(this.#watch.check());
    const reply: SyncReply = { ...this.#controller.sync(report), routes_mark: this.#routesMark };
    this.#arm();
    if (reply.snapshot === null) return reply;
    return { ...reply, snapshot: await this.#affinity.attach(reply.snapshot) };
  }

  /** Tokens for a request that found none. See contract/sync.ts. */
  async acquire(report: AcquireReport): Promise<AcquireReply> {
    return this.#controller.acquire(report);
  }

  /** For one request of a strict pool. See contract/strict.ts. */
  async pick(request: PickRequest): Promise<PickReply> {
    if (!this.#controller.configured) await this.#watch.seek();
    return this.#controller.pick(request);
  }

  async release(report: ReleaseReport): Promise<void> {
    this.#controller.release(report);
  }

  /** The routes changed: isolates hear of it with their next sync. */
  async noteRoutes(mark: number): Promise<void> {
    if (mark <= this.#routesMark) return;
    this.#routesMark = mark;
    this.#store.setFact(ROUTES_FACT, mark);
  }

  async wake(): Promise<void> {
    await this.#watch.check();
    // The watchdog is there for the case that the chain of alarms has come to an end.
    this.#alarm.ringNow();
  }

  async describe(): Promise<PoolDescription> {
    await this.#settle();
    return this.#desk.describe();
  }

  async summary(): Promise<PoolSummary> {
    await this.#settle();
    return this.#desk.summary();
  }

  async events(limit?: number): Promise<PoolEvent[]> {
    return this.#desk.events(limit);
  }

  async stats(windowS?: number): Promise<PoolStats> {
    await this.#settle();
    return this.#desk.stats(windowS ?? null);
  }

  async history(range: HistoryRange, sinceMs?: number): Promise<PoolHistory> {
    return this.#desk.history(range, sinceMs);
  }

  async live(options: LiveOptions): Promise<LivePool> {
    await this.#settle();
    return this.#desk.live(options);
  }

  async scrape(): Promise<PoolScrape> {
    await this.#settle();
    return this.#desk.scrape();
  }

  async versions(version?: number): Promise<VersionDescription[]> {
    return this.#desk.versions(version);
  }

  async putConfig(document: string, options: WriteOptions): Promise<WriteResult> {
    return await this.#written(() => this.#writer.put(document, options));
  }

  async rollback(version: number, options: WriteOptions): Promise<WriteResult> {
    return await this.#written(() => this.#writer.rollback(version, options));
  }

  async removePool(options: WriteOptions): Promise<WriteResult> {
    return await this.#written(() => this.#writer.remove(() => this.#controller.retire(), options));
  }

  async drain(origin: string, who = ""): Promise<DrainResult> {
    const result = this.#desk.drain(origin, who);
    this.#arm();
    return result;
  }

  async undrain(origin: string, who = ""): Promise<DrainResult> {
    return this.#desk.undrain(origin, who);
  }

  async check(monitor: HealthCheckConfig | null, who = ""): Promise<CheckReport> {
    const report = await this.#desk.check(monitor, who);
    this.#arm();
    return report;
  }

  async explain(facts: RequestFacts): Promise<PoolExplanation> {
    await this.#settle();
    return await this.#desk.explain(facts);
  }

  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    this.#alarm.rings(info);
    try {
      // Not waited for: the next alarm rings when this one is over, and neither KV nor a receiver may hold up a check.
      if (this.#watch.isDue) this.#background(this.#watch.check());
      this.#background(this.#writer.flush());
      this.#background(this.#controller.notify());
      await this.#controller.run();
    } catch (error) {
      logLine({ pool: this.#pool, event: "alarm_failed", error: String(error) });
    }
    this.#alarm.over();
    this.#arm();
  }

  /** Goes on by itself; what is next is seen to when it is over. */
  #background(work: Promise<unknown>): void {
    const failed = (error: unknown) =>
      logLine({ pool: this.#pool, event: "alarm_failed", error: String(error) });
    this.ctx.waitUntil(work.then(() => this.#arm(), failed));
  }

  /** An object nobody has asked yet does not know its configuration. */
  async #settle(): Promise<void> {
    if (!this.#controller.configured) await this.#watch.check();
  }

  /** A write by an operator. What KV had before it comes first, so that it is known for the past later. */
  async #written(write: () => Promise<WriteResult>): Promise<WriteResult> {
    await this.#settle();
    try {
      return await write();
    } finally {
      this.#arm();
    }
  }

  /** Sets the alarm for what is next. */
  #arm(): void {
    this.#alarm.arm(Math.min(this.#controller.nextRunMs(), this.#writer.nextDueMs()));
  }
}
