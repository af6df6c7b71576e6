/**
 * Puts the parts together and runs them: clients send, isolates come and go, origins fail.
 * @module
 */
import type { PoolConfig } from "../../src/config/schema.ts";
import { Agenda } from "./agenda.ts";
import { Deadlines } from "./attempts.ts";
import { Chance } from "./chance.ts";
import { Clients } from "./clients.ts";
import { intended, sharesOf } from "./intended.ts";
import { Network } from "./network.ts";
import type { SimOptions } from "./options.ts";
import { Recorder } from "./recorder.ts";
import { SimIsolate } from "./sim-isolate.ts";
import { SimObject } from "./sim-object.ts";
import { type Capacity, SimOrigin } from "./sim-origin.ts";
import { Visit, type VisitWorld } from "./visit.ts";

/** Before the run isolates come up, so many a second: half of what the object paces is left for those that return. */
const BIRTHS_PER_SECOND = 90;
/** Then all of them come back once or more, at the object's pace. */
const RETURNS_PER_SECOND = 170;
const SHORTEST_WARM_UP_MS = 5_000;
const DEFAULT_SERVICE_MS = 20;

/** What is simulated: one pool. */
export interface Subject {
  readonly pool: string;
  readonly config: PoolConfig;
  /** As its author wrote it, JSON. */
  readonly document: string;
}

export class World {
  readonly recorder: Recorder;
  readonly origins: ReadonlyMap<string, SimOrigin>;
  readonly agenda: Agenda;
  readonly #options: SimOptions;
  readonly #chance: Chance;
  readonly #clients: Clients;
  readonly #object: SimObject;
  readonly #visits: VisitWorld;
  /** By slot: slot s is in region s mod R. Null: none has come up there yet. */
  readonly #isolates: (SimIsolate | null)[];
  #births = 0;
  /** Counts up when the rate changes: what was planned at the old one is void. */
  #arrivals = 0;

