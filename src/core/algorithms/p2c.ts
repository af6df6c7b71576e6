/**
 * The power of two choices (Mitzenmacher, IEEE TPDS 2001): draws two random servers and takes the less loaded one. This
 * is nearly as good as comparing all of them, and many isolates with slightly old counts do not all run to the same
 * server.
 * @module
 */

import type { Candidates } from "../server/candidates.ts";
import type { Server } from "../server/server.ts";
import { type Random, systemRandom } from "../system.ts";
import {
  type Algorithm,
  type CandidateSource,
  canSkipLimitScan,
  isOpen,
  noteAllRefused,
  noteRefused,
  nowOf,
  type PickContext,
  toCandidates,
} from "./algorithm.ts";
import { InFlightLoad } from "./in-flight-load.ts";
import { firstAccepted, type Pairs, type RandomOptions, WeightedDraw } from "./weighted-random.ts";

/**
 * The load to compare by; less is better. A load that grows with a server's requests is given per unit of weight.
 * @param meanWeight of `eligible`
 * @param other the server that it is compared with
 */
export type LoadMetric<S extends Server> = (
  server: S,
  nowMs: number,
  eligible: readonly S[],
  meanWeight: number,
  other: S,
) => number;

/**
 * Draws two distinct servers by weight and picks the one with the lower load per weight; of two equals the one drawn
 * first. So shares follow the weights in an idle pool, where all are equal, and in a busy pool, where the load decides.
 * In between, servers of little weight get somewhat more, as an idle server goes before a busy one.
 */
export class P2c<S extends Server = Server> implements Algorithm<S> {
  readonly name: string;
  readonly #candidates: Candidates<S>;
  readonly #options: RandomOptions;
  readonly #random: Random;
  readonly #load: LoadMetric<S>;
  readonly #pairs: Pairs;
  readonly #inFlightLoad = new InFlightLoad<S>();
  readonly #weighted = new WeightedDraw<S>();
  readonly #primary = new WeightedDraw<S>();

  /** @param load default: by requests in flight */
  constructor(
    servers: CandidateSource<S>,
    options: RandomOptions = {},
    load?: LoadMetric<S>,
    name: string = "p2c",
    pairs: Pairs = "distinct",
  ) {
    this.#candidates = toCandidates(servers);
    this.#random = options.random ?? systemRandom;
    this.#options = options;
    this.#load = load ?? ((server, nowMs) => this.#inFlightLoad.get(server, nowMs));
    this.name = name;
    this.#pairs = pairs;
  }

  next(context: PickContext<S> = {}): S | null {
    const nowMs = nowOf(context, this.#options);
    const { primary } = this.#candidates;
    if (canSkipLimitScan(this.#candidates, context)) {
      const accept = (server: S): boolean => isOpen(this.#candidates, context, server, nowMs);
      const pair = this.#draw(primary, this.#primary);
      if (pair?.every(accept)) return this.#lower(pair, primary, this.#primary, nowMs);
      if (context.refused !== undefined) {
        const preferred = pair === null ? primary[0] : this.#lower(pair, primary, this.#primary, nowMs);
        noteRefused(this.#candidates, context, preferred, nowMs);
      }
      const acceptedPair = this.#draw(primary, this.#primary, accept);
      if (acceptedPair !== null) return this.#lower(acceptedPair, primary, this.#primary, nowMs);
    }
    const eligible = this.#candidates.list(context, nowMs);
    noteAllRefused(this.#candidates, context, eligible, nowMs, (available) =>
      available === primary ? null : this.#better(available, nowMs),
    );
    return this.#better(eligible, nowMs);
  }

  #better(servers: readonly S[], nowMs: number): S | null {
    const pair = this.#draw(servers, this.#weighted);
    return pair === null ? (servers[0] ?? null) : this.#lower(pair, servers, this.#weighted, nowMs);
  }

  /** Null if a few draws found no two servers that `accept` takes. */
  #draw(
    servers: readonly S[],
    weighted: WeightedDraw<S>,
    accept?: (server: S) => boolean,
  ): readonly [S, S] | null {
    if (servers.length < 2) return null;
    const firstIndex = firstAccepted(servers, () => weighted.draw(servers, this.#random), accept);
    if (firstIndex === undefined) return null;
    const drawSecond = (): number => weighted.drawOther(firstIndex, this.#random, this.#pairs);
    const secondIndex = firstAccepted(servers, drawSecond, accept);
    const [first, second] = [servers[firstIndex], servers[secondIndex ?? -1]];
    return first === undefined || second === undefined ? null : [first, second];
  }

  #lower(
    [first, second]: readonly [S, S],
    servers: readonly S[],
    { mean }: WeightedDraw<S>,
    nowMs: number,
  ): S {
    const load = this.#load(first, nowMs, servers, mean, second);
    return this.#load(second, nowMs, servers, mean, first) < load ? second : first;
  }

  /** A request ended. A failure counts as one in flight for a while: failing fast is not being idle. */
  observe(server: S, _rttMs: number, failed: boolean, nowMs: number): void {
    if (failed) this.#inFlightLoad.recordFailure(server, nowMs);
  }
}
