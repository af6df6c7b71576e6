/**
 * An isolate: the real pool, lease and sync decisions; here only the waiting and calling that `edge/pool-sync.ts`,
 * `edge/rate-tokens.ts` and `edge/strict-picks.ts` do in the Worker.
 * @module
 */
import type { PoolConfig } from "../../src/config/schema.ts";
import type { PickReply, PickRequest, ReleaseReport } from "../../src/contract/strict.ts";
import type { SyncReply } from "../../src/contract/sync.ts";
import { EdgePool } from "../../src/edge/edge-pool.ts";
import { LONGEST_TOKEN_WAIT_MS } from "../../src/edge/pool-rates.ts";
import { FIRST_SYNC_WAIT_MS, SyncState } from "../../src/edge/sync-state.ts";
import type { Agenda } from "./agenda.ts";
import type { Chance } from "./chance.ts";
import { skewedClock } from "./clock.ts";
import type { Network } from "./network.ts";
import type { CallKind, Recorder } from "./recorder.ts";
import { OBJECT_REGION, type SimObject, tokensOf } from "./sim-object.ts";

/** A read of KV where the object has not answered in time. */
const KV_READ_MS = 15;
/** What runs after an answer is ended by the platform after so long (PLATFORM: waitUntil). */
const WAIT_UNTIL_MS = 30_000;
/** Of the messages that are lost, the caller is told after so long, or never. */
const LOST_ERROR_MS = 1_000;
/** Longest a request of a strict pool waits for its pick, and how long isolates then pick for themselves. */
const [LONGEST_PICK_MS, PICK_BACKOFF_MS] = [1_000, 1_000];

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
  #answeredMs = Number.NEGATIVE_INFINITY;
  #paceMs = 0;
  #attempts = 0;
  #pickHereUntilMs = Number.NEGATIVE_INFINITY;

  constructor(id: string, region: number, world: IsolateWorld) {
    this.#id = id;
    this.region = region;
    this.#world = world;
    this.now = skewedClock(world.agenda, world.chance.random);
    this.pool = new EdgePool(world.pool, world.chance.random, this.now);
    this.#sync = new SyncState(this.pool, id);
  }

  /** Meets the object before the run, having served `requests` since the last time. */
  warmUp(requests: number): void {
    this.pool.requests += requests;
    const startedMs = this.now();
    const report = this.#sync.begin(startedMs);
    const reply = this.#world.object.syncNow(report);
    this.#sync.answered(report, reply, startedMs, startedMs);
    this.#answeredMs = startedMs;
    this.#paceMs = reply.next_sync_ms;
  }

  /** Calls `then` once the isolate knows enough to pick, or has waited long enough. */
  whenFresh(then: () => void): void {
    const nowMs = this.now();
    if (!this.#sync.isStale(nowMs)) return then();
    const kind = this.pool.view === null ? "first" : "rested";
    const go = once(() => this.#withConfig(then));
    if (this.#sync.mayCall(nowMs)) {
      this.#call(kind, go);
      this.#world.agenda.in(FIRST_SYNC_WAIT_MS, go);
    } else if (this.#sync.isCalling(nowMs)) {
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
      if (!rates.spent(nowMs).some(({ limiter }) => limiter.isAsking(nowMs))) return then(false);
      this.#waitingForTokens.push(go);
      this.#world.agenda.in(LONGEST_TOKEN_WAIT_MS, go);
      return;
    }
    const end = once((answer: Parameters<typeof rates.endCall>[1]) => {
      rates.endCall(begun, answer, this.now());
      const waiting = this.#waitingForTokens;
      this.#waitingForTokens = [];
      for (const each of [go, ...waiting]) each();
    });
    const report = { isolate: this.#id, rates: begun.reports };
    this.#send(
      "tokens",
      (answer) => {
        this.#world.object.call((controller) => controller.acquire(report), answer);
      },
      end,
    );
    this.#world.agenda.in(LONGEST_TOKEN_WAIT_MS, () => end(null));
  }

  /** Lets the object pick. @param then null: it does not answer; with the attempt's name */
  pickStrictly(
    request: Omit<PickRequest, "isolate" | "attempt">,
    then: (reply: PickReply | null, attempt: string) => void,
  ): void {
    const attempt = String(++this.#attempts);
    if (this.now() < this.#pickHereUntilMs) return then(null, attempt);
    const end = once((reply: PickReply | null) => {
      if (reply === null) this.#pickHereUntilMs = this.now() + PICK_BACKOFF_MS;
      then(reply, attempt);
    });
    this.#send(
      "picks",
      (answer) => {
        const { object } = this.#world;
        object.call(({ strict }) => strict.pick({ ...request, isolate: this.#id, attempt }), answer);
      },
      end,
    );
    this.#world.agenda.in(LONGEST_PICK_MS, () => end(null));
  }

  releaseStrictly(report: Omit<ReleaseReport, "isolate">): void {
    this.#send(
      "picks",
      (answer) => {
        const { object } = this.#world;
        object.call(
          ({ strict }) => strict.release({ ...report, isolate: this.#id }),
          () => answer(true),
        );
      },
      nothing,
    );
  }

  #withConfig(then: () => void): void {
    if (this.pool.view !== null) return then();
    this.#world.agenda.in(KV_READ_MS, () => {
      if (!this.isAlive) return;
      const { config } = this.#world;
      if (this.pool.view === null) this.pool.adoptConfig(config, tokensOf(config));
      then();
    });
  }

  #kind(nowMs: number): CallKind {
    if (this.#answeredMs === Number.NEGATIVE_INFINITY) return "first";
    return nowMs - this.#answeredMs >= this.#paceMs ? "paced" : "early";
  }

  #reportInTime(promisedMs: number): void {
    this.#sync.promise(promisedMs);
    const look = (): void => {
      const nowMs = this.now();
      if (this.#sync.isDue(nowMs)) return this.#call(this.#kind(nowMs), nothing);
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
    this.#send<SyncReply>(
      kind,
      (answer) => this.#world.object.sync(report, answer),
      (reply) => {
        const nowMs = this.now();
        if (reply === null) {
          this.#sync.failed(startedMs, nowMs);
        } else {
          this.#sync.answered(report, reply, startedMs, nowMs);
          this.#answeredMs = nowMs;
          this.#paceMs = reply.next_sync_ms;
        }
        over();
        const waiting = this.#waitingForSync;
        this.#waitingForSync = [];
        for (const each of waiting) each();
      },
    );
  }

  /**
   * There and back.
   * @param ask runs at the object
   * @param answered runs here, if the isolate is still there; null: the call failed
   */
  #send<T>(
    kind: CallKind,
    ask: (answer: (reply: T | null) => void) => void,
    answered: (reply: T | null) => void,
  ): void {
    const { agenda, network, recorder, chance } = this.#world;
    const delayMs = () => network.delayMs(this.region, OBJECT_REGION);
    const back = (reply: T | null): void => {
      if (this.isAlive) answered(reply);
    };
    const lost = (): void => {
      if (chance.happens(0.5)) agenda.in(LOST_ERROR_MS, () => back(null));
    };
    if (network.loses()) return lost();
    agenda.in(delayMs(), () => {
      recorder.objectCall(agenda.nowMs, kind);
      ask((reply) => {
        if (network.loses()) return lost();
        agenda.in(delayMs(), () => back(reply));
      });
    });
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
