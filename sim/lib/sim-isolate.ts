/**
 * An isolate: the real pool, lease and sync decisions; here only the waiting and calling that `edge/pool-sync.ts`,
 * `edge/rate-tokens.ts` and `edge/strict-picks.ts` do in the Worker.
 * @module
 */
import type { PoolConfig } from "../../src/config/schema.ts";
import {
  PICK_VALID_MS,
  type PickReply,
  type PickRequest,
  type ReleaseReport,
} from "../../src/contract/strict.ts";
import type { AcquireReply, SyncReply, SyncReport } from "../../src/contract/sync.ts";
import { EdgePool } from "../../src/edge/edge-pool.ts";
import { LONGEST_TOKEN_WAIT_MS } from "../../src/edge/pool-rates.ts";
import { CALL_TIMEOUT_MS, FIRST_SYNC_WAIT_MS, SyncState } from "../../src/edge/sync-state.ts";
import type { PoolController } from "../../src/pool/controller.ts";
import type { Agenda } from "./agenda.ts";
import type { Chance } from "./chance.ts";
import { skewedClock } from "./clock.ts";
import type { Network } from "./network.ts";
import type { CallKind, Recorder } from "./recorder.ts";
import { type Answered, OBJECT_REGION, type SimObject, tokensOf, UNREACHABLE } from "./sim-object.ts";

/** A read of KV where the object has not answered in time. */
const KV_READ_MS = 15;
/** What runs after an answer is ended by the platform after so long (PLATFORM: waitUntil). */
const WAIT_UNTIL_MS = 30_000;
/** How long isolates of a strict pool pick for themselves when the object has not. */
const PICK_BACKOFF_MS = 1_000;

export interface IsolateWorld {
  readonly agenda: Agenda;
  readonly chance: Chance;
  readonly network: Network;
  readonly object: SimObject;
  readonly recorder: Recorder;
  readonly pool: string;
  /** As it stands in KV. */
  readonly config: PoolConfig;
}

export class SimIsolate {
  readonly region: number;
  readonly pool: EdgePool;
  readonly now: () => number;
  isAlive = true;
  readonly #world: IsolateWorld;
  readonly #id: string;
  readonly #sync: SyncState;
  /** Requests that wait for another's sync, or for another's tokens. */
  #waitingForSync: (() => void)[] = [];
  #waitingForTokens: (() => void)[] = [];
  #knownMs = Number.NEGATIVE_INFINITY;
  #paceMs = 0;
  #attempts = 0;
  #pickHereUntilMs = Number.NEGATIVE_INFINITY;

  constructor(id: string, region: number, world: IsolateWorld) {
    this.#id = id;
    this.region = region;
    this.#world = world;
    this.now = skewedClock(world.agenda, world.chance.random);
    this.pool = new EdgePool(world.pool, world.chance.random, this.now);
    this.#sync = new SyncState(this.pool, id, world.chance.random);
  }

  /** Meets the object before the run, having served `requests` since the last time. @returns the pace, in ms */
  warmUp(requests: number): number {
    this.pool.requests += requests;
    const startedMs = this.now();
    const report = this.#sync.begin(startedMs);
    this.#takeOver(report, this.#world.object.syncNow(report), startedMs);
    return this.#paceMs;
  }

