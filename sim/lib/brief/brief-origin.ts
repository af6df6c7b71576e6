/**
 * An origin in runs of millions. It serves as a `SimOrigin` does, but a request's end there is computed at its arrival: the
 * worker that is free first serves it (Lindley's recursion for several servers; Kiefer and Wolfowitz, Trans. AMS 78, 1955).
 * Nothing but a failure of the origin can change that.
 * @module
 */
import type { EventQueue } from "../event-queue.ts";
import type { Capacity, Origin, Visitor } from "../origin.ts";
import { type OriginMeasures, OriginMeter } from "../origin-meter.ts";
import type { Rng } from "../rng.ts";
import { TimeHeap } from "./time-heap.ts";

export class BriefOrigin implements Origin {
  readonly id: string;
  readonly region: number;
  readonly capacity: Capacity;
  refusedShare = 0;
  /** Called when the origin fails, for each request there that has but a number. */
  cutOff: (request: number) => void = () => undefined;
  readonly #queue: EventQueue;
  readonly #rng: Rng;
  readonly #meter: OriginMeter;
  #isUp = true;
  /** The requests there, waiting or served, by their ends. Visitors have negative numbers. */
  readonly #ends = new TimeHeap();
  /** When each worker that ever had a request is free. */
  readonly #workers = new TimeHeap();
  readonly #visitors = new Map<number, Visitor>();
  #visits = 0;

  constructor(id: string, region: number, capacity: Capacity, queue: EventQueue, rng: Rng) {
    this.id = id;
    this.region = region;
    this.capacity = capacity;
    this.#queue = queue;
    this.#rng = rng;
    this.#meter = new OriginMeter(capacity.workers, queue.nowMs);
  }

  /**
   * A request has arrived.
   * @param request its number, at least 0; negative ones are the origin's own
   * @returns when it leaves, if the origin does not fail before; null: it is refused
   */
  admit(request: number): number | null {
    if (!this.#isUp || this.#rng.happens(this.refusedShare)) return null;
    this.#count();
    const { nowMs } = this.#queue;
    let beginMs = nowMs;
    if (this.#workers.size === this.capacity.workers) {
      beginMs = Math.max(nowMs, this.#workers.firstMs);
      this.#workers.drop();
    }
    const endMs = beginMs + this.#rng.exponential(this.capacity.serviceMs);
    this.#workers.add(endMs);
    this.#ends.add(endMs, request);
    return endMs;
  }

  arrive(visitor: Visitor): void {
    const number = -1 - this.#visits++;
    const endMs = this.admit(number);
    if (endMs === null) {
      visitor.left(false);
      return;
    }
    this.#visitors.set(number, visitor);
    this.#queue.at(endMs, () => {
      if (this.#visitors.delete(number)) visitor.left(true);
    });
  }

  fail(): void {
    this.#count();
    this.#isUp = false;
    const all = this.#ends.items;
    this.#ends.clear();
    this.#workers.clear();
    for (const request of all) {
      const visitor = this.#visitors.get(request);
      this.#visitors.delete(request);
      if (visitor === undefined) this.cutOff(request);
      else visitor.left(false);
    }
  }

  recover(): void {
    this.#isUp = true;
  }

  startMeasuring(): void {
    this.#count();
    this.#meter.restart();
  }

  measured(): OriginMeasures {
    this.#count();
    return this.#meter.measured();
  }

  /** Counts what has left since the last time, up to now. */
  #count(): void {
    const { nowMs } = this.#queue;
    for (let { firstMs } = this.#ends; firstMs <= nowMs; { firstMs } = this.#ends) {
      this.#countAt(firstMs);
      this.#ends.drop();
    }
    this.#countAt(nowMs);
  }

  #countAt(ms: number): void {
    const { size } = this.#ends;
    this.#meter.count(ms, size, Math.min(size, this.capacity.workers));
  }
}
