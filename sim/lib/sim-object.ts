/**
 * The pool's object: the real controller over the real store, one call at a time, with virtual alarms and probes.
 * @module
 */
import { keepsSessionCookies } from "../../src/config/pool-rules.ts";
import type { OriginConfig, PoolConfig } from "../../src/config/schema.ts";
import type { AffinityTokens, SyncReply, SyncReport } from "../../src/contract/sync.ts";
import { PoolController } from "../../src/pool/controller.ts";
import type { ProbeResult, RunProbe } from "../../src/pool/health/probe-result.ts";
import { PoolStore } from "../../src/pool/storage/store.ts";
import { skewedClock, virtualTimers } from "./clock.ts";
import type { EventQueue } from "./event-queue.ts";
import { memorySql } from "./memory-sql.ts";
import type { Network } from "./network.ts";
import type { Rng } from "./rng.ts";
import type { SimOrigin } from "./sim-origin.ts";

/** The object's region. */
export const OBJECT_REGION = 0;
/** An object takes about a thousand calls a second; beyond that they queue (docs/platform.md, Durable Objects). */
const CALL_MS = 1;
/** A call that would wait longer is refused as `overloaded`. */
const LONGEST_QUEUE_MS = 1_000;

/** Errors as Durable Objects throw them. */
const UNREACHABLE = Object.assign(new Error("Network connection lost."), { retryable: true });
const OVERLOADED = Object.assign(new Error("Durable Object is overloaded."), { overloaded: true });

export interface ObjectOptions {
  queue: EventQueue;
  rng: Rng;
  network: Network;
  pool: string;
  /** The pool's configuration as its author wrote it. */
  document: string;
  origins: ReadonlyMap<string, SimOrigin>;
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
  #freeAtMs = Number.NEGATIVE_INFINITY;
  /** Time of the next alarm by the object's own clock; Infinity: none is set. */
  #alarmAtMs = Number.POSITIVE_INFINITY;
  #isRunning = false;
  /** True during an outage: no call reaches the object. */
  isDown = false;

  constructor(options: ObjectOptions) {
    this.#options = options;
    this.#now = skewedClock(options.queue, options.rng.random);
    this.#store = new PoolStore(memorySql());
    this.#controller = this.#start();
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
    const { queue } = this.#options;
    if (this.isDown) {
      failed(UNREACHABLE);
      return;
    }
    const startMs = Math.max(queue.nowMs, this.#freeAtMs);
    if (startMs - queue.nowMs > LONGEST_QUEUE_MS) {
      failed(OVERLOADED);
      return;
    }
    this.#freeAtMs = startMs + CALL_MS;
    queue.at(this.#freeAtMs, () => {
      if (this.isDown) failed(UNREACHABLE);
      else answered(this.#act(act));
    });
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
    const reply = controller.sync(report);
    const { snapshot } = reply;
    if (snapshot === null || !keepsSessionCookies(snapshot.config)) return reply;
    return { ...reply, snapshot: { ...snapshot, affinity: tokensOf(snapshot.config) } };
  }

  #act<T>(act: (controller: PoolController) => T): T {
    const result = act(this.#controller);
    this.#arm();
    return result;
  }

  #start(): PoolController {
    const { queue, pool, rng, event } = this.#options;
    return new PoolController({
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
    });
  }

  #arm(): void {
    const controller = this.#controller;
    const nextMs = controller.nextRunMs();
    if (this.#isRunning || nextMs >= this.#alarmAtMs) return;
    this.#alarmAtMs = nextMs;
    this.#options.queue.in(Math.max(0, nextMs - this.#now()), () => {
      if (controller === this.#controller && this.#alarmAtMs === nextMs) this.#ring(controller);
    });
  }

  #ring(controller: PoolController): void {
    this.#isRunning = true;
    this.#options.queue.settle();
    void controller.run().then(() => {
      if (controller !== this.#controller) return;
      this.#isRunning = false;
      this.#alarmAtMs = Number.POSITIVE_INFINITY;
      this.#arm();
    });
  }

  /** A check is a request like any other: it waits in line at the origin. */
  readonly #probe: RunProbe = (check, { id }: OriginConfig) => {
    const { queue, network, origins } = this.#options;
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
      const delayMs = () => network.delayMs(OBJECT_REGION, origin.region);
      queue.in(delayMs(), () => {
        const left = (answered: boolean): void =>
          queue.in(delayMs(), () => end(answered, false, answered ? "passed" : "could not connect"));
        origin.arrive({ left });
      });
    });
  };
}

/** Stand-ins of the right form, because the content of a token decides nothing. */
function tokensOf({ origins }: PoolConfig): AffinityTokens {
  const tokens = origins.map(({ id }, index): [string, string] => [id, String(index).padStart(22, "0")]);
  return { tokens: Object.fromEntries(tokens), previous: {} };
}
