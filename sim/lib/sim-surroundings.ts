/**
 * The surroundings of an isolate on the virtual clock: its waits, its calls to the object, to KV and to origins, over the
 * network. What is under way when the isolate dies never comes back.
 * @module
 */
import type { KvDocument } from "../../src/config/documents.ts";
import type { RoutesRpc } from "../../src/contract/routes.ts";
import type { PoolRpc, SyncReply, SyncReport } from "../../src/contract/sync.ts";
import type { WatchReply, WatchRequest } from "../../src/contract/verdict-watch.ts";
import type { Sender, Surroundings, Timer } from "../../src/edge/model/surroundings.ts";
import type { ObjectAnswer } from "../../src/platform/object-answer.ts";
import { answered } from "../../src/platform/object-client.ts";
import type { PoolController } from "../../src/pool/controller.ts";
import { abortableWait, skewedClock, VirtualTimer } from "./clock.ts";
import { type Crossing, cross } from "./crossing.ts";
import type { IsolateWorld, Place } from "./isolate-world.ts";
import type { CallKind } from "./recorder.ts";
import type { SimObject } from "./sim-object.ts";
import { SyncCalls } from "./sync-calls.ts";

/** A read of KV. */
const KV_READ_MS = 15;
/** To the cache of the data centre, or back. */
const CACHE_MS = 3;
/** What origins answer. It ends with its headers, so one is enough for all. */
const ANSWER = new Response(null, { headers: { "content-length": "0" } });
const SCHEME = "https://";
/** The object of the routes: KV has them, and what it is told of is counted nowhere. */
const ROUTES_STUB = { reportUnrouted: async () => ({ next_report_ms: 60_000 }) } as unknown as RoutesRpc;

/** The object that a call goes to. */
interface Called {
  readonly pool: string;
  readonly object: SimObject;
}

export class SimSurroundings implements Surroundings {
  readonly settings = { ALLOW_IP_ORIGINS: "1" };
  readonly balancerName = "simulated";
  readonly originBindings = [];
  readonly now: () => number;
  readonly random: () => number;
  isAlive = true;
  /** Called before anything goes on here that waited. Null: nobody wants to know. */
  wakes: (() => void) | null = null;
  readonly #world: IsolateWorld;
  readonly #calls = new Map<string, SyncCalls>();
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

  /** Its calls to a pool's object. */
  callsTo(pool: string): SyncCalls {
    let calls = this.#calls.get(pool);
    if (calls === undefined) {
      calls = new SyncCalls();
      this.#calls.set(pool, calls);
    }
    return calls;
  }

  newId(): string {
    return this.#id;
  }

  log(entry: Record<string, unknown>): void {
    this.#log(entry);
  }

  wait(ms: number, signal?: AbortSignal): Promise<void> {
    return abortableWait((delayMs, act) => this.startTimer(delayMs, act), ms, signal);
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
    const { queue, network, hosts, measures } = this.#world;
    const host = hostOf(String(request));
    const origin = hosts.get(host);
    return new Promise((resolve, reject) => {
      if (origin === undefined) throw new RangeError(`no origin at ${host}`);
      if (signal) signal.onabort = () => reject(signal.reason);
      measures.start(queue.nowMs, origin.id);
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
    pool: string,
    call: (object: PoolRpc) => Promise<T>,
    withinMs?: number,
  ): Promise<ObjectAnswer<T>> {
    return answered(
      () => call(this.#makeStub(pool)),
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

  async readNote(pool: string): Promise<string | null> {
    await this.wait(CACHE_MS);
    const text = this.#world.notes.get(this.#noteKey(pool)) ?? null;
    await this.wait(CACHE_MS);
    return text;
  }

  async leaveNote(pool: string, text: string): Promise<void> {
    await this.wait(CACHE_MS);
    const { notes, noted } = this.#world;
    const key = this.#noteKey(pool);
    if (notes.get(key) !== text) noted(this.#dataCenter, text);
    notes.set(key, text);
    await this.wait(CACHE_MS);
  }

  #noteKey(pool: string): string {
    return `${pool} ${this.#dataCenter}`;
  }

  /** The methods of the object that an isolate calls. */
  #makeStub(pool: string): PoolRpc {
    const object = this.#world.objects.get(pool);
    if (object === undefined) throw new RangeError(`no object of pool ${pool}`);
    const to = { pool, object };
    const methods: Pick<PoolRpc, "sync" | "watch" | "acquire" | "pick" | "release"> = {
      sync: (report) => this.#sync(to, report),
      watch: (request) => this.#watch(to, request),
      acquire: (report) => this.#send(to, "tokens", (controller) => controller.acquire(report)),
      pick: (request) => this.#send(to, "picks", (controller) => controller.pick(request)),
      release: (report) => this.#send(to, "picks", (controller) => controller.release(report)),
    };
    return methods as PoolRpc;
  }

  async #sync(to: Called, report: SyncReport): Promise<SyncReply> {
    const calls = this.callsTo(to.pool);
    const kind = calls.sent(this.now());
    const reply = await this.#send(to, kind, (controller) => to.object.reply(controller, report));
    calls.answered(reply);
    return reply;
  }

  /** The answer leaves when the object has something to say. */
  async #watch({ pool, object }: Called, request: WatchRequest): Promise<WatchReply> {
    const { queue, measures } = this.#world;
    return await cross(this.#world, {
      ...this.#between(object),
      arrive: (resolve, reject) => {
        measures.objectCall(queue.nowMs, "watches", pool);
        const waits = (reply: Promise<WatchReply>) => void reply.then(resolve, reject);
        object.call((controller) => controller.watch(request), waits, reject);
      },
    });
  }

  #send<T>({ pool, object }: Called, kind: CallKind, act: (controller: PoolController) => T): Promise<T> {
    const { queue, measures } = this.#world;
    return cross(this.#world, {
      ...this.#between(object),
      arrive: (resolve, reject) => {
        measures.objectCall(queue.nowMs, kind, pool);
        object.call(act, resolve, reject);
      },
    });
  }

  #between(object: SimObject): Pick<Crossing<never>, "from" | "to" | "later"> {
    return {
      from: this.#region,
      to: object.region,
      later: (ms, act) => void this.startTimer(ms, act),
    };
  }
}

function hostOf(url: string): string {
  return url.slice(SCHEME.length, url.indexOf("/", SCHEME.length));
}
