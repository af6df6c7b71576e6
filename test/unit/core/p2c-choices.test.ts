/**
 * The theoretical waiting times of each algorithm: jobs arrive at random (Poisson) at a hundred servers that take
 * exponential times, in simulated time.
 */
import { describe, expect, it } from "vitest";
import { type AlgorithmName, createAlgorithm } from "../../../src/core/algorithms/index.ts";
import type { Server } from "../../../src/core/server/server.ts";
import { SEED, seededRandom } from "../../support/random.ts";
import { server } from "../../support/servers.ts";

const SERVERS = 100;
/** Until the queues have found their lengths. */
const WARM_UP = 20_000;
const JOBS = 120_000;

/** Of the runs so far, because tests compare the same ones. */
const meanTimes = new Map<string, number>();

/** Mean time in the system, in mean service times. @param load arrivals per server and mean service time, below 1 */
function meanTime(name: AlgorithmName, load: number): number {
  const key = `${name} ${load}`;
  const mean = meanTimes.get(key) ?? measureMeanTime(name, load);
  meanTimes.set(key, mean);
  return mean;
}

function measureMeanTime(name: AlgorithmName, load: number): number {
  const random = seededRandom();
  const exponential = () => -Math.log(1 - random());
  const servers = Array.from({ length: SERVERS }, (_, i) => server(`s${i}`));
  const algorithm = createAlgorithm(name, servers, { random, now: () => 0 });
  // A server works first come, first served, so when a job will end is known when it comes.
  const lines = servers.map((one): Line => ({ server: one, endings: [] }));
  const lineOf = new Map(lines.map((line) => [line.server, line]));
  let now = 0;
  let total = 0;
  for (let job = 0; job < WARM_UP + JOBS; job++) {
    now += exponential() / (load * SERVERS);
    for (const line of lines) leaveDone(line, now);
    const pick = algorithm.next();
    const line = pick === null ? undefined : lineOf.get(pick);
    if (line === undefined) throw new Error("no pick");
    const ends = Math.max(now, line.endings.at(-1) ?? 0) + exponential();
    line.endings.push(ends);
    line.server.activeConnections++;
    if (job >= WARM_UP) total += ends - now;
  }
  return total / JOBS;
}

/** The jobs of a server, by their ends. */
interface Line {
  readonly server: Server;
  readonly endings: number[];
}

function leaveDone({ server: one, endings }: Line, now: number): void {
  for (let first = endings[0]; first !== undefined && first <= now; first = endings[0]) {
    endings.shift();
    one.activeConnections--;
  }
}

/** Mitzenmacher, IEEE TPDS 12(10), 2001: the sum over i >= 1 of load^((d^i - d) / (d - 1)); for d = 1 that of M/M/1. */
function expectedTime(choices: number, load: number): number {
  if (choices === 1) return 1 / (1 - load);
  let sum = 0;
  for (let i = 1; i <= 20; i++) sum += load ** ((choices ** i - choices) / (choices - 1));
  return sum;
}

describe("mean time in the system", () => {
  it.each([
    { id: "SUPER-0.5", load: 0.5, times: [2, 1.26569] },
    { id: "SUPER-0.7", load: 0.7, times: [3.33333, 1.61445] },
    { id: "SUPER-0.8", load: 0.8, times: [5, 1.94736] },
    { id: "SUPER-0.9", load: 0.9, times: [10, 2.61406] },
  ])("is theory's within 10% for random and two choices ($id)", ({ load, times }) => {
    for (const [i, name] of (["random", "p2c"] as const).entries()) {
      const expected = times[i] ?? 0;
      expect(expectedTime(i + 1, load)).toBeCloseTo(expected, 4);
      expect(Math.abs(meanTime(name, load) / expected - 1), `${name}, seed ${SEED}`).toBeLessThan(0.1);
    }
  });

  it("is even lower if all servers are compared, and lower than random's if they take turns", () => {
    const [all, two, turns, random] = (["least_connections", "p2c", "round_robin", "random"] as const).map(
      (name) => meanTime(name, 0.8),
    );
    expect(all).toBeLessThan(two ?? 0);
    expect(two).toBeLessThan(turns ?? 0);
    expect(turns).toBeLessThan(random ?? 0);
  });
});
