/**
 * Puts the parts together and runs them: clients send, isolates come and go, origins fail.
 * @module
 */
import type { PoolConfig } from "../../src/config/schema.ts";
import { LOOK_MS } from "../../src/edge/sync/note-exchange.ts";
import { PLANNED_PER_SECOND } from "../../src/pool/leases/pacer.ts";
import { leaving, returning } from "./absences.ts";
import { Clients } from "./clients.ts";
import { EventQueue } from "./event-queue.ts";
import { expectedSplit, sharesOf } from "./expected-split.ts";
import { Network } from "./network.ts";
import type { SimOptions } from "./options.ts";
import { Recorder } from "./recorder.ts";
import { Rng } from "./rng.ts";
import { SimIsolate } from "./sim-isolate.ts";
import { SimObject } from "./sim-object.ts";
import { type Capacity, SimOrigin } from "./sim-origin.ts";
import { documentsFor, type IsolateWorld, type Place } from "./sim-surroundings.ts";
import { withOwnAddresses } from "./target-config.ts";

/** Before the run isolates come up, so many a second: half of what the object paces is left for those that return. */
const STARTS_PER_SECOND = 90;
const SHORTEST_WARM_UP_MS = 5_000;
const DEFAULT_SERVICE_MS = 20;

/** The simulated pool. */
export interface TargetConfig {
  readonly pool: string;
  readonly config: PoolConfig;
  /** As its author wrote it, JSON. */
  readonly document: string;
}

export class World {
  readonly recorder: Recorder;
  readonly origins: ReadonlyMap<string, SimOrigin>;
  readonly queue: EventQueue;
  readonly #options: SimOptions;
  readonly #rng: Rng;
  readonly #clients: Clients;
  readonly #object: SimObject;
  readonly #isolateWorld: IsolateWorld;
  /** By slot: slot s is in region s mod R. Null: none has come up there yet. */
  readonly #isolates: (SimIsolate | null)[];
  #made = 0;
  /** Counts up when the rate changes, so that requests planned at the old rate are dropped. */
  #arrivals = 0;

