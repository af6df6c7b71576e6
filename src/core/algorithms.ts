/** An algorithm by its configured name. @module */
import type { Algorithm, AlgorithmName, Choice } from "./algorithm.ts";
import { HashRing, type HashRingOptions } from "./hash-ring.ts";
import { LeastConnections } from "./least-connections.ts";
import { PeakEwma, type PeakEwmaOptions } from "./peak-ewma.ts";
import { WeightedRandom } from "./random.ts";
import { RoundRobin } from "./round-robin.ts";
import type { Server } from "./server.ts";
import { TwoChoices } from "./two-choices.ts";
import { WeightedRoundRobin } from "./weighted-round-robin.ts";

/** What any of the algorithms may be given; each takes what it needs. */
export type AnyAlgorithmOptions = HashRingOptions & PeakEwmaOptions;

/** @throws RangeError for a name that is none */
export function createAlgorithm<S extends Server>(
  name: AlgorithmName,
  servers: Choice<S>,
  options: AnyAlgorithmOptions = {},
): Algorithm<S> {
  switch (name) {
    case "round_robin":
      return new RoundRobin(servers, options);
    case "weighted_round_robin":
      return new WeightedRoundRobin(servers, options);
    case "least_connections":
      return new LeastConnections(servers, options);
    case "consistent_hash":
      return new HashRing(servers, options);
    case "random":
      return new WeightedRandom(servers, options);
    case "p2c":
      return new TwoChoices(servers, options);
    case "peak_ewma":
      return new PeakEwma(servers, options);
    default:
      throw new RangeError(`no such algorithm: ${String(name satisfies never)}`);
  }
}
