/**
 * The surroundings of an isolate on the virtual clock: its waits, its calls to the object, to KV and to origins, over the
 * network. What is under way when the isolate dies never comes back.
 * @module
 */
import { type KvDocument, poolKey, ROUTES_KEY } from "../../src/config/documents.ts";
import type { RoutesRpc } from "../../src/contract/routes.ts";
import type { PoolRpc, SyncReply, SyncReport } from "../../src/contract/sync.ts";
import type { Sender, Surroundings, Timer } from "../../src/edge/model/surroundings.ts";
import type { ObjectAnswer } from "../../src/platform/object-answer.ts";
import { answered } from "../../src/platform/object-client.ts";
import type { PoolController } from "../../src/pool/controller.ts";
import { skewedClock, VirtualTimer } from "./clock.ts";
import type { EventQueue } from "./event-queue.ts";
import type { Network } from "./network.ts";
import type { CallKind, Recorder } from "./recorder.ts";
import type { Rng } from "./rng.ts";
import { OBJECT_REGION, type SimObject } from "./sim-object.ts";
import type { SimOrigin } from "./sim-origin.ts";
import { SyncCalls } from "./sync-calls.ts";

/** A read of KV. */
const KV_READ_MS = 15;
/** To the cache of the data centre, or back. */
const CACHE_MS = 3;
/** What origins answer. It ends with its headers, so one is enough for all. */
const ANSWER = new Response(null, { headers: { "content-length": "0" } });
const SCHEME = "https://";
/** The object of the routes: what it is told of is counted nowhere. */
const ROUTES_STUB = { reportUnrouted: async () => ({ next_report_ms: 60_000 }) } as unknown as RoutesRpc;

/** What all isolates have in common. */
export interface IsolateWorld {
  readonly queue: EventQueue;
  readonly rng: Rng;
  readonly network: Network;
  readonly object: SimObject;
  readonly recorder: Recorder;
  readonly pool: string;
  /** The documents in KV, by key. */
  readonly documents: ReadonlyMap<string, string>;
  /** The notes that isolates have left, by data centre. */
  readonly notes: Map<number, string>;
  /** A note has taken the place of another, in a data centre. */
  readonly noted: (dataCenter: number, text: string) => void;
  /** By id, which is the name of the host at which an isolate finds it. */
  readonly origins: ReadonlyMap<string, SimOrigin>;
  /** Requests take the short way where they can (brief-requests.ts). */
  readonly isBrief: boolean;
}

/** Where an isolate runs. */
export interface Place {
  readonly region: number;
  readonly dataCenter: number;
}

/** The documents in KV: the pool's, and a route that leads all requests there. */
export function documentsFor(pool: string, document: string): Map<string, string> {
  return new Map([
    [poolKey(pool), document],
    [ROUTES_KEY, JSON.stringify([{ pool }])],
  ]);
}

export class SimSurroundings implements Surroundings {
  readonly settings = { ALLOW_IP_ORIGINS: "1" };
  readonly balancerName = "simulated";
  readonly originBindings = [];
  readonly now: () => number;
  readonly random: () => number;
  readonly calls = new SyncCalls();
  isAlive = true;
  readonly #world: IsolateWorld;
  readonly #id: string;
  readonly #region: number;
  readonly #dataCenter: number;
  readonly #log: (entry: Record<string, unknown>) => void;

  constructor(
    id: string,
    { region, dataCenter }: Place,
    world: IsolateWorld,
    log: (entry: Record<string, unknown>) => void,
  ) {
    this.#id = id;
    this.#region = region;
    this.#dataCenter = dataCenter;
    this.#world = world;
    this.#log = log;
    this.now = skewedClock(world.queue, world.rng.random);
    this.random = world.rng.random;
  }

  newId(): string {
    return this.#id;
  }

  log(entry: Record<string, unknown>): void {
    this.#log(entry);
  }

