/**
 * The single Durable Object of the routes, which is their authority as a pool's object is of its configuration. It
 * tells the pools' objects of each change, and they tell isolates with the next sync. It also knows which pools exist.
 * @module
 */
import { DurableObject } from "cloudflare:workers";
import { ROUTES_KEY } from "../../config/documents.ts";
import { parseRoutes } from "../../config/parse.ts";
import type { RouteConfig } from "../../config/schema.ts";
import type { VersionDescription, WriteOptions, WriteResult } from "../../contract/admin.ts";
import type { PoolEvent } from "../../contract/events.ts";
import type { PoolStatus, PoolStatuses, PoolStatusReply } from "../../contract/pool-status.ts";
import type {
  RoutesDescription,
  RoutesDocument,
  RoutesRpc,
  RoutesSummary,
  UnroutedReply,
  UnroutedReport,
} from "../../contract/routes.ts";
import type { ClientsWindow } from "../../contract/stats.ts";
import { deleteDocument, readDocument, writeDocument } from "../../platform/config-source.ts";
import type { Env } from "../../platform/env.ts";
import { logLine } from "../../platform/log.ts";
import { callPool, LONGEST_ANSWER_MS } from "../../platform/object-client.ts";
import { describeVersions } from "../admin/description.ts";
import { AlarmTimes } from "../alarm/alarm-times.ts";
import { ConfigPoller } from "../config/config-poller.ts";
import { ConfigWriter } from "../config/config-writer.ts";
import type { ObjectClock } from "../object-clock.ts";
import { startClock } from "../storage/clock-step.ts";
import { PoolStore } from "../storage/store.ts";
import { LONGEST_LOOK_MS, PoolLister } from "./pool-lister.ts";
import { RoutesController } from "./routes-controller.ts";
import { StatusRelay } from "./status-relay.ts";
import { Unrouted } from "./unrouted.ts";

/** Age in ms after which a value read from KV may have changed. */
const FRESH_MS = 5_000;
/** Number of pools that are told of a change in parallel. */
const TOLD_AT_ONCE = 50;

