/**
 * Puts routes and their pools together and runs them: clients of several places send, pools' objects tell each other of
 * their pools by way of the routes' object, pools and origins fail.
 * @module
 */
import { distanceKm, type UnitVector, unitVector } from "../../../src/core/steering/great-circle.ts";
import { Arrivals } from "../arrivals.ts";
import { capacityOf } from "../capacity.ts";
import { EventQueue } from "../event-queue.ts";
import { IsolateSlots } from "../isolate-slots.ts";
import type { Place } from "../isolate-world.ts";
import { type Apart, Network } from "../network.ts";
import { Rng } from "../rng.ts";
import { SimObject } from "../sim-object.ts";
import { SimOrigin } from "../sim-origin.ts";
import { documentsFor, simHost, withOwnAddresses } from "../target-config.ts";
import { type TargetConfig, warmUpMs } from "../world.ts";
import type { RouteOptions } from "./options.ts";
import { apportion, Errand, keysOf, PlacedClients, placeAt } from "./placed-clients.ts";
import { RouteRecorder } from "./recorder.ts";
import { SimRoutesObject } from "./routes-object.ts";
import { originsOf, partOf, type RoutesTarget } from "./target.ts";

/** Half of the way around the Earth, in km. */
const FARTHEST_KM = 20_015;
/** Pools have different session tokens: the first token of each is so far from that of the next. */
const TOKENS_EACH = 10_000;

export class RoutesWorld {
  readonly queue: EventQueue;
  readonly recorder: RouteRecorder;
  /** By POOL/ORIGIN. */
  readonly origins = new Map<string, SimOrigin>();
  readonly objects = new Map<string, SimObject>();
  readonly #options: RouteOptions;
  readonly #target: RoutesTarget;
  readonly #rng: Rng;
  readonly #network: Network;
  readonly #clients: PlacedClients;
  readonly #routesObject: SimRoutesObject;
  readonly #isolates: IsolateSlots;
  /** The slots of each place: the first, and how many. */
  readonly #slots: readonly { readonly first: number; readonly count: number }[];
  readonly #arrivals: Arrivals;

  constructor(options: RouteOptions, target: RoutesTarget) {
    const { common, from } = options;
    this.#options = options;
    this.#target = target;
    this.queue = new EventQueue(common.isCold ? 0 : -warmUpMs(common));
    this.#rng = new Rng(common.seed);
    this.recorder = new RouteRecorder(common.seconds, target.routes, target.pools);
    const hashKeys = target.pools.map(({ config }) => config.hash_key);
    this.#clients = new PlacedClients(common.clients, from, keysOf(hashKeys));
    this.#network = new Network(common, this.#rng, apartOf(this.#positions()));
    this.#routesObject = this.#newRoutesObject();
    const documents = new Map<string, string>();
    for (const [position, pool] of target.pools.entries()) documents.set(...this.#addPool(position, pool));
    this.#slots = slotsOf(apportion(from, common.isolates));
    this.#isolates = this.#newIsolates(documents);
    this.#arrivals = new Arrivals(common, this.queue, this.#rng, () => this.#request());
  }

  async run(): Promise<this> {
    const { common } = this.#options;
    // Isolates meet the objects by their clients' requests, before any is counted.
    this.#arrivals.start();
    this.queue.at(0, () => {
      for (const origin of this.origins.values()) origin.startMeasuring();
      this.#isolates.planDeaths(common, this.queue, this.#rng);
    });
    this.#planEvents();
    await this.queue.run(common.seconds * 1_000);
    return this;
  }

  /** The clients' places, then the pools': without a location they are where most clients are. */
  #positions(): UnitVector[] {
    const { from } = this.#options;
    const most = from[this.#busiest]?.at ?? unitVector(0, 0);
    const pools = this.#target.pools.map(({ config: { location } }) =>
      location === null ? most : unitVector(location.latitude, location.longitude),
    );
    return [...from.map(({ at }) => at), ...pools];
  }

