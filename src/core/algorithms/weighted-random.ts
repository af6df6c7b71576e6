/** Weighted random. @module */

import type { Candidates } from "../server/candidates.ts";
import type { Server } from "../server/server.ts";
import { type Random, systemRandom } from "../system.ts";
import {
  type Algorithm,
  type AlgorithmOptions,
  type CandidateSource,
  canSkipLimitScan,
  isOpen,
  noteAllRefused,
  noteRefused,
  nowOf,
  type PickContext,
  toCandidates,
} from "./algorithm.ts";
import { indexAt, prefixSums } from "./swrr-schedule.ts";

/** Options of algorithms that draw. */
export interface RandomOptions extends AlgorithmOptions {
  /** Default: the system's. */
  random?: Random;
}

/** Draws before the whole list is examined; reached only when most servers are at their limits. */
const MOST_DRAWS = 16;

/**
 * What a second draw excludes: the server drawn first (`distinct`), or as much of its weight as the smallest weight
 * (`parts`).
 */
export type Pairs = "distinct" | "parts";

/** Draws an index with a probability in proportion to its weight. Keeps its table while the list stays the same. */
export class WeightedDraw<S extends Server> {
  #servers: readonly S[] = [];
  #upTo: Float64Array = new Float64Array(0);
  #smallest = 0;

  /** @param servers not empty */
  draw(servers: readonly S[], random: Random): number {
    if (servers !== this.#servers) this.#make(servers);
    return indexAt(this.#upTo, random() * this.#total);
  }

  /**
   * Draws a second server from the list of the last draw, which has at least two.
   * @param pairs `distinct`: never `first`. `parts`: as if each server were split into parts of the smallest weight,
   *   and no part could be drawn twice. Both are the same if weights are equal.
   */
  drawOther(first: number, random: Random, pairs: Pairs = "distinct"): number {
    // A point on the line of weights from which the first one's stretch, or a part of it, is cut out.
    const start = this.#before(first);
    const stretch = this.#before(first + 1) - start;
    const part = pairs === "distinct" ? stretch : Math.min(this.#smallest, stretch);
    const point = random() * (this.#total - part);
    return indexAt(this.#upTo, point < start ? point : point + part);
  }

  /** Mean weight of the list of the last draw. */
  get mean(): number {
    return this.#total / this.#upTo.length;
  }

  get #total(): number {
    return this.#upTo[this.#upTo.length - 1] ?? 0;
  }

  /** Sum of the weights before `index`. */
  #before(index: number): number {
    return index === 0 ? 0 : (this.#upTo[index - 1] ?? 0);
  }

  #make(servers: readonly S[]): void {
    const weights = servers.map((server) => server.effectiveWeight);
    this.#servers = servers;
    this.#upTo = prefixSums(weights);
    this.#smallest = weights.reduce((least, weight) => Math.min(least, weight), Number.POSITIVE_INFINITY);
  }
}

/**
 * Draws until `accept` takes the server, which equals a draw from the servers that it takes. Undefined if it takes none
 * within a bounded number of draws.
 */
export function firstAccepted<S extends Server>(
  servers: readonly S[],
  draw: () => number,
  accept: (server: S) => boolean = () => true,
): number | undefined {
  for (let draws = 0; draws < MOST_DRAWS; draws++) {
    const index = draw();
    const server = servers[index];
    if (server !== undefined && accept(server)) return index;
  }
  return undefined;
}

/** Draws each server with a probability in proportion to its weight. */
export class WeightedRandom<S extends Server = Server> implements Algorithm<S> {
  readonly name = "random";
  readonly #candidates: Candidates<S>;
  readonly #options: AlgorithmOptions;
  readonly #random: Random;
  readonly #weighted = new WeightedDraw<S>();
  readonly #primary = new WeightedDraw<S>();

  constructor(servers: CandidateSource<S>, options: RandomOptions = {}) {
    this.#candidates = toCandidates(servers);
    this.#random = options.random ?? systemRandom;
    this.#options = options;
  }

  next(context: PickContext<S> = {}): S | null {
    const nowMs = nowOf(context, this.#options);
    const { primary } = this.#candidates;
    if (primary.length > 0 && canSkipLimitScan(this.#candidates, context)) {
      const accept = (server: S): boolean => isOpen(this.#candidates, context, server, nowMs);
      const server = this.#drawn(primary, this.#primary);
      if (server !== null && accept(server)) return server;
      noteRefused(this.#candidates, context, server, nowMs);
      const draw = (): number => this.#primary.draw(primary, this.#random);
      const index = firstAccepted(primary, draw, accept);
      if (index !== undefined) return primary[index] ?? null;
    }
    const eligible = this.#candidates.list(context, nowMs);
    noteAllRefused(this.#candidates, context, eligible, nowMs, (available) =>
      available === primary ? null : this.#drawn(available, this.#weighted),
    );
    return eligible.length === 0 ? null : this.#drawn(eligible, this.#weighted);
  }

  #drawn(servers: readonly S[], weighted: WeightedDraw<S>): S | null {
    return servers[weighted.draw(servers, this.#random)] ?? null;
  }
}
