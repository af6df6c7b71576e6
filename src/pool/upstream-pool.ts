/**
 * The Durable Object of one pool: a thin RPC face. Decisions are the controller's, the platform is the runtime's.
 * @module
 */
import { DurableObject } from "cloudflare:workers";
import type { HealthCheckConfig } from "../config/schema.ts";
import type {
  CheckReport,
  DrainResult,
  PoolAdminRpc,
  PoolSummary,
  VersionDescription,
  WriteOptions,
  WriteResult,
  WrittenPool,
} from "../contract/admin.ts";
import type { PoolEvent } from "../contract/events.ts";
import type { PoolExplanation, SampleRequest } from "../contract/explanation.ts";
import type { LiveOptions, LivePool } from "../contract/live.ts";
import type { PoolStatuses } from "../contract/pool-status.ts";
import type { ClientsWindow, HistoryRange, PoolHistory, PoolScrape, PoolStats } from "../contract/stats.ts";
import type { PickReply, PickRequest, ReleaseReport } from "../contract/strict.ts";
import type { AcquireReply, AcquireReport, PoolRpc, SyncReply, SyncReport } from "../contract/sync.ts";
import type { WatchReply, WatchRequest } from "../contract/verdict-watch.ts";
import type { Env } from "../platform/env.ts";
import type { PoolAdmin } from "./admin/pool-admin.ts";
import { PoolRuntime } from "./pool-runtime.ts";

export class UpstreamPool extends DurableObject<Env> implements PoolRpc, PoolAdminRpc {
  readonly #runtime: PoolRuntime;
  /** Revision of the newest routes that this object knows of; 0: none. */
  #routesRevision: number;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#runtime = new PoolRuntime(ctx, env);
    this.#routesRevision = this.#runtime.store.get("routes_revision");
  }

  /** One isolate's report and lease. See contract/sync.ts. */
  async sync(report: SyncReport): Promise<SyncReply> {
    await this.#runtime.ready("isolate");
    const { controller, statuses, affinity } = this.#runtime;
    const reply: SyncReply = {
      ...controller.sync(report),
      routes_revision: this.#routesRevision,
      ...statuses.replyTo(report),
    };
    this.#runtime.arm();
    if (reply.snapshot === null) return reply;
    return { ...reply, snapshot: await affinity.attach(reply.snapshot) };
  }

  /** Tokens for a request that found none. See contract/sync.ts. */
  async acquire(report: AcquireReport): Promise<AcquireReply> {
    await this.#runtime.ready("isolate");
    return this.#runtime.controller.acquire(report);
  }

  /** For an isolate that tells its neighbours. See contract/verdict-watch.ts. */
  async watch(request: WatchRequest): Promise<WatchReply> {
    await this.#runtime.ready("isolate");
    return await this.#runtime.controller.watch(request);
  }

  /** For one request of a strict pool. See contract/strict.ts. */
  async pick(request: PickRequest): Promise<PickReply> {
    await this.#runtime.ready("isolate");
    return this.#runtime.controller.pick(request);
  }

  async release(report: ReleaseReport): Promise<void> {
    await this.#runtime.ready("isolate");
    this.#runtime.controller.release(report);
  }

  /** The routes changed: isolates hear of it with their next sync. */
  async announceRoutes(revision: number, sharers: readonly string[]): Promise<void> {
    // A pool that is not there yet hears of them when it registers.
    if (this.#runtime.store.isEmpty || revision < this.#routesRevision) return;
    this.#runtime.share(sharers);
    if (revision === this.#routesRevision) return;
    this.#routesRevision = revision;
    this.#runtime.store.put("routes_revision", revision);
  }

  /** News of pools that share a route with this one: isolates hear of them with their next sync. */
  async notePoolStatuses(statuses: PoolStatuses): Promise<void> {
    this.#runtime.statuses.hear(statuses);
  }

  async wake(): Promise<void> {
    const { poller, statuses } = this.#runtime;
    await poller.poll();
    statuses.run();
    // The watchdog is there for the case that the chain of alarms has come to an end.
    await this.#runtime.rescue();
  }

  async describe(): Promise<WrittenPool> {
    return (await this.#operated()).describeWritten();
  }

  async summary(): Promise<PoolSummary> {
    return (await this.#operated()).summary();
  }

  async events(limit?: number): Promise<PoolEvent[]> {
    return (await this.#operated()).events(limit);
  }

  async stats(windowS?: number): Promise<PoolStats> {
    return (await this.#operated()).stats(windowS ?? null);
  }

  async clients(windowS: number): Promise<ClientsWindow> {
    return (await this.#operated()).clients(windowS);
  }

  async history(range: HistoryRange, sinceMs?: number): Promise<PoolHistory> {
    return (await this.#operated()).history(range, sinceMs);
  }

  async live(options: LiveOptions): Promise<LivePool> {
    return (await this.#operated()).live(options);
  }

  async scrape(): Promise<PoolScrape> {
    return (await this.#operated()).scrape();
  }

  async versions(version?: number): Promise<VersionDescription[]> {
    return (await this.#operated()).versions(version);
  }

  async putConfig(document: string, options: WriteOptions): Promise<WriteResult> {
    const { writer } = this.#runtime;
    return await this.#runtime.written(() => writer.put(document, options));
  }

  async rollback(version: number, options: WriteOptions): Promise<WriteResult> {
    const { writer } = this.#runtime;
    return await this.#runtime.written(() => writer.rollback(version, options));
  }

  async removePool(options: WriteOptions): Promise<WriteResult> {
    const { writer, controller } = this.#runtime;
    return await this.#runtime.written(() => writer.remove((dueMs) => controller.tombstone(dueMs), options));
  }

  async drain(origin: string, who = ""): Promise<DrainResult> {
    const result = (await this.#operated()).drain(origin, who);
    this.#runtime.arm();
    return result;
  }

  async undrain(origin: string, who = ""): Promise<DrainResult> {
    const result = (await this.#operated()).undrain(origin, who);
    this.#runtime.arm();
    return result;
  }

  async check(monitor: HealthCheckConfig | null, who = ""): Promise<CheckReport> {
    const report = await (await this.#operated()).check(monitor, who);
    this.#runtime.arm();
    return report;
  }

  async explain(facts: SampleRequest): Promise<PoolExplanation> {
    return (await this.#operated()).explain(facts);
  }

  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    const { alarm } = this.#runtime;
    alarm.started(info);
    await this.#runtime.run();
    alarm.finished();
    this.#runtime.arm();
  }

  /** For a call of an operator's. */
  async #operated(): Promise<PoolAdmin> {
    await this.#runtime.ready("operator");
    return this.#runtime.admin;
  }
}