  /** Calls `then` once the isolate knows enough to pick, or has waited long enough. */
  whenFresh(then: () => void): void {
    const nowMs = this.now();
    if (!this.#sync.isStale(nowMs)) {
      then();
      return;
    }
    const go = once(() => this.#withConfig(then));
    if (this.#sync.mayCall(nowMs)) {
      this.#call(this.pool.view === null ? "first" : "rested", go);
      this.#sync.await(nowMs);
      this.#world.agenda.in(FIRST_SYNC_WAIT_MS, go);
    } else if (this.#sync.isAwaited(nowMs)) {
      this.#waitingForSync.push(go);
      this.#world.agenda.in(FIRST_SYNC_WAIT_MS, go);
    } else {
      go();
    }
  }

  /** A request is over: reports if that is due, or sees to it that it will be. */
  afterRequest(): void {
    const nowMs = this.now();
    if (this.#sync.isDue(nowMs)) this.#call(this.#kind(nowMs), nothing);
    else if (this.#sync.needsPromise(nowMs)) this.#reportInTime(nowMs);
  }

  /** Asks for tokens on behalf of a request that found none. @param then told whether to pick again */
  askForTokens(then: (again: boolean) => void): void {
    const { rates } = this.pool;
    const nowMs = this.now();
    const begun = rates.beginCall(nowMs);
    const go = once(() => then(true));
    if (begun === null) {
      if (!rates.spent(nowMs).some(({ limiter }) => limiter.isAsking(nowMs))) {
        then(false);
        return;
      }
      this.#waitingForTokens.push(go);
      this.#world.agenda.in(LONGEST_TOKEN_WAIT_MS, go);
      return;
    }
    const end = once((answer: Answered<AcquireReply>) => {
      const isOverloaded = "failure" in answer && answer.failure === "overloaded";
      rates.endCall(begun, "value" in answer ? answer.value : null, this.now(), isOverloaded);
      const waiting = this.#waitingForTokens;
      this.#waitingForTokens = [];
      for (const each of [go, ...waiting]) each();
    });
    const report = { isolate: this.#id, rates: begun.reports };
    this.#send("tokens", (controller) => controller.acquire(report), end);
    this.#world.agenda.in(LONGEST_TOKEN_WAIT_MS, () => end(UNREACHABLE));
  }

  /** Lets the object pick. @param then null: it does not answer; with the attempt's name */
  pickStrictly(
    request: Omit<PickRequest, "isolate" | "attempt">,
    then: (reply: PickReply | null, attempt: string) => void,
  ): void {
    const attempt = String(++this.#attempts);
    if (this.now() < this.#pickHereUntilMs) {
      then(null, attempt);
      return;
    }
    const end = once((answer: Answered<PickReply>) => {
      if ("failure" in answer) {
        this.#pickHereUntilMs = this.now() + PICK_BACKOFF_MS;
        then(null, attempt);
        return;
      }
      const { value } = answer;
      this.pool.rates.answered();
      if (value.origin !== null) this.pool.strictPicks.set(attempt, value.origin);
      then(value, attempt);
    });
    const full = { ...request, isolate: this.#id, attempt };
    this.#send("picks", (controller) => controller.pick(full), end);
    this.#world.agenda.in(PICK_VALID_MS, () => end(UNREACHABLE));
  }

  releaseStrictly(report: Omit<ReleaseReport, "isolate">): void {
    this.pool.strictPicks.delete(report.attempt);
    const full = { ...report, isolate: this.#id };
    this.#send("picks", (controller) => controller.release(full), nothing);
  }

  #withConfig(then: () => void): void {
    if (this.pool.view !== null || !this.isAlive) {
      then();
      return;
    }
    this.#world.agenda.in(KV_READ_MS, () => {
      const { config } = this.#world;
      if (this.pool.view === null) this.pool.adoptConfig(config, tokensOf(config));
      then();
    });
  }

  #kind(nowMs: number): CallKind {
    if (this.#knownMs === Number.NEGATIVE_INFINITY) return "first";
    return nowMs - this.#knownMs >= this.#paceMs ? "paced" : "early";
  }

  #reportInTime(promisedMs: number): void {
    this.#sync.promise(promisedMs);
    const look = (): void => {
      const nowMs = this.now();
      if (this.#sync.isDue(nowMs)) {
        this.#call(this.#kind(nowMs), nothing);
        return;
      }
      const waitMs = this.#sync.waitMs(nowMs);
      if (nowMs + waitMs - promisedMs > WAIT_UNTIL_MS) return;
      this.#world.agenda.in(waitMs, () => {
        if (this.isAlive && this.#sync.isPromised(promisedMs)) look();
      });
    };
    look();
  }

  #call(kind: CallKind, over: () => void): void {
    const startedMs = this.now();
    const report = this.#sync.begin(startedMs);
    const end = once((answer: Answered<SyncReply>) => {
      if ("failure" in answer) this.#sync.failed(startedMs, this.now(), answer.failure === "overloaded");
      else this.#takeOver(report, answer.value, startedMs);
      const waiting = this.#waitingForSync;
      this.#waitingForSync = [];
      for (const each of [over, ...waiting]) each();
    });
    this.#send(kind, (controller, object) => object.reply(controller, report), end);
    this.#world.agenda.in(CALL_TIMEOUT_MS, () => {
      if (this.isAlive) end(UNREACHABLE);
    });
  }

  #takeOver(report: SyncReport, reply: SyncReply, startedMs: number): void {
    this.#sync.answered(report, reply, startedMs, this.now());
    this.#knownMs = startedMs;
    this.#paceMs = reply.next_sync_ms;
  }

  /**
   * There and back. What is lost on the way is not heard of again.
   * @param act runs at the object
   * @param answered runs here, if the isolate is still there
   */
  #send<T>(
    kind: CallKind,
    act: (controller: PoolController, object: SimObject) => T,
    answered: (answer: Answered<T>) => void,
  ): void {
    const { agenda, network, object, recorder } = this.#world;
    const pass = (then: () => void): void => {
      if (!network.loses()) agenda.in(network.delayMs(this.region, OBJECT_REGION), then);
    };
    const arrive = (): void => {
      recorder.objectCall(agenda.nowMs, kind);
      object.call(
        (controller) => act(controller, object),
        (answer) => pass(() => this.isAlive && answered(answer)),
      );
    };
    pass(arrive);
  }
}

function nothing(): void {}

function once<A extends unknown[]>(act: (...args: A) => void): (...args: A) => void {
  let isDone = false;
  return (...args) => {
    if (isDone) return;
    isDone = true;
    act(...args);
  };
}
