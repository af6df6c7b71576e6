/**
 * Puts the parts together and runs them: clients send, isolates come and go, origins fail.
 * @module
 */
import type { PoolConfig } from "../../src/config/schema.ts";
import { LOOK_MS } from "../../src/edge/sync/note-exchange.ts";
import { PLANNED_PER_SECOND } from "../../src/pool/leases/pacer.ts";
import { leaving, returning } from "./absences.ts";
import { Arrivals } from "./arrivals.ts";
import { BriefOrigin } from "./brief/brief-origin.ts";
import { BriefTraffic } from "./brief/brief-traffic.ts";
import { capacityOf } from "./capacity.ts";
import { Clients } from "./clients.ts";
import { EventQueue } from "./event-queue.ts";
import { IsolateSlots } from "./isolate-slots.ts";
import type { IsolateWorld, Place } from "./isolate-world.ts";
import { Network, ring } from "./network.ts";
import type { SimOptions } from "./options.ts";
import type { Origin } from "./origin.ts";
import { Recorder } from "./recorder.ts";
import { Rng } from "./rng.ts";
import { SimObject } from "./sim-object.ts";
import { SimOrigin } from "./sim-origin.ts";
import { documentsFor, simHost, withOwnAddresses } from "./target-config.ts";

/** Before the run isolates come up, so many a second: half of what the object paces is left for those that return. */
const STARTS_PER_SECOND = 90;
const SHORTEST_WARM_UP_MS = 5_000;

/** The simulated pool. */
export interface TargetConfig {
  readonly pool: string;
  readonly config: PoolConfig;
  /** As its author wrote it, JSON. */
  readonly document: string;
}

export class World {
  readonly recorder: Recorder;
  readonly origins: ReadonlyMap<string, Origin>;
  readonly queue: EventQueue;
  readonly #options: SimOptions;
  readonly #pool: string;
  readonly #rng: Rng;
  readonly #clients: Clients;
  readonly #object: SimObject;
  /** Slot s is in region s mod R. */
  readonly #isolates: IsolateSlots;
  readonly #arrivals: Arrivals;
  /** Null: requests take the whole way. */
  readonly #brief: BriefTraffic | null;

  constructor(options: SimOptions, { pool, config, document }: TargetConfig) {
    this.#options = options;
    this.#pool = pool;
    this.queue = new EventQueue(options.isCold ? 0 : -warmUpMs(options));
    const rng = new Rng(options.seed);
    this.#rng = rng;
    const traced = [...leaving(options), ...returning(options)].map(({ origin }) => origin);
    const ids = config.origins.map(({ id }) => id);
    this.recorder = new Recorder(options.seconds, ids, traced, options.deploysMs);
    this.#clients = new Clients(options.clients, options.regions, config);
    const network = new Network(options, rng, ring(options.regions));
    const { queue, recorder } = this;
    const placed = ids.map((id, index) => {
      return [id, index % options.regions, capacityOf(id, options, config), queue, rng] as const;
    });
    const around = { queue, network, measures: recorder, clients: this.#clients };
    const brief = options.isBrief ? placed.map((each) => new BriefOrigin(...each)) : null;
    this.#brief = brief && new BriefTraffic({ ...around, origins: brief });
    const origins = new Map(
      (brief ?? placed.map((each) => new SimOrigin(...each))).map((each) => [each.id, each]),
    );
    this.origins = origins;
    const own = withOwnAddresses(document);
    this.#object = new SimObject({
      ...{ queue, rng, network, pool, document: own, origins, region: 0 },
      event: (kind, origin, detail) => recorder.event(queue.nowMs, kind, origin, detail),
    });
    const documents = documentsFor(new Map([[pool, own]]), [{ pool }]);
    const objects = new Map([[pool, this.#object]]);
    const hosts = new Map([...origins.values()].map((origin, index) => [simHost(0, index), origin]));
    const noted = (dataCenter: number, text: string): void => this.#noted(dataCenter, text);
    const world: IsolateWorld = {
      ...{ queue, rng, network, objects, measures: recorder, documents, hosts, brief: this.#brief },
      ...{ notes: new Map(), noted },
    };
    this.#isolates = new IsolateSlots(options.isolates, (slot) => placeOf(slot, options), world);
    this.#arrivals = new Arrivals(options, queue, rng, () => this.#request());
  }

  async run(): Promise<this> {
    const endMs = this.#options.seconds * 1_000;
    if (!this.#options.isCold) this.#warmUp();
    this.queue.at(0, () => {
      for (const origin of this.origins.values()) origin.startMeasuring();
      this.#arrivals.start();
      this.#isolates.planDeaths(this.#options, this.queue, this.#rng);
    });
    this.#planEvents();
    await this.queue.run(endMs);
    return this;
  }

  /** Requests per second now. */
  rateAt(atMs: number): number {
    return this.#arrivals.rateAt(atMs);
  }

  #planEvents(): void {
    const { outages, restartsMs, deploysMs } = this.#options;
    this.#planOriginEvents();
    this.#arrivals.planBursts();
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
    this.#isolates.replaceAll();
  }

  /** On the short way no isolate looks for notes again and again: each sees a new one within a look's time. */
  #noted(dataCenter: number, text: string): void {
    if (!this.#options.isBrief) return;
    for (const isolate of this.#isolates.inDataCenter(dataCenter)) {
      this.queue.in(this.#rng.random() * LOOK_MS, () => isolate.sawNote(this.#pool, text));
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
        const waitMs = await this.#isolates.at(slot).warmUp(this.#pool, requests);
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

  #request(): void {
    this.recorder.request(this.queue.nowMs);
    const client = this.#clients.draw(this.#rng);
    const slot = this.#slotIn(client.region);
    const isolate = this.#isolates.at(slot);
    if (this.#brief !== null) {
      const number = this.#isolates.numberAt(slot);
      if (this.#brief.begin(number, client)) return;
      if (isolate.serveBriefly(this.#pool, client, this.#brief, number)) return;
    }
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
}

/** Regions take the slots in turns, and within a region its data centres do. */
function placeOf(slot: number, { regions, dataCenters }: SimOptions): Place {
  const region = slot % regions;
  const here = Math.max(1, Math.floor((dataCenters - 1 - region) / regions) + 1);
  return { region, dataCenter: region + regions * (Math.floor(slot / regions) % here) };
}

export function warmUpMs({ isolates }: SimOptions): number {
  const startingMs = (isolates / STARTS_PER_SECOND) * 1_000;
  // Afterwards each isolate calls again once or more, at the object's pace.
  const returns = (isolates / PLANNED_PER_SECOND) * 1_000;
  return startingMs + Math.max(returns, SHORTEST_WARM_UP_MS);
}
