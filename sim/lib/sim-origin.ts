/**
 * An origin: serves so many requests at once, each for an exponential time; others wait in line.
 * @module
 */
import type { Agenda } from "./agenda.ts";
import type { Chance } from "./chance.ts";

export interface Capacity {
  /** Requests served at once. */
  readonly workers: number;
  /** Mean time to serve one, in ms. */
  readonly serviceMs: number;
}

interface Job {
  readonly done: (answered: boolean) => void;
  isOver: boolean;
}

export class SimOrigin {
  readonly id: string;
  readonly region: number;
  readonly capacity: Capacity;
  readonly #agenda: Agenda;
  readonly #chance: Chance;
  #isUp = true;
  readonly #serving = new Set<Job>();
  #waiting: Job[] = [];
  /** Index in `#waiting` of the one that is next. */
  #next = 0;
  /** For how long how many were here, waiting or served, in ms by number. */
  #timeAt: number[] = [];
  #changedMs = 0;
  #busyMs = 0;

  constructor(id: string, region: number, capacity: Capacity, agenda: Agenda, chance: Chance) {
    this.id = id;
    this.region = region;
    this.capacity = capacity;
    this.#agenda = agenda;
    this.#chance = chance;
  }

  /** A request is here. @param done told at its end; false: refused, or cut off */
  arrive(done: Job["done"]): void {
    if (!this.#isUp) {
      done(false);
      return;
    }
    this.#count();
    const job: Job = { done, isOver: false };
    if (this.#serving.size < this.capacity.workers) this.#serve(job);
    else this.#waiting.push(job);
  }

  /** Refuses from now on, and cuts off what it has. */
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

  /** Forgets what was measured so far. */
  startMeasuring(): void {
    this.#count();
    this.#timeAt = [];
    this.#busyMs = 0;
  }

  /** Share of the time with so many here, by number; and the share of its workers' time in use. */
  measured(): { shares: number[]; utilisation: number } {
    this.#count();
    const totalMs = this.#timeAt.reduce((sum, ms) => sum + (ms ?? 0), 0);
    const shares = Array.from(this.#timeAt, (ms) => (totalMs === 0 ? 0 : (ms ?? 0) / totalMs));
    return { shares, utilisation: totalMs === 0 ? 0 : this.#busyMs / totalMs / this.capacity.workers };
  }

  #serve(job: Job): void {
    this.#serving.add(job);
    this.#agenda.in(this.#chance.exponential(this.capacity.serviceMs), () => this.#served(job));
  }

  #served(job: Job): void {
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
  }

  #trim(): void {
    if (this.#next < 1_024 && this.#next < this.#waiting.length) return;
    this.#waiting = this.#waiting.slice(this.#next);
    this.#next = 0;
  }

  #end(job: Job, answered: boolean): void {
    job.isOver = true;
    job.done(answered);
  }

  /** Before each change. */
  #count(): void {
    const elapsedMs = this.#agenda.nowMs - this.#changedMs;
    const here = this.inSystem;
    this.#timeAt[here] = (this.#timeAt[here] ?? 0) + elapsedMs;
    this.#busyMs += elapsedMs * this.#serving.size;
    this.#changedMs = this.#agenda.nowMs;
  }
}