export class RouteTable extends DurableObject<Env> implements RoutesRpc {
  readonly #store: PoolStore;
  readonly #routes: RoutesController;
  readonly #writer: ConfigWriter<readonly RouteConfig[]>;
  readonly #poller: ConfigPoller;
  readonly #lister: PoolLister;
  readonly #unrouted: Unrouted;
  readonly #statuses: StatusRelay;
  readonly #clock: ObjectClock;
  readonly #alarmTimes: AlarmTimes;
  /** When the alarm fires next by the platform's clock; Infinity: it is not known to be set. */
  #armedMs = Number.POSITIVE_INFINITY;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const log = (entry: Record<string, unknown>) => logLine({ document: ROUTES_KEY, ...entry });
    this.#store = new PoolStore(ctx.storage.sql);
    this.#clock = startClock(this.#store);
    this.#alarmTimes = new AlarmTimes(this.#clock);
    const { now } = this.#clock;
    this.#unrouted = new Unrouted(this.#store.stats, now);
    this.#routes = new RoutesController({
      store: this.#store,
      now,
      log,
      onChange: (revision, named) => {
        this.#statuses.adopt(this.#routes.activeConfig.config);
        ctx.waitUntil(this.#announce(revision));
        // They look into KV, and tell of themselves.
        ctx.waitUntil(
          inTurns(named, (pool) => callPool(env, pool, (stub) => stub.wake(), LONGEST_ANSWER_MS)),
        );
      },
    });
    this.#statuses = new StatusRelay({
      now,
      wait: (ms) => scheduler.wait(ms),
      background: (work) => ctx.waitUntil(work),
      tell: (pool, statuses) => this.#tell(pool, statuses),
    });
    this.#statuses.adopt(this.#routes.activeConfig.config);
    this.#writer = new ConfigWriter({
      store: this.#store,
      config: this.#routes,
      parse: (value, { pools }) => parseRoutes(value, { ...(pools && { pools }) }),
      document: {
        put: (text, updatedAt) => writeDocument(env, ROUTES_KEY, text, updatedAt),
        delete: () => deleteDocument(env, ROUTES_KEY),
      },
      now,
      log,
    });
    this.#poller = new ConfigPoller({
      intervalMs: FRESH_MS,
      read: () => readDocument(env, ROUTES_KEY),
      onDocument: (document) => void this.#routes.applyConfig(document),
      onError: (error) => logLine({ event: "routes_unreadable", error }),
    });
    this.#lister = new PoolLister(env, this.#routes, this.#poller);
  }

  async current(): Promise<RoutesDocument> {
    await this.#look();
    return this.#routes.document();
  }

  async describe(): Promise<RoutesDescription> {
    await this.#look();
    return this.#routes.describe();
  }

  async summary(): Promise<RoutesSummary> {
    await this.#look();
    return { ...this.#routes.summary(), unrouted: this.#unrouted.totals() };
  }

  async events(limit?: number): Promise<PoolEvent[]> {
    return this.#store.events.newestFirst(limit);
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

  async registerPool(pool: string): Promise<void> {
    this.#routes.poolsChanged((pools) => pools.add(pool));
    // It may have come after the routes that name it.
    if (this.#statuses.isSteered(pool)) this.ctx.waitUntil(this.#announceTo([pool]));
  }

  async notePoolStatus(pool: string, status: PoolStatus): Promise<PoolStatusReply> {
    return this.#statuses.note(pool, status);
  }

  async unregisterPool(pool: string): Promise<void> {
    this.#routes.poolsChanged((pools) => pools.remove(pool));
  }

  async pools(): Promise<string[]> {
    await this.#look();
    return this.#routes.pools.ids;
  }

  async reportUnrouted(report: UnroutedReport): Promise<UnroutedReply> {
    const reply = this.#unrouted.report(report);
    await this.#arm();
    return reply;
  }

  async unrouted(windowS: number): Promise<ClientsWindow> {
    return this.#unrouted.clients(windowS);
  }

  async wake(): Promise<void> {
    await Promise.all([this.#poll(), this.#lister.list()]);
    // They were not reached when the routes came into force.
    this.ctx.waitUntil(this.#announceTo(this.#statuses.silent()));
    await this.#arm();
  }

  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    this.#alarmTimes.started(info);
    this.#armedMs = Number.POSITIVE_INFINITY;
    try {
      this.#unrouted.run();
      await this.#writer.flush();
    } finally {
      await this.#arm();
    }
  }

  /** What KV had before a write comes first, so that it is known for the past later. */
  async #written(write: () => Promise<WriteResult>): Promise<WriteResult> {
    await this.#poll();
    try {
      return await write();
    } finally {
      await this.#arm();
    }
  }

  async #poll(): Promise<void> {
    if (this.#poller.isDue) await this.#poller.poll();
  }

  /** KV is read in the background, because the caller may have called as KV does not answer. */
  async #look(): Promise<void> {
    const { pools } = this.#routes;
    const looks = [];
    if (this.#poller.isDue) looks.push(this.#poller.poll());
    // The call waits for a list only if no pool is known at all.
    const isBlind = pools.ids.length === 0;
    const list = pools.isListDue ? this.#lister.list() : null;
    if (list !== null && isBlind) looks.push(list);
    const work = Promise.all([...looks, list]);
    this.ctx.waitUntil(work);
    if (looks.length > 0) await Promise.race([Promise.all(looks), scheduler.wait(LONGEST_LOOK_MS)]);
  }

  /** An alarm for what KV does not have yet, and for counts that are to be written down. */
  async #arm(): Promise<void> {
    const dueMs = Math.min(this.#writer.nextDueMs(), this.#unrouted.nextRunMs());
    // Each setting is a row written, and reports come often.
    if (dueMs === Number.POSITIVE_INFINITY || this.#armedMs <= this.#clock.platformMs(dueMs)) return;
    this.#armedMs = this.#alarmTimes.at(dueMs);
    await this.ctx.storage.setAlarm(this.#armedMs);
  }

  /** An isolate that misses it reads KV a minute later. */
  async #announce(revision: number): Promise<void> {
    await this.#announceTo(this.#routes.pools.ids, revision);
  }

  async #announceTo(pools: readonly string[], revision = this.#routes.document().revision): Promise<void> {
    await inTurns(pools, (pool) => {
      const sharers = this.#statuses.sharersOf(pool);
      return callPool(this.env, pool, (stub) => stub.announceRoutes(revision, sharers), LONGEST_ANSWER_MS);
    });
  }

  async #tell(pool: string, statuses: PoolStatuses): Promise<boolean> {
    return (await callPool(this.env, pool, (stub) => stub.notePoolStatuses(statuses), LONGEST_ANSWER_MS)).ok;
  }
}

/** So many side by side. */
async function inTurns(pools: readonly string[], call: (pool: string) => Promise<unknown>): Promise<void> {
  for (let first = 0; first < pools.length; first += TOLD_AT_ONCE) {
    await Promise.all(pools.slice(first, first + TOLD_AT_ONCE).map(call));
  }
}