  wait(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.startTimer(ms, resolve);
      signal?.addEventListener("abort", () => {
        timer.stop();
        reject(signal.reason);
      });
    });
  }

  startTimer(ms: number, onFire: () => void): Timer {
    return new VirtualTimer(this.#world.queue, ms, onFire, this);
  }

  /** Whatever leads to an origin, it is as far away as its region. */
  senderTo(): Sender {
    return (request, init) => this.#fetch(request, init);
  }

  /** There and back. Messages between isolates and origins do not get lost. */
  #fetch(request: Request | string, { signal }: RequestInit): Promise<Response> {
    const { queue, network, origins, recorder } = this.#world;
    const id = hostOf(String(request));
    const origin = origins.get(id);
    return new Promise((resolve, reject) => {
      if (origin === undefined) throw new RangeError(`no origin ${id}`);
      if (signal) signal.onabort = () => reject(signal.reason);
      recorder.start(queue.nowMs, id);
      queue.in(network.delayMs(this.#region, origin.region), () => {
        const left = (isAnswered: boolean): void => {
          this.startTimer(network.delayMs(origin.region, this.#region), () => {
            if (isAnswered) resolve(ANSWER);
            else reject(new TypeError("the connection is refused, or lost"));
          });
        };
        origin.arrive({ left });
      });
    });
  }

  callPool<T>(
    _pool: string,
    call: (object: PoolRpc) => Promise<T>,
    withinMs?: number,
  ): Promise<ObjectAnswer<T>> {
    return answered(
      () => call(this.#makeStub()),
      withinMs,
      (ms, signal) => this.wait(ms, signal),
    );
  }

  callRoutes<T>(call: (object: RoutesRpc) => Promise<T>): Promise<ObjectAnswer<T>> {
    return answered(() => call(ROUTES_STUB));
  }

  async readDocument(key: string): Promise<KvDocument | null> {
    await this.wait(KV_READ_MS);
    const text = this.#world.documents.get(key);
    return text === undefined ? null : { text, updatedAt: 1 };
  }

  async readNote(): Promise<string | null> {
    await this.wait(CACHE_MS);
    const text = this.#world.notes.get(this.#dataCenter) ?? null;
    await this.wait(CACHE_MS);
    return text;
  }

  async leaveNote(_pool: string, text: string): Promise<void> {
    await this.wait(CACHE_MS);
    const { notes, noted } = this.#world;
    if (notes.get(this.#dataCenter) !== text) noted(this.#dataCenter, text);
    notes.set(this.#dataCenter, text);
    await this.wait(CACHE_MS);
  }

  /** The methods of the object that an isolate calls. */
  #makeStub(): PoolRpc {
    const methods: Pick<PoolRpc, "sync" | "acquire" | "pick" | "release"> = {
      sync: (report) => this.#sync(report),
      acquire: (report) => this.#send("tokens", (controller) => controller.acquire(report)),
      pick: (request) => this.#send("picks", (controller) => controller.pick(request)),
      release: (report) => this.#send("picks", (controller) => controller.release(report)),
    };
    return methods as PoolRpc;
  }

  async #sync(report: SyncReport): Promise<SyncReply> {
    const { object } = this.#world;
    const kind = this.calls.sent(this.now());
    const reply = await this.#send(kind, (controller) => object.reply(controller, report));
    this.calls.answered(reply.next_sync_ms);
    return reply;
  }

  /** There and back. What is lost on the way is not heard of again. */
  #send<T>(kind: CallKind, act: (controller: PoolController) => T): Promise<T> {
    const { queue, network, object, recorder } = this.#world;
    return new Promise((resolve, reject) => {
      const back = (arrive: () => void): void => {
        if (!network.loses()) this.startTimer(network.delayMs(this.#region, OBJECT_REGION), arrive);
      };
      if (network.loses()) return;
      queue.in(network.delayMs(this.#region, OBJECT_REGION), () => {
        recorder.objectCall(queue.nowMs, kind);
        object.call(
          act,
          (value) => back(() => resolve(value)),
          (error) => back(() => reject(error)),
        );
      });
    });
  }
}

function hostOf(url: string): string {
  return url.slice(SCHEME.length, url.indexOf("/", SCHEME.length));
}
