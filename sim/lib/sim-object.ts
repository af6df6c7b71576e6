/**
 * The pool's object: the real controller over the real store, one call at a time, with virtual alarms and probes.
 * @module
 */
import type { OriginConfig, PoolConfig } from "../../src/config/schema.ts";
import type { AffinityTokens, SyncReply, SyncReport } from "../../src/contract/sync.ts";
import type { Timers } from "../../src/core/system.ts";
import type { ObjectFailure } from "../../src/platform/object-client.ts";
import { PoolController } from "../../src/pool/controller.ts";
import type { Probe, ProbeResult } from "../../src/pool/prober.ts";
import { PoolStore } from "../../src/pool/store.ts";
import type { Agenda } from "./agenda.ts";
import type { Chance } from "./chance.ts";
import { skewedClock } from "./clock.ts";
import { memorySql } from "./memory-sql.ts";
import type { Network } from "./network.ts";
import type { SimOrigin } from "./sim-origin.ts";

/** The object's region. */
export const OBJECT_REGION = 0;
/** An object takes about a thousand calls a second; beyond that they queue (PLATFORM: Durable Objects). */
const CALL_MS = 1;
/** A call that would wait longer is refused as `overloaded`. */
const LONGEST_QUEUE_MS = 1_000;

/** What became of a call. */
export type Answered<T> = { value: T } | { failure: ObjectFailure };

export const UNREACHABLE = { failure: "unreachable" } as const;

export interface ObjectOptions {
  agenda: Agenda;
  chance: Chance;
  network: Network;
  pool: string;
  /** The pool's configuration as its author wrote it. */
  document: string;
  origins: ReadonlyMap<string, SimOrigin>;
  /** Told of transitions, ejections and the like. */
  event: (kind: string, origin: string | null, detail: string) => void;
}

export class SimObject {
  readonly #options: ObjectOptions;
  readonly #now: () => number;
  readonly #store: PoolStore;
  #controller: PoolController;
  #freeAtMs = Number.NEGATIVE_INFINITY;
  /** In the object's own time; Infinity: there is none. */
  #alarmAtMs = Number.POSITIVE_INFINITY;
  #isRunning = false;
  /** Nothing reaches it. */
  isDown = false;

  constructor(options: ObjectOptions) {
    this.#options = options;
    this.#now = skewedClock(options.agenda, options.chance.random);
    this.#store = new PoolStore(memorySql());
    this.#controller = this.#born();
    this.#controller.offer({ text: options.document, updatedAt: this.#now() });
    this.#arm();
  }

  /** A call is here. @param answer is told of what it gave */
  call<T>(act: (controller: PoolController) => T, answer: (result: Answered<T>) => void): void {
    const { agenda } = this.#options;
    if (this.isDown) {
      answer(UNREACHABLE);
      return;
    }
    const startMs = Math.max(agenda.nowMs, this.#freeAtMs);
    if (startMs - agenda.nowMs > LONGEST_QUEUE_MS) {
      answer({ failure: "overloaded" });
      return;
    }
    this.#freeAtMs = startMs + CALL_MS;
    agenda.at(this.#freeAtMs, () => answer(this.isDown ? UNREACHABLE : { value: this.#act(act) }));
  }

  /** Answers a report at once: for the time before the run. */
  syncNow(report: SyncReport): SyncReply {
    return this.#act((controller) => this.reply(controller, report));
  }

  /** The object is started anew: what is not in its store is forgotten. */
  restart(): void {
    this.#alarmAtMs = Number.POSITIVE_INFINITY;
    this.#isRunning = false;
    this.#controller = this.#born();
    this.#arm();
  }

  /** What `sync` answers. */
  reply(controller: PoolController, report: SyncReport): SyncReply {
    const reply = controller.sync(report);
    const { snapshot } = reply;
    if (snapshot === null || !keepsCookies(snapshot.config)) return reply;
    return { ...reply, snapshot: { ...snapshot, affinity: tokensOf(snapshot.config) } };
  }

  #act<T>(act: (controller: PoolController) => T): T {
    const result = act(this.#controller);
    this.#arm();
    return result;
  }

  #born(): PoolController {
    const { pool, chance, event } = this.#options;
    return new PoolController({
      pool,
      store: this.#store,
      now: this.#now,
      random: chance.random,
      timers: this.#timers(),
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
    this.#options.agenda.in(Math.max(0, nextMs - this.#now()), () => {
      if (controller === this.#controller && this.#alarmAtMs === nextMs) this.#ring(controller);
    });
  }

  #ring(controller: PoolController): void {
    this.#isRunning = true;
    this.#options.agenda.settle();
    void controller.run().then(() => {
      if (controller !== this.#controller) return;
      this.#isRunning = false;
      this.#alarmAtMs = Number.POSITIVE_INFINITY;
      this.#arm();
    });
  }

  #timers(): Timers {
    const { agenda } = this.#options;
    return {
      set: (callback, delayMs) => {
        const timer = { isSet: true };
        agenda.in(delayMs, () => {
          if (!timer.isSet) return;
          callback();
          agenda.settle();
        });
        return timer;
      },
      clear: (handle) => {
        (handle as { isSet: boolean }).isSet = false;
      },
    };
  }

  /** A check is a request like any other: it waits in line at the origin. */
  readonly #probe: Probe = (check, { id }: OriginConfig) => {
    const { agenda, network, origins } = this.#options;
    const startedMs = agenda.nowMs;
    return new Promise<ProbeResult>((resolve) => {
      const end = (passed: boolean, timedOut: boolean, detail: string): void => {
        resolve({ passed, timedOut, detail, durationMs: agenda.nowMs - startedMs });
        agenda.settle();
      };
      const timeoutMs = check.timeout * 1_000;
      agenda.in(timeoutMs, () => end(false, true, `no answer within ${check.timeout} s`));
      const origin = origins.get(id);
      if (origin === undefined) return;
      const delayMs = () => network.delayMs(OBJECT_REGION, origin.region);
      agenda.in(delayMs(), () => {
        origin.arrive((answered) => {
          agenda.in(delayMs(), () => end(answered, false, answered ? "passed" : "could not connect"));
        });
      });
    });
  };
}

function keepsCookies({ sticky }: PoolConfig): boolean {
  return sticky !== null && sticky.method !== "ip";
}

/** Stand-ins of the right form: what a token is made of decides nothing. */
export function tokensOf({ origins }: PoolConfig): AffinityTokens {
  const tokens = origins.map(({ id }, index): [string, string] => [id, String(index).padStart(22, "0")]);
  return { tokens: Object.fromEntries(tokens), previous: {} };
}
