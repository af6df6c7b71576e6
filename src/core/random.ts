/** Weighted random. @module */
import {
  type Algorithm,
  type AlgorithmOptions,
  type Choice,
  candidatesOf,
  eligibleFor,
  type PickContext,
} from "./algorithm.ts";
import type { Candidates } from "./candidates.ts";
import { cumulated, indexAt } from "./schedule.ts";
import type { Server } from "./server.ts";
import { type Random, systemRandom } from "./system.ts";

export interface RandomOptions extends AlgorithmOptions {
  random?: Random;
}

/** Draws an index with a probability in proportion to its weight. Keeps its table while the list stays the same. */
export class WeightedDraw<S extends Server> {
  #servers: readonly S[] = [];
  #upTo: Float64Array = new Float64Array(0);

  /** @param servers not empty */
  draw(servers: readonly S[], random: Random): number {
    if (servers !== this.#servers) {
      this.#servers = servers;
      this.#upTo = cumulated(servers.map((server) => server.effectiveWeight));
    }
    return indexAt(this.#upTo, random() * this.total);
  }

  /** Sum of the weights of the list drawn from last. */
  get total(): number {
    return this.#upTo[this.#upTo.length - 1] ?? 0;
  }

  /** Sum of the weights before `index` in the list drawn from last. */
  before(index: number): number {
    return index === 0 ? 0 : (this.#upTo[index - 1] ?? 0);
  }

  /** The index at a running sum of weights, in the list drawn from last. */
  at(point: number): number {
    return indexAt(this.#upTo, point);
  }
}

export class WeightedRandom<S extends Server = Server> implements Algorithm<S> {
  readonly name = "random";
  readonly #candidates: Candidates<S>;
  readonly #options: AlgorithmOptions;
  readonly #random: Random;
  readonly #weighted = new WeightedDraw<S>();

  constructor(servers: Choice<S>, options: RandomOptions = {}) {
    this.#candidates = candidatesOf(servers);
    this.#random = options.random ?? systemRandom;
    this.#options = options;
  }

  next(context: PickContext<S> = {}): S | null {
    const eligible = eligibleFor(this.#candidates, context, this.#options);
    if (eligible.length === 0) return null;
    return eligible[this.#weighted.draw(eligible, this.#random)] ?? null;
  }
}
