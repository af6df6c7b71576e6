/**
 * A simulated origin: it serves a fixed number of requests at once, each for an exponentially distributed time. Others
 * wait in a queue.
 * @module
 */
import type { EventQueue } from "./event-queue.ts";
import type { Rng } from "./rng.ts";

export interface Capacity {
  /** Requests served at once. */
  readonly workers: number;
  /** Mean time to serve one, in ms. */
  readonly serviceMs: number;
}

/** A request at an origin. */
export interface Visitor {
  /** Its end there. @param isAnswered false: it is refused, or cut off */
  left(isAnswered: boolean): void;
}

/** A request that is served, or waits for it. */
class Job {
  readonly visitor: Visitor;
  readonly #served: (job: Job) => void;
  isOver = false;

  constructor(visitor: Visitor, served: (job: Job) => void) {
    this.visitor = visitor;
    this.#served = served;
  }

  happen(): void {
    this.#served(this);
  }
}

export class SimOrigin {
  readonly id: string;
  readonly region: number;
  readonly capacity: Capacity;
  /** Share of the requests that it refuses at random while it is up, 0 to 1. */
  refusedShare = 0;
  readonly #queue: EventQueue;
  readonly #rng: Rng;
  #isUp = true;
  readonly #serving = new Set<Job>();
  #waiting: Job[] = [];
  /** Index in `#waiting` of the next request. */
  #next = 0;
  /** By number of requests, waiting or served: the time in ms with this number. */
  #timeAt: number[] = [];
  #changedMs = 0;
  #busyMs = 0;

  constructor(id: string, region: number, capacity: Capacity, queue: EventQueue, rng: Rng) {
    this.id = id;
    this.region = region;
    this.capacity = capacity;
    this.#queue = queue;
    this.#rng = rng;
  }

  /** A request has arrived. */
  arrive(visitor: Visitor): void {
    if (!this.#isUp || this.#rng.happens(this.refusedShare)) {
      visitor.left(false);
      return;
    }
    this.#count();
    const job = new Job(visitor, this.#served);
    if (this.#serving.size < this.capacity.workers) this.#serve(job);
    else this.#waiting.push(job);
  }

  /** Refuses requests from now on, and cuts off those that it has. */
  fail(): void {
    this.#count();
    this.#isUp = false;
    const all = [...this.#serving, ...this.#waiting.slice(this.#next)];
    this.#serving.clear();
    this.#waiting = [];
    this.#next = 0;
    for (const job of all) this.#end(job, false);
  }

  recover(): void {
    this.#isUp = true;
  }

  get inSystem(): number {
    return this.#serving.size + this.#waiting.length - this.#next;
  }

  /** Discards the measurements so far. */
  startMeasuring(): void {
    this.#count();
    this.#timeAt = [];
    this.#busyMs = 0;
  }

  /** Share of the time by number of requests, and the share of its workers' time in use. */
  measured(): { shares: number[]; utilisation: number } {
    this.#count();
    const totalMs = this.#timeAt.reduce((sum, ms) => sum + (ms ?? 0), 0);
    const shares = Array.from(this.#timeAt, (ms) => (totalMs === 0 ? 0 : (ms ?? 0) / totalMs));
    return { shares, utilisation: totalMs === 0 ? 0 : this.#busyMs / totalMs / this.capacity.workers };
  }

  #serve(job: Job): void {
    this.#serving.add(job);
    this.#queue.in(this.#rng.exponential(this.capacity.serviceMs), job);
  }

  readonly #served = (job: Job): void => {
    if (job.isOver) return;
    this.#count();
    this.#serving.delete(job);
    const next = this.#waiting[this.#next];
    if (next !== undefined) {
      this.#next++;
      this.#trim();
      this.#serve(next);
    }
    this.#end(job, true);
  };

  #trim(): void {
    if (this.#next < 1_024 && this.#next < this.#waiting.length) return;
    this.#waiting = this.#waiting.slice(this.#next);
    this.#next = 0;
  }

  #end(job: Job, answered: boolean): void {
    job.isOver = true;
    job.visitor.left(answered);
  }

  /** Before each change. */
  #count(): void {
    const elapsedMs = this.#queue.nowMs - this.#changedMs;
    const here = this.inSystem;
    this.#timeAt[here] = (this.#timeAt[here] ?? 0) + elapsedMs;
    this.#busyMs += elapsedMs * this.#serving.size;
    this.#changedMs = this.#queue.nowMs;
  }
}
