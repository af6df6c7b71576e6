/**
 * The table of algorithms: for each configured name, how the algorithm is made and the properties that other code
 * needs. The schema, the edge, explanations, the live view, the dashboard, the simulator and the contract tests read
 * it, so a new algorithm is its class and one entry here.
 * @module
 */

import type { Server } from "../server/server.ts";
import type { Algorithm, CandidateSource } from "./algorithm.ts";
import { First } from "./first.ts";
import { LeastConnections } from "./least-connections.ts";
import { P2c } from "./p2c.ts";
import { PeakEwma, type PeakEwmaOptions } from "./peak-ewma.ts";
import { RingHash, type RingHashOptions } from "./ring-hash.ts";
import { RoundRobin } from "./round-robin.ts";
import { WeightedRandom } from "./weighted-random.ts";
import { WeightedRoundRobin } from "./weighted-round-robin.ts";

/** Options of all algorithms together; each reads the ones it knows. */
export type AnyAlgorithmOptions = RingHashOptions & PeakEwmaOptions;

/**
 * How the requests are shared out among eligible servers. `count`: all get the same. `weight`: in proportion to the
 * weights. `load`: the server that is least busy for its weight is next. `order`: the first server that has room.
 */
export type SharedBy = "count" | "weight" | "load" | "order";

/** A row of the table. */
export interface AlgorithmEntry {
  /** What the shares of eligible servers follow. */
  readonly sharedBy: SharedBy;
  /** True if the algorithm hashes the request's key: a request with the same key goes to the same server everywhere. */
  readonly usesKey: boolean;
  /**
   * True if the algorithm goes by latencies that each process measures for itself: another process may pick another
   * server.
   */
  readonly measuresLatency: boolean;
  /** A new one over `servers`, with a cursor and estimates of its own unless they are given. */
  create<S extends Server>(servers: CandidateSource<S>, options: AnyAlgorithmOptions): Algorithm<S>;
}

const PLAIN = { usesKey: false, measuresLatency: false } as const;

const ALGORITHM_TABLE = {
  round_robin: {
    ...PLAIN,
    sharedBy: "count",
    create: (servers, options) => new RoundRobin(servers, options),
  },
  weighted_round_robin: {
    ...PLAIN,
    sharedBy: "weight",
    create: (servers, options) => new WeightedRoundRobin(servers, options),
  },
  least_connections: {
    ...PLAIN,
    sharedBy: "load",
    create: (servers, options) => new LeastConnections(servers, options),
  },
  consistent_hash: {
    ...PLAIN,
    sharedBy: "weight",
    usesKey: true,
    create: (servers, options) => new RingHash(servers, options),
  },
  random: {
    ...PLAIN,
    sharedBy: "weight",
    create: (servers, options) => new WeightedRandom(servers, options),
  },
  p2c: {
    ...PLAIN,
    sharedBy: "load",
    create: (servers, options) => new P2c(servers, options),
  },
  peak_ewma: {
    ...PLAIN,
    sharedBy: "load",
    measuresLatency: true,
    create: (servers, options) => new PeakEwma(servers, options),
  },
  first: {
    ...PLAIN,
    sharedBy: "order",
    create: (servers, options) => new First(servers, options),
  },
} as const satisfies Record<string, AlgorithmEntry>;

/** A configured name. */
export type AlgorithmName = keyof typeof ALGORITHM_TABLE;

/** The names, in the order of the documentation. */
export const ALGORITHMS = Object.keys(ALGORITHM_TABLE) as [AlgorithmName, ...AlgorithmName[]];

/** @throws RangeError for a name that is not in the table */
export function algorithmEntry(name: AlgorithmName): AlgorithmEntry {
  if (!Object.hasOwn(ALGORITHM_TABLE, name)) throw new RangeError(`no such algorithm: ${name}`);
  return ALGORITHM_TABLE[name];
}

/** @throws RangeError for a name that is not in the table */
export function createAlgorithm<S extends Server>(
  name: AlgorithmName,
  servers: CandidateSource<S>,
  options: AnyAlgorithmOptions = {},
): Algorithm<S> {
  return algorithmEntry(name).create(servers, options);
}