  constructor(options: SimOptions, { pool, config, document }: TargetConfig) {
    this.#options = options;
    this.queue = new EventQueue(options.isCold ? 0 : -warmUpMs(options));
    const rng = new Rng(options.seed);
    this.#rng = rng;
    const traced = [...leaving(options), ...returning(options)].map(({ origin }) => origin);
    const ids = config.origins.map(({ id }) => id);
    this.recorder = new Recorder(options.seconds, ids, traced, options.deploysMs);
    this.#clients = new Clients(options.clients, options.regions, config);
    this.origins = new Map(
      ids.map((id, index) => {
        const capacity = capacityOf(id, options, config);
        return [id, new SimOrigin(id, index % options.regions, capacity, this.queue, rng)];
      }),
    );
    const network = new Network(options, rng);
    const { queue, origins, recorder } = this;
    const own = withOwnAddresses(document);
    this.#object = new SimObject({
      ...{ queue, rng, network, pool, document: own, origins },
      event: (kind, origin, detail) => recorder.event(queue.nowMs, kind, origin, detail),
    });
    const documents = documentsFor(pool, own);
    const notes = new Map<number, string>();
    const object = this.#object;
    const { isBrief } = options;
    const noted = (dataCenter: number, text: string): void => this.#noted(dataCenter, text);
    this.#isolateWorld = {
      ...{ queue, rng, network, object, recorder, pool, documents, notes, noted, origins, isBrief },
    };
    this.#isolates = new Array<SimIsolate | null>(options.isolates).fill(null);
  }

  async run(): Promise<this> {
    const endMs = this.#options.seconds * 1_000;
    if (!this.#options.isCold) this.#warmUp();
    this.queue.at(0, () => {
      for (const origin of this.origins.values()) origin.startMeasuring();
      this.#arrive();
      this.#planDeath();
    });
    this.#planEvents();
    await this.queue.run(endMs);
    return this;
  }

  /** Requests per second now. */
  rateAt(atMs: number): number {
    const burst = this.#options.bursts.find(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs);
    return this.#options.rps * (burst?.factor ?? 1);
  }

  #planEvents(): void {
    const { bursts, outages, restartsMs, deploysMs } = this.#options;
    this.#planOriginEvents();
    for (const { fromMs, toMs } of bursts)
      for (const atMs of [fromMs, toMs]) this.queue.at(atMs, () => this.#arrive());
    for (const { fromMs, toMs } of outages) {
      this.queue.at(fromMs, () => this.#setDown(true));
      this.queue.at(toMs, () => this.#setDown(false));
    }
    for (const atMs of restartsMs) this.queue.at(atMs, () => this.#object.restart());
    for (const atMs of deploysMs) this.queue.at(atMs, () => this.#deploy());
  }

  #planOriginEvents(): void {
    const { fails, recoveries, disables, enables, drains } = this.#options;
    for (const { origin, atMs } of fails) this.queue.at(atMs, () => this.origins.get(origin)?.fail());
    for (const { origin, atMs } of recoveries) this.queue.at(atMs, () => this.origins.get(origin)?.recover());
    for (const { origin, atMs } of disables) this.queue.at(atMs, () => this.#object.enable(origin, false));
    for (const { origin, atMs } of enables) this.queue.at(atMs, () => this.#object.enable(origin, true));
    for (const { origin, atMs } of drains) this.queue.at(atMs, () => this.#object.drain(origin));
  }

  /** Isolates of the old version finish what they have begun. */
  #deploy(): void {
    this.#object.restart();
    this.#isolates.fill(null);
  }

  /** On the short way no isolate looks for notes again and again: each sees a new one within a look's time. */
  #noted(dataCenter: number, text: string): void {
    if (!this.#options.isBrief) return;
    for (const [slot, isolate] of this.#isolates.entries()) {
      if (isolate === null || placeOf(slot, this.#options).dataCenter !== dataCenter) continue;
      this.queue.in(this.#rng.random() * LOOK_MS, () => isolate.sawNote(text));
    }
  }

  #setDown(isDown: boolean): void {
    this.#object.isDown = isDown;
  }

  /** The world has been running for a while: isolates came up, and came back when they were told to. */
  #warmUp(): void {
    const { rps, isolates } = this.#options;
    const perMs = rps / isolates / 1_000;
    const startMs = this.queue.nowMs;
    for (let slot = 0; slot < isolates; slot++) {
      const meet = async (requests: number): Promise<void> => {
        const waitMs = await this.#isolate(slot).warmUp(requests);
        const nextMs = this.queue.nowMs + waitMs;
        if (nextMs < 0) this.queue.at(nextMs, () => begin(Math.round(waitMs * perMs)));
      };
      const begin = (requests: number): void => {
        void meet(requests);
        this.queue.settle();
      };
      this.queue.at(startMs + (slot * 1_000) / STARTS_PER_SECOND, () => begin(1));
    }
  }

  /** Plans the next request; each comes independently of the others (Poisson). */
  #arrive(): void {
    const plan = ++this.#arrivals;
    const next = (): void => {
      const rate = this.rateAt(this.queue.nowMs);
      if (rate === 0) return;
      this.queue.in(this.#rng.exponential(1_000 / rate), () => {
        if (plan !== this.#arrivals) return;
        this.#request();
        next();
      });
    };
    next();
  }

  #request(): void {
    this.recorder.request(this.queue.nowMs);
    const client = this.#clients.draw(this.#rng);
    const isolate = this.#isolate(this.#slotIn(client.region));
    if (this.#options.isBrief && isolate.serveBriefly(client)) return;
    void isolate.serve(client);
    this.queue.settle();
  }

  /** A slot of the region; where there are more regions than isolates, the nearest one that has some. */
  #slotIn(region: number): number {
    const { isolates, regions, skew } = this.#options;
    const first = region % isolates;
    const count = Math.ceil((isolates - first) / regions);
    return first + regions * Math.floor(count * this.#rng.random() ** (1 + skew));
  }

  #isolate(slot: number): SimIsolate {
    const there = this.#isolates[slot];
    if (there) return there;
    const isolate = new SimIsolate(
      `isolate-${this.#made++}`,
      placeOf(slot, this.#options),
      this.#isolateWorld,
    );
    this.#isolates[slot] = isolate;
    return isolate;
  }

  /** One isolate dies; the next request there finds a cold one. */
  #planDeath(): void {
    const { churn, isolates } = this.#options;
    if (churn === 0) return;
    this.queue.in(this.#rng.exponential(60_000 / (churn * isolates)), () => {
      const slot = this.#rng.integer(isolates);
      const dying = this.#isolates[slot];
      dying?.die();
      this.#isolates[slot] = null;
      this.#planDeath();
    });
  }
}

/** Regions take the slots in turns, and within a region its data centres do. */
function placeOf(slot: number, { regions, dataCenters }: SimOptions): Place {
  const region = slot % regions;
  const here = Math.max(1, Math.floor((dataCenters - 1 - region) / regions) + 1);
  return { region, dataCenter: region + regions * (Math.floor(slot / regions) % here) };
}

function warmUpMs({ isolates }: SimOptions): number {
  const startingMs = (isolates / STARTS_PER_SECOND) * 1_000;
  // Afterwards each isolate calls again once or more, at the object's pace.
  const returns = (isolates / PLANNED_PER_SECOND) * 1_000;
  return startingMs + Math.max(returns, SHORTEST_WARM_UP_MS);
}

/** Two of load, service time and workers give the third. */
function capacityOf(id: string, { rps, load, serviceMs, workers }: SimOptions, config: PoolConfig): Capacity {
  const shares = sharesOf(config);
  const own = shares.find((share) => share.id === id);
  // A backup must be able to stand in for the others.
  const weight = own === undefined || own.backup ? null : own.weight;
  const share = weight === null ? rps : (expectedSplit(shares, rps, () => false).get(id) ?? 0);
  const perMs = Math.max(share, 0.001) / 1_000;
  if (workers !== null) return { workers, serviceMs: serviceMs ?? (load * workers) / perMs };
  const takenMs = serviceMs ?? DEFAULT_SERVICE_MS;
  return { workers: Math.max(1, Math.ceil((perMs * takenMs) / load)), serviceMs: takenMs };
}