  constructor(options: SimOptions, { pool, config, document }: Subject) {
    this.#options = options;
    this.agenda = new Agenda(options.isCold ? 0 : -warmUpMs(options));
    const chance = new Chance(options.seed);
    this.#chance = chance;
    const failing = options.fails.map(({ origin }) => origin);
    const ids = config.origins.map(({ id }) => id);
    this.recorder = new Recorder(options.seconds, ids, failing);
    this.#clients = new Clients(options.clients, options.regions, config);
    this.origins = new Map(
      ids.map((id, index) => {
        const capacity = capacityOf(id, options, config);
        return [id, new SimOrigin(id, index % options.regions, capacity, this.agenda, chance)];
      }),
    );
    const network = new Network(options, chance);
    const { agenda, origins, recorder } = this;
    this.#object = new SimObject({
      ...{ agenda, chance, network, pool, document, origins },
      event: (kind, origin, detail) => recorder.event(agenda.nowMs, kind, origin, detail),
    });
    const deadlines = new Deadlines(agenda);
    this.#visits = {
      agenda,
      chance,
      network,
      object: this.#object,
      recorder,
      pool,
      config,
      origins,
      deadlines,
    };
    this.#isolates = new Array<SimIsolate | null>(options.isolates).fill(null);
  }

  async run(): Promise<this> {
    const endMs = this.#options.seconds * 1_000;
    if (!this.#options.isCold) this.#warmUp();
    this.agenda.at(0, () => {
      for (const origin of this.origins.values()) origin.startMeasuring();
      this.#arrive();
      this.#planDeath();
    });
    this.#planEvents();
    await this.agenda.run(endMs);
    return this;
  }

  /** Requests per second now. */
  rateAt(atMs: number): number {
    const burst = this.#options.bursts.find(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs);
    return this.#options.rps * (burst?.factor ?? 1);
  }

  #planEvents(): void {
    const { fails, recoveries, bursts, outages, restartsMs, deploysMs } = this.#options;
    for (const { origin, atMs } of fails) this.agenda.at(atMs, () => this.origins.get(origin)?.fail());
    for (const { origin, atMs } of recoveries)
      this.agenda.at(atMs, () => this.origins.get(origin)?.recover());
    for (const { fromMs, toMs } of bursts)
      for (const atMs of [fromMs, toMs]) this.agenda.at(atMs, () => this.#arrive());
    for (const { fromMs, toMs } of outages) {
      this.agenda.at(fromMs, () => this.#setDown(true));
      this.agenda.at(toMs, () => this.#setDown(false));
    }
    for (const atMs of restartsMs) this.agenda.at(atMs, () => this.#object.restart());
    for (const atMs of deploysMs) this.agenda.at(atMs, () => this.#deploy());
  }

  /** Isolates of the old version finish what they have begun. */
  #deploy(): void {
    this.#object.restart();
    this.#isolates.fill(null);
  }

  #setDown(isDown: boolean): void {
    this.#object.isDown = isDown;
  }

  /** The world has been running for a while: isolates came up, and came back when they were told to. */
  #warmUp(): void {
    const { rps, isolates } = this.#options;
    const perMs = rps / isolates / 1_000;
    const startMs = this.agenda.nowMs;
    for (let slot = 0; slot < isolates; slot++) {
      const meet = (requests: number): void => {
        const paceMs = this.#isolate(slot).warmUp(requests);
        const nextMs = this.agenda.nowMs + paceMs;
        if (nextMs < 0) this.agenda.at(nextMs, () => meet(Math.round(paceMs * perMs)));
      };
      this.agenda.at(startMs + (slot * 1_000) / BIRTHS_PER_SECOND, () => meet(1));
    }
  }

  /** Plans the next request; each comes independently of the others (Poisson). */
  #arrive(): void {
    const plan = ++this.#arrivals;
    const next = (): void => {
      const rate = this.rateAt(this.agenda.nowMs);
      if (rate === 0) return;
      this.agenda.in(this.#chance.exponential(1_000 / rate), () => {
        if (plan !== this.#arrivals) return;
        this.#request();
        next();
      });
    };
    next();
  }

  #request(): void {
    this.recorder.request(this.agenda.nowMs);
    const client = this.#clients.draw(this.#chance);
    const isolate = this.#isolate(this.#slotIn(client.region));
    new Visit(this.#visits, isolate, client).begin();
  }

  /** A slot of the region; where there are more regions than isolates, the nearest one that has some. */
  #slotIn(region: number): number {
    const { isolates, regions, skew } = this.#options;
    const first = region % isolates;
    const count = Math.ceil((isolates - first) / regions);
    return first + regions * Math.floor(count * this.#chance.random() ** (1 + skew));
  }

  #isolate(slot: number): SimIsolate {
    const there = this.#isolates[slot];
    if (there) return there;
    const born = new SimIsolate(`isolate-${this.#births++}`, slot % this.#options.regions, this.#visits);
    this.#isolates[slot] = born;
    return born;
  }

  /** One isolate dies; the next request there finds a cold one. */
  #planDeath(): void {
    const { churn, isolates } = this.#options;
    if (churn === 0) return;
    this.agenda.in(this.#chance.exponential(60_000 / (churn * isolates)), () => {
      const slot = this.#chance.integer(isolates);
      const dying = this.#isolates[slot];
      if (dying) dying.isAlive = false;
      this.#isolates[slot] = null;
      this.#planDeath();
    });
  }
}

function warmUpMs({ isolates }: SimOptions): number {
  const births = (isolates / BIRTHS_PER_SECOND) * 1_000;
  const returns = (isolates / RETURNS_PER_SECOND) * 1_000;
  return births + Math.max(returns, SHORTEST_WARM_UP_MS);
}

/** Two of load, service time and workers give the third. */
function capacityOf(id: string, { rps, load, serviceMs, workers }: SimOptions, config: PoolConfig): Capacity {
  const shares = sharesOf(config);
  const own = shares.find((share) => share.id === id);
  // A backup must be able to stand in for the others.
  const weight = own === undefined || own.backup ? null : own.weight;
  const share = weight === null ? rps : (intended(shares, rps, () => false).get(id) ?? 0);
  const perMs = Math.max(share, 0.001) / 1_000;
  if (workers !== null) return { workers, serviceMs: serviceMs ?? (load * workers) / perMs };
  const takenMs = serviceMs ?? DEFAULT_SERVICE_MS;
  return { workers: Math.max(1, Math.ceil((perMs * takenMs) / load)), serviceMs: takenMs };
}
