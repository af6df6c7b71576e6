/**
 * The power of two choices (Mitzenmacher, IEEE TPDS 2001): of two random servers the less loaded one. Nearly as good
 * as looking at all of them, and many isolates with slightly old counts do not all run to the same one.
 * @module
 */
import {
  type Algorithm,
  type AlgorithmName,
  type Choice,
  candidatesOf,
  type PickContext,
} from "./algorithm.ts";
import type { Candidates } from "./candidates.ts";
import { ConnectionLoad } from "./connection-load.ts";
import { type RandomOptions, WeightedDraw } from "./random.ts";
import type { Server } from "./server.ts";
import { type Clock, type Random, systemClock, systemRandom } from "./system.ts";

/** What to compare by; less is better. */
export type LoadMetric<S extends Server> = (server: S, nowMs: number, eligible: readonly S[]) => number;

/** Two distinct servers drawn by weight, the one with the lower load; the first drawn if they are equal. */
export class TwoChoices<S extends Server = Server> implements Algorithm<S> {
  readonly name: AlgorithmName;
  readonly #candidates: Candidates<S>;
  readonly #now: Clock;
  readonly #random: Random;
  readonly #load: LoadMetric<S>;
  readonly #connections = new ConnectionLoad<S>();
  readonly #weighted = new WeightedDraw<S>();

  /** @param load default: by requests in flight */
  constructor(
    servers: Choice<S>,
    options: RandomOptions = {},
    load?: LoadMetric<S>,
    name: AlgorithmName = "p2c",
  ) {
    this.#candidates = candidatesOf(servers);
    this.#random = options.random ?? systemRandom;
    this.#now = options.now ?? systemClock;
    this.#load = load ?? ((server, nowMs) => this.#connections.of(server, nowMs));
    this.name = name;
  }

  next(context: PickContext<S> = {}): S | null {
    const nowMs = context.now ?? this.#now();
    const eligible = this.#candidates.list(context, nowMs);
    if (eligible.length < 2) return eligible[0] ?? null;
    const firstIndex = this.#weighted.draw(eligible, this.#random);
    const first = eligible[firstIndex];
    const second = eligible[this.#drawOther(firstIndex)];
    if (first === undefined || second === undefined) return null;
    return this.#load(second, nowMs, eligible) < this.#load(first, nowMs, eligible) ? second : first;
  }

  /** A request ended. A failure counts as one in flight for a while: failing fast is not being idle. */
  observe(server: S, _rttMs: number, failed: boolean, nowMs: number): void {
    if (failed) this.#connections.failed(server, nowMs);
  }

  /** Draws from the others: a point on the line of weights with the first one's stretch cut out. */
  #drawOther(first: number): number {
    const start = this.#weighted.before(first);
    const stretch = this.#weighted.before(first + 1) - start;
    const point = this.#random() * (this.#weighted.total - stretch);
    return this.#weighted.at(point < start ? point : point + stretch);
  }
}