  get #busiest(): number {
    const shares = this.#options.from.map(({ share }) => share);
    return shares.indexOf(Math.max(...shares));
  }

  #newRoutesObject(): SimRoutesObject {
    const { queue, recorder } = this;
    return new SimRoutesObject({
      ...{ queue, rng: this.#rng, network: this.#network, region: this.#busiest },
      ...{ routes: this.#target.routes, objects: this.objects },
      called: (to) => recorder.statusCall(queue.nowMs, to),
    });
  }

  /** @returns the pool and its document */
  #addPool(position: number, { pool, config, document }: TargetConfig): [string, string] {
    const { queue, recorder } = this;
    const region = this.#options.from.length + position;
    const origins = new Map<string, SimOrigin>();
    for (const { id } of config.origins) {
      const capacity = capacityOf(id, this.#options.common, config);
      const origin = new SimOrigin(`${pool}/${id}`, region, capacity, queue, this.#rng);
      origins.set(id, origin);
      this.origins.set(origin.id, origin);
    }
    const own = withEachLogged(withOwnAddresses(document, position));
    const object = new SimObject({
      ...{ queue, rng: this.#rng, network: this.#network, pool, document: own, origins, region },
      firstToken: position * TOKENS_EACH,
      event: (kind, origin, detail) => recorder.event(queue.nowMs, pool, kind, origin, detail),
      ...(this.#routesObject.isSteered(pool)
        ? { tell: (status) => this.#routesObject.note(pool, region, status) }
        : {}),
    });
    this.objects.set(pool, object);
    return [pool, own];
  }

  #newIsolates(documents: ReadonlyMap<string, string>): IsolateSlots {
    const { queue, recorder, objects } = this;
    const { common } = this.#options;
    const hosts = new Map(
      this.#target.pools.flatMap(({ pool, config }, position) =>
        config.origins.flatMap(({ id }, index) => {
          const origin = this.origins.get(`${pool}/${id}`);
          return origin === undefined ? [] : [[simHost(position, index), origin] as const];
        }),
      ),
    );
    return new IsolateSlots(common.isolates, (slot) => this.#placeOf(slot), {
      ...{ queue, rng: this.#rng, network: this.#network, objects, measures: recorder, hosts },
      documents: documentsFor(documents, this.#target.document),
      ...{ notes: new Map(), noted: () => undefined, brief: null },
    });
  }

  /** Within a place its data centres take the slots in turns. */
  #placeOf(slot: number): Place {
    const places = this.#slots.length;
    const region = this.#slots.findIndex(({ first, count }) => slot < first + count);
    const here = Math.max(1, Math.floor(this.#options.common.dataCenters / places));
    return { region, dataCenter: region + places * ((slot - (this.#slots[region]?.first ?? 0)) % here) };
  }

  #request(): void {
    const { queue, recorder } = this;
    if (queue.nowMs >= 0) recorder.offered++;
    const client = this.#clients.draw(this.#rng.random());
    const to = this.#target.to[placeAt(this.#target.to, this.#rng.random())];
    const { first, count } = this.#slots[client.place] ?? { first: 0, count: 1 };
    const { skew } = this.#options.common;
    const isolate = this.#isolates.at(first + Math.floor(count * this.#rng.random() ** (1 + skew)));
    void isolate.serve(new Errand(client, to?.url ?? ""));
    queue.settle();
  }

  #planEvents(): void {
    const { bursts: _, fails, recoveries, disables, enables, drains, ...spans } = this.#options.common;
    const each = (events: typeof fails, act: (pool: string, id: string) => void): void => {
      for (const { origin: text, atMs } of events) {
        const part = partOf(text);
        for (const id of originsOf(part, this.#target.pools)) this.queue.at(atMs, () => act(part.pool, id));
      }
    };
    this.#arrivals.planBursts();
    each(fails, (pool, id) => this.origins.get(`${pool}/${id}`)?.fail());
    each(recoveries, (pool, id) => this.origins.get(`${pool}/${id}`)?.recover());
    each(disables, (pool, id) => this.objects.get(pool)?.enable(id, false));
    each(enables, (pool, id) => this.objects.get(pool)?.enable(id, true));
    each(drains, (pool, id) => this.objects.get(pool)?.drain(id));
    for (const { pool, percent, atMs } of this.#options.sheds)
      this.queue.at(atMs, () => this.objects.get(pool)?.change({ shed_percent: percent }));
    for (const { fromMs, toMs } of spans.outages) {
      this.queue.at(fromMs, () => this.#setDown(true));
      this.queue.at(toMs, () => this.#setDown(false));
    }
    for (const atMs of spans.restartsMs) this.queue.at(atMs, () => this.#restart());
    for (const atMs of spans.deploysMs) {
      this.queue.at(atMs, () => {
        this.#restart();
        this.#isolates.replaceAll();
      });
    }
  }

  #setDown(isDown: boolean): void {
    for (const object of [...this.objects.values(), this.#routesObject]) object.isDown = isDown;
  }

  #restart(): void {
    for (const object of [...this.objects.values(), this.#routesObject]) object.restart();
  }
}

/** The simulation learns from the log where a request went. */
function withEachLogged(document: string): string {
  const content = JSON.parse(document) as { log?: object };
  return JSON.stringify({ ...content, log: { ...content.log, sample: 1 } });
}

/** On the globe. */
function apartOf(positions: readonly UnitVector[]): Apart {
  const distances = positions.map((from) => positions.map((to) => distanceKm(from, to) / FARTHEST_KM));
  return (from, to) => distances[from]?.[to] ?? 0;
}

function slotsOf(counts: readonly number[]): { first: number; count: number }[] {
  let next = 0;
  return counts.map((count) => {
    const first = next;
    next += count;
    return { first, count };
  });
}
