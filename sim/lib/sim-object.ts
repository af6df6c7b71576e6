/**
 * The pool's object: the real controller over the real store, one call at a time, with virtual alarms and probes.
 * @module
 */
import { keepsSessionCookies } from "../../src/config/pool-rules.ts";
import type { OriginConfig, PoolConfig } from "../../src/config/schema.ts";
import type { PoolStatus, PoolStatuses, PoolStatusReply } from "../../src/contract/pool-status.ts";
import type { AffinityTokens, SyncReply, SyncReport } from "../../src/contract/sync.ts";
import { poolTag } from "../../src/core/affinity/pool-tag.ts";
import { PoolController } from "../../src/pool/controller.ts";
import type { ProbeResult, RunProbe } from "../../src/pool/health/probe-result.ts";
import { StatusFeed } from "../../src/pool/status/status-feed.ts";
import { PoolStore } from "../../src/pool/storage/store.ts";
import { CallLine } from "./call-line.ts";
import { skewedClock, virtualTimers, virtualWait } from "./clock.ts";
import type { EventQueue } from "./event-queue.ts";
import { memorySql } from "./memory-sql.ts";
import type { Network } from "./network.ts";
import type { Origin } from "./origin.ts";
import type { Rng } from "./rng.ts";

export interface ObjectOptions {
  queue: EventQueue;
  rng: Rng;
  network: Network;
  pool: string;
  /** The pool's configuration as its author wrote it. */
  document: string;
  /** By id. */
  origins: ReadonlyMap<string, Origin>;
  /** Where it is. */
  region: number;
  /** The first number of its session tokens: other pools have other tokens. Default: 0. */
  firstToken?: number;
  /** Tells the object of the routes the pool's status; null: it did not hear. Absent: no route chooses the pool. */
  tell?: (status: PoolStatus) => Promise<PoolStatusReply | null>;
  /** Gets each event of the pool. */
  event: (kind: string, origin: string | null, detail: string) => void;
}

export class SimObject {
  readonly #options: ObjectOptions;
  readonly #now: () => number;
  readonly #store: PoolStore;
  /** As the operator last wrote it. */
  #document: string;
  #controller: PoolController;
  #feed: StatusFeed | null = null;
  /** Time of the next alarm by the object's own clock; Infinity: none is set. */
  #alarmAtMs = Number.POSITIVE_INFINITY;
  #isRunning = false;
  readonly #line: CallLine;

  constructor(options: ObjectOptions) {
    this.#options = options;
    this.#line = new CallLine(options.queue);
    this.#now = skewedClock(options.queue, options.rng.random);
    this.#store = new PoolStore(memorySql());
    this.#controller = this.#start();
    // The object keeps it over restarts.
    if (options.tell !== undefined) this.#controller.status.steer(true);
    this.#document = options.document;
    this.#apply();
  }

  /** The operator puts an origin in or out of service. */
  enable(id: string, enabled: boolean): void {
    const content = JSON.parse(this.#document) as { origins: { id: string }[] };
    const origins = content.origins.map((origin) => (origin.id === id ? { ...origin, enabled } : origin));
    this.#document = JSON.stringify({ ...content, origins });
    this.#apply();
  }

  /** The operator changes a field of the configuration. */
  change(fields: object): void {
    this.#document = JSON.stringify({ ...(JSON.parse(this.#document) as object), ...fields });
    this.#apply();
  }

  /** News of pools that share a route with this one. */
  hear(statuses: PoolStatuses): void {
    this.#feed?.hear(statuses);
  }

  /** The status that it tells; null: none. */
  get status(): PoolStatus | null {
    return this.#controller.status.status;
  }

  /** The operator drains an origin. */
  drain(id: string): void {
    this.#act((controller) => controller.drain(id));
  }

  #apply(): void {
    this.#act((controller) => controller.applyConfig({ text: this.#document, updatedAt: this.#now() }));
  }

  /** A call has arrived. Later one of the two callbacks gets its result. */
  call<T>(
    act: (controller: PoolController) => T,
    answered: (value: T) => void,
    failed: (error: Error) => void,
  ): void {
    this.#line.call(() => this.#act(act), answered, failed);
  }

  /** True during an outage: no call reaches the object. */
  set isDown(isDown: boolean) {
    this.#line.isDown = isDown;
  }

  get region(): number {
    return this.#options.region;
  }

