/**
 * What all kinds of simulated origins are: up or not, somewhere, of a capacity, and measured.
 * @module
 */
import type { EventQueue } from "./event-queue.ts";
import type { Capacity, Origin, Visitor } from "./origin.ts";
import { type OriginMeasures, OriginMeter } from "./origin-meter.ts";
import type { Rng } from "./rng.ts";

export abstract class MeasuredOrigin implements Origin {
  readonly id: string;
  readonly region: number;
  readonly capacity: Capacity;
  refusedShare = 0;
  protected readonly queue: EventQueue;
  protected readonly rng: Rng;
  protected readonly meter: OriginMeter;
  #isUp = true;

  constructor(id: string, region: number, capacity: Capacity, queue: EventQueue, rng: Rng) {
    this.id = id;
    this.region = region;
    this.capacity = capacity;
    this.queue = queue;
    this.rng = rng;
    this.meter = new OriginMeter(capacity.workers, queue.nowMs);
  }

  abstract arrive(visitor: Visitor): void;

  fail(): void {
    this.count();
    this.#isUp = false;
    this.cutOffAll();
  }

  recover(): void {
    this.#isUp = true;
  }

  startMeasuring(): void {
    this.count();
    this.meter.restart();
  }

  measured(): OriginMeasures {
    this.count();
    return this.meter.measured();
  }

  /** It is down, or refuses this request by chance. */
  protected refuses(): boolean {
    return !this.#isUp || this.rng.happens(this.refusedShare);
  }

  /** Tells the meter of all up to now. Before each change. */
  protected abstract count(): void;

  /** It has failed: what is there leaves without an answer. */
  protected abstract cutOffAll(): void;
}
