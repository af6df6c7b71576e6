/**
 * The picks that are timed: each algorithm of the core by itself, each algorithm in a `LoadBalancer` as the edge uses
 * it, and balancers from npm.
 * @module
 */
import { ALGORITHMS, type AlgorithmName, createAlgorithm } from "../../src/core/algorithms/index.ts";
import { PeakEwma } from "../../src/core/algorithms/peak-ewma.ts";
import { LeasedCursor } from "../../src/core/cursor/cursor-lease.ts";
import { LoadBalancer } from "../../src/core/load-balancer.ts";
import { LeasedLimiter } from "../../src/core/rate-limit/leased-limiter.ts";
import { Server } from "../../src/core/server/server.ts";
import { NPM_BALANCERS } from "./npm-balancers.ts";
import type { Repeated } from "./timing.ts";

export interface PickCase {
  readonly id: string;
  readonly title: string;
  /** @param origins how many the pool has */
  make(origins: number): Repeated;
}

/** Number of different keys, more than a cache of hashes holds. */
const KEYS = Array.from({ length: 2 ** 16 }, (_, index) => `203.0.${index >> 8}.${index & 255}`);
/** Requests in flight. Loads then differ and few origins are idle, which is the slowest case for least connections. */
const IN_FLIGHT_PER_ORIGIN = 2;
const WEIGHTS = [5, 3, 1];
const NEVER_REACHED = 1_000_000_000;
const NOBODY: ReadonlySet<Server> = new Set();

export const PICK_CASES: readonly PickCase[] = [
  ...ALGORITHMS.flatMap((algorithm) => [alone(algorithm), balanced(algorithm)]),
  ...(["round_robin", "weighted_round_robin", "least_connections", "consistent_hash", "p2c"] as const).map(
    (algorithm) => balanced(algorithm, { isLimited: true }),
  ),
  balanced("round_robin", { isSticky: true }),
  ...NPM_BALANCERS.map(({ id, title, make }) => ({
    id,
    title,
    make: (origins: number) => make(idsOf(origins), KEYS),
  })),
];

function idsOf(origins: number): string[] {
  return Array.from({ length: origins }, (_, index) => `origin-${index}`);
}

function serversFor(algorithm: AlgorithmName, origins: number): Server[] {
  const isWeighted = algorithm === "weighted_round_robin";
  return idsOf(origins).map((id, index) => {
    const weight = isWeighted ? (WEIGHTS[index % WEIGHTS.length] ?? 1) : 1;
    return new Server("127.0.0.1", 8_000, weight, { id });
  });
}

/** The algorithm's class by itself. */
function alone(algorithm: AlgorithmName): PickCase {
  return {
    id: algorithm,
    title: `${algorithm}: the class`,
    make(origins) {
      const servers = serversFor(algorithm, origins);
      const chosen = createAlgorithm(algorithm, servers);
      const flight = new Flight(origins);
      let turn = 0;
      return (times) => {
        for (let end = turn + times; turn < end; turn++) {
          const server = chosen.next({ now: turn, key: KEYS[turn % KEYS.length] ?? "" });
          if (server === null) throw new Error("nothing was picked");
          flight.begins(server);
          if (chosen instanceof PeakEwma) chosen.observe(server, 20 + (turn % 7), false, turn);
        }
        return flight.sum;
      };
    },
  };
}

interface Load {
  /** Every origin has a rate limit that is never reached. */
  readonly isLimited?: boolean;
  /** Every request belongs to a session. */
  readonly isSticky?: boolean;
}

/** `LoadBalancer.decide` with the arguments and the clock of `edge-pool.ts`. */
function balanced(algorithm: AlgorithmName, { isLimited = false, isSticky = false }: Load = {}): PickCase {
  const how = isLimited ? ", all rate-limited" : isSticky ? ", sessions" : "";
  return {
    id: `${algorithm}-lb${isLimited ? "-limited" : ""}${isSticky ? "-sticky" : ""}`,
    title: `${algorithm}: LoadBalancer${how}`,
    make(origins) {
      const servers = serversFor(algorithm, origins);
      if (isLimited) for (const server of servers) server.limiter = unreachedLimit();
      const balancer = new LoadBalancer(servers, {
        algorithm,
        cursor: new LeasedCursor(0),
        estimates: new WeakMap(),
        sticky: isSticky && { method: "cookie" },
      });
      const flight = new Flight(origins);
      let turn = 0;
      return (times) => {
        for (let end = turn + times; turn < end; turn++) {
          const key = KEYS[turn % KEYS.length] ?? "";
          const decision = balancer.decide({ clientIp: key, key }, NOBODY);
          if (decision === null) throw new Error("nothing was picked");
          flight.begins(decision.server);
          if (algorithm === "peak_ewma")
            balancer.report(decision.server, { failed: false, latencyMs: 20 + (turn % 7) });
        }
        return flight.sum;
      };
    },
  };
}

function unreachedLimit(): LeasedLimiter {
  const limiter = new LeasedLimiter(NEVER_REACHED);
  // As before the object's first answer: the isolate may use the whole limit.
  limiter.failStatic = true;
  return limiter;
}

/** Requests in flight. Each new one ends the oldest, at whichever origin it is. */
class Flight {
  readonly #servers: (Server | undefined)[];
  #next = 0;
  /** A value that depends on every pick, so that none is optimised away. */
  sum = 0;

  constructor(origins: number) {
    this.#servers = new Array(origins * IN_FLIGHT_PER_ORIGIN).fill(undefined);
  }

  begins(server: Server): void {
    const over = this.#servers[this.#next];
    if (over !== undefined) over.activeConnections--;
    server.activeConnections++;
    this.#servers[this.#next] = server;
    this.#next = (this.#next + 1) % this.#servers.length;
    this.sum += server.activeConnections;
  }
}