  /** Starts the object anew; everything outside its store is forgotten. */
  restart(): void {
    this.#alarmAtMs = Number.POSITIVE_INFINITY;
    this.#isRunning = false;
    this.#controller = this.#start();
    this.#arm();
  }

  /** The answer to `sync`. */
  reply(controller: PoolController, report: SyncReport): SyncReply {
    const reply = { ...controller.sync(report), ...this.#feed?.replyTo(report) };
    const { snapshot } = reply;
    if (snapshot === null || !keepsSessionCookies(snapshot.config)) return reply;
    return { ...reply, snapshot: { ...snapshot, affinity: this.#tokensOf(snapshot.config) } };
  }

  #act<T>(act: (controller: PoolController) => T): T {
    const result = act(this.#controller);
    // It may answer isolates that wait for a verdict.
    this.#options.queue.settle();
    this.#arm();
    return result;
  }

  #start(): PoolController {
    const { queue, pool, rng, event } = this.#options;
    const controller = new PoolController({
      pool,
      store: this.#store,
      now: this.#now,
      random: rng.random,
      timers: virtualTimers(queue),
      probe: this.#probe,
      allowIpOrigins: true,
      log: ({ event: kind, origin, detail }) => {
        event(String(kind), origin === undefined ? null : String(origin), String(detail ?? ""));
      },
      statusChanged: () => this.#statusChanged(),
    });
    this.#feed = this.#newFeed(controller);
    return controller;
  }

  #newFeed({ status }: PoolController): StatusFeed | null {
    const { pool, queue, tell } = this.#options;
    if (tell === undefined) return null;
    return new StatusFeed({
      ...{ pool, tell, now: this.#now, wait: virtualWait(queue) },
      own: () => status.status,
      background: (work) => void work.then(() => this.#arm()),
      // The routes stay as they are.
      unwanted: () => undefined,
    });
  }

  /** What changes while the object starts is told with its first action. */
  #statusChanged(): void {
    if (this.#feed === null) return;
    this.#feed.changed();
    this.#options.queue.settle();
  }

  #arm(): void {
    const controller = this.#controller;
    const nextMs = Math.min(controller.nextRunMs(), this.#feed?.nextRunMs() ?? Number.POSITIVE_INFINITY);
    if (this.#isRunning || nextMs >= this.#alarmAtMs) return;
    this.#alarmAtMs = nextMs;
    this.#options.queue.in(Math.max(0, nextMs - this.#now()), () => {
      if (controller === this.#controller && this.#alarmAtMs === nextMs) this.#ring(controller);
    });
  }

  #ring(controller: PoolController): void {
    this.#isRunning = true;
    this.#options.queue.settle();
    this.#feed?.run();
    void controller.run().then(() => {
      if (controller !== this.#controller) return;
      this.#isRunning = false;
      this.#alarmAtMs = Number.POSITIVE_INFINITY;
      this.#arm();
    });
  }

  /** A check is a request like any other: it waits in line at the origin. */
  readonly #probe: RunProbe = (check, { id }: OriginConfig) => {
    const { queue, network, origins, region } = this.#options;
    const startedMs = queue.nowMs;
    return new Promise<ProbeResult>((resolve) => {
      const end = (passed: boolean, timedOut: boolean, detail: string): void => {
        resolve({ passed, timedOut, detail, durationMs: queue.nowMs - startedMs });
        queue.settle();
      };
      const timeoutMs = check.timeout * 1_000;
      queue.in(timeoutMs, () => end(false, true, `no answer within ${check.timeout} s`));
      const origin = origins.get(id);
      if (origin === undefined) return;
      const delayMs = () => network.delayMs(region, origin.region);
      queue.in(delayMs(), () => {
        const left = (answered: boolean): void =>
          queue.in(delayMs(), () => end(answered, false, answered ? "passed" : "could not connect"));
        origin.arrive({ left });
      });
    });
  };

  /** Stand-ins of the right form, because the content of a token decides nothing. */
  #tokensOf({ origins }: PoolConfig): AffinityTokens {
    const { firstToken = 0, pool } = this.#options;
    const token = (index: number) => String(firstToken + index).padStart(22, "0");
    const tokens = Object.fromEntries(origins.map(({ id }, index) => [id, token(index)]));
    return { tokens, previous: {}, pool_tag: poolTag(pool) };
  }
}
