/**
 * A simulated origin: it serves a fixed number of requests at once, each for an exponentially distributed time. Others
 * wait in a queue.
 * @module
 */
import { MeasuredOrigin } from "./measured-origin.ts";
import type { Visitor } from "./origin.ts";

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

export class SimOrigin extends MeasuredOrigin {
  readonly #serving = new Set<Job>();
  #waiting: Job[] = [];
  /** Index in `#waiting` of the next request. */
  #next = 0;

  arrive(visitor: Visitor): void {
    if (this.refuses()) {
      visitor.left(false);
      return;
    }
    this.count();
    const job = new Job(visitor, this.#served);
    if (this.#serving.size < this.capacity.workers) this.#serve(job);
    else this.#waiting.push(job);
  }

  protected cutOffAll(): void {
    const all = [...this.#serving, ...this.#waiting.slice(this.#next)];
    this.#serving.clear();
    this.#waiting = [];
    this.#next = 0;
    for (const job of all) this.#end(job, false);
  }

  get inSystem(): number {
    return this.#serving.size + this.#waiting.length - this.#next;
  }

  #serve(job: Job): void {
    this.#serving.add(job);
    this.queue.in(this.rng.exponential(this.capacity.serviceMs), job);
  }

  readonly #served = (job: Job): void => {
    if (job.isOver) return;
    this.count();
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

  protected count(): void {
    this.meter.count(this.queue.nowMs, this.inSystem, this.#serving.size);
  }
}
