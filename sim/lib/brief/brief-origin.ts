/**
 * An origin in runs of millions. It serves as a `SimOrigin` does, but a request's end there is computed at its arrival: the
 * worker that is free first serves it (Lindley's recursion for several servers; Kiefer and Wolfowitz, Trans. AMS 78, 1955).
 * Nothing but a failure of the origin can change that.
 * @module
 */
import { MeasuredOrigin } from "../measured-origin.ts";
import type { Visitor } from "../origin.ts";
import { TimeHeap } from "./time-heap.ts";

export class BriefOrigin extends MeasuredOrigin {
  /** Called when the origin fails, for each request there that has but a number. */
  cutOff: (request: number) => void = () => undefined;
  /** The requests there, waiting or served, by their ends. Visitors have negative numbers. */
  readonly #ends = new TimeHeap();
  /** When each worker that ever had a request is free. */
  readonly #workers = new TimeHeap();
  readonly #visitors = new Map<number, Visitor>();
  #visits = 0;

  /**
   * A request has arrived.
   * @param request its number, at least 0; negative ones are the origin's own
   * @returns when it leaves, if the origin does not fail before; null: it is refused
   */
  admit(request: number): number | null {
    if (this.refuses()) return null;
    this.count();
    const { nowMs } = this.queue;
    let beginMs = nowMs;
    if (this.#workers.size === this.capacity.workers) {
      beginMs = Math.max(nowMs, this.#workers.firstMs);
      this.#workers.drop();
    }
    const endMs = beginMs + this.rng.exponential(this.capacity.serviceMs);
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
    this.queue.at(endMs, () => {
      if (this.#visitors.delete(number)) visitor.left(true);
    });
  }

  protected cutOffAll(): void {
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

  /** Counts what has left since the last time, up to now. */
  protected count(): void {
    const { nowMs } = this.queue;
    for (let { firstMs } = this.#ends; firstMs <= nowMs; { firstMs } = this.#ends) {
      this.#countAt(firstMs);
      this.#ends.drop();
    }
    this.#countAt(nowMs);
  }

  #countAt(ms: number): void {
    const { size } = this.#ends;
    this.meter.count(ms, size, Math.min(size, this.capacity.workers));
  }
}
