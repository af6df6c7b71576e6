/** Weighted random. @module */
import {
  type Algorithm,
  type AlgorithmOptions,
  type Choice,
  candidatesOf,
  nowOf,
  type PickContext,
  picksFirst,
} from "./algorithm.ts";
import type { Candidates } from "./candidates.ts";
import { cumulated, indexAt } from "./schedule.ts";
import type { Server } from "./server.ts";
import { type Random, systemRandom } from "./system.ts";

export interface RandomOptions extends AlgorithmOptions {
  random?: Random;
}

/** Draws before the whole list is looked at: only reached when most servers are at their limits. */
const MOST_DRAWS = 16;

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
    return indexAt(this.#upTo, random() * this.#total);
  }

  /** The same among all servers but `first`, in the list drawn from last, which has at least two. */
  drawOther(first: number, random: Random): number {
    // A point on the line of weights with the first one's stretch cut out.
    const start = this.#before(first);
    const stretch = this.#before(first + 1) - start;
    const point = random() * (this.#total - stretch);
    return indexAt(this.#upTo, point < start ? point : point + stretch);
  }

  get #total(): number {
    return this.#upTo[this.#upTo.length - 1] ?? 0;
  }

  /** Sum of the weights before `index`. */
  #before(index: number): number {
    return index === 0 ? 0 : (this.#upTo[index - 1] ?? 0);
  }
}

/**
 * Draws until `accept` takes the server, which is the same as drawing from those it takes; undefined if that has not
 * happened soon.
 */
export function firstAccepted<S extends Server>(
  servers: readonly S[],
  draw: () => number,
  accept: (server: S) => boolean,
): number | undefined {
  for (let draws = 0; draws < MOST_DRAWS; draws++) {
    const index = draw();
    const server = servers[index];
    if (server !== undefined && accept(server)) return index;
  }
  return undefined;
}

export class WeightedRandom<S extends Server = Server> implements Algorithm<S> {
  readonly name = "random";
  readonly #candidates: Candidates<S>;
  readonly #options: AlgorithmOptions;
  readonly #random: Random;
  readonly #weighted = new WeightedDraw<S>();
  readonly #primary = new WeightedDraw<S>();

  constructor(servers: Choice<S>, options: RandomOptions = {}) {
    this.#candidates = candidatesOf(servers);
    this.#random = options.random ?? systemRandom;
    this.#options = options;
  }

  next(context: PickContext<S> = {}): S | null {
    const nowMs = nowOf(context, this.#options);
    if (picksFirst(this.#candidates, context)) {
      const { primary } = this.#candidates;
      const draw = (): number => this.#primary.draw(primary, this.#random);
      const index = firstAccepted(primary, draw, (server) => this.#candidates.isBelowLimits(server, nowMs));
      if (index !== undefined) return primary[index] ?? null;
    }
    const eligible = this.#candidates.list(context, nowMs);
    if (eligible.length === 0) return null;
    return eligible[this.#weighted.draw(eligible, this.#random)] ?? null;
  }
}
