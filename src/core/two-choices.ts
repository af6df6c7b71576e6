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
  nowOf,
  type PickContext,
  picksFirst,
} from "./algorithm.ts";
import type { Candidates } from "./candidates.ts";
import { ConnectionLoad } from "./connection-load.ts";
import { firstAccepted, type RandomOptions, WeightedDraw } from "./random.ts";
import type { Server } from "./server.ts";
import { type Random, systemRandom } from "./system.ts";

/** What to compare by; less is better. */
export type LoadMetric<S extends Server> = (server: S, nowMs: number, eligible: readonly S[]) => number;

/** Two distinct servers drawn by weight, the one with the lower load; the first drawn if they are equal. */
export class TwoChoices<S extends Server = Server> implements Algorithm<S> {
  readonly name: AlgorithmName;
  readonly #candidates: Candidates<S>;
  readonly #options: RandomOptions;
  readonly #random: Random;
  readonly #load: LoadMetric<S>;
  readonly #connections = new ConnectionLoad<S>();
  readonly #weighted = new WeightedDraw<S>();
  readonly #primary = new WeightedDraw<S>();

  /** @param load default: by requests in flight */
  constructor(
    servers: Choice<S>,
    options: RandomOptions = {},
    load?: LoadMetric<S>,
    name: AlgorithmName = "p2c",
  ) {
    this.#candidates = candidatesOf(servers);
    this.#random = options.random ?? systemRandom;
    this.#options = options;
    this.#load = load ?? ((server, nowMs) => this.#connections.of(server, nowMs));
    this.name = name;
  }

  next(context: PickContext<S> = {}): S | null {
    const nowMs = nowOf(context, this.#options);
    if (picksFirst(this.#candidates, context)) {
      const { primary } = this.#candidates;
      const accept = (server: S): boolean => this.#candidates.isBelowLimits(server, nowMs);
      const server = this.#better(primary, this.#primary, nowMs, accept);
      if (server !== null) return server;
    }
    const eligible = this.#candidates.list(context, nowMs);
    if (eligible.length < 2) return eligible[0] ?? null;
    return this.#better(eligible, this.#weighted, nowMs, () => true);
  }

  /** Null if there are no two that `accept` takes, as far as a few draws tell. */
  #better(
    servers: readonly S[],
    weighted: WeightedDraw<S>,
    nowMs: number,
    accept: (server: S) => boolean,
  ): S | null {
    if (servers.length < 2) return null;
    const firstIndex = firstAccepted(servers, () => weighted.draw(servers, this.#random), accept);
    if (firstIndex === undefined) return null;
    const secondIndex = firstAccepted(servers, () => weighted.drawOther(firstIndex, this.#random), accept);
    const [first, second] = [servers[firstIndex], servers[secondIndex ?? -1]];
    if (first === undefined || second === undefined) return null;
    return this.#load(second, nowMs, servers) < this.#load(first, nowMs, servers) ? second : first;
  }

  /** A request ended. A failure counts as one in flight for a while: failing fast is not being idle. */
  observe(server: S, _rttMs: number, failed: boolean, nowMs: number): void {
    if (failed) this.#connections.failed(server, nowMs);
  }
}
