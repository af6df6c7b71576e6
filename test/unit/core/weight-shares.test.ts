import { describe, expect, it } from "vitest";
import { type AlgorithmName, createAlgorithm, type Server } from "../../../src/core/index.ts";
import { SEED, seededRandom } from "../../support/random.ts";
import { serversOf } from "../../support/servers.ts";

const LATENCY_MS = 20;
const REQUESTS = 20_000;

/**
 * Shares of servers that all answer in the same time, in a Poisson stream of requests.
 * @param rate requests per second; 0: one at a time
 */
function sharesAt(rate: number, algorithm: AlgorithmName, weights: readonly number[]): number[] {
  const random = seededRandom();
  const servers = serversOf(...weights);
  const picker = createAlgorithm(algorithm, servers, { random: seededRandom(SEED + 1) });
  const counts = new Map<Server, number>();
  let ends: { atMs: number; server: Server }[] = [];
  let nowMs = 0;
  for (let i = 0; i < REQUESTS; i++) {
    nowMs += rate === 0 ? 10 * LATENCY_MS : (-Math.log(1 - random()) / rate) * 1_000;
    for (const { atMs, server } of ends.filter((end) => end.atMs <= nowMs)) {
      server.activeConnections--;
      picker.observe?.(server, LATENCY_MS, false, atMs);
    }
    ends = ends.filter((end) => end.atMs > nowMs);
    const server = picker.next({ now: nowMs });
    if (server === null) throw new Error("no server");
    server.activeConnections++;
    counts.set(server, (counts.get(server) ?? 0) + 1);
    ends.push({ atMs: nowMs + LATENCY_MS, server });
  }
  return servers.map((server) => (counts.get(server) ?? 0) / REQUESTS);
}

function expectShares(shares: readonly number[], weights: readonly number[], tolerance: number): void {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  for (const [i, weight] of weights.entries()) {
    expect(
      Math.abs((shares[i] ?? 0) - weight / total),
      `server ${i} of ${weights}, seed ${SEED}`,
    ).toBeLessThan(tolerance);
  }
}

const WEIGHTS = [
  [2, 1],
  [5, 3, 1, 1],
  [1, 1, 1, 0.1],
  [2_000, 1_000],
];

describe("with equal latency, shares follow the weights", () => {
  it.each(WEIGHTS.flatMap((weights) => [0, 10, 25, 500].map((rate) => ({ weights, rate }))))(
    "with peak_ewma: $weights at $rate/s (0: one at a time)",
    ({ weights, rate }) => expectShares(sharesAt(rate, "peak_ewma", weights), weights, 0.03),
  );

  // Between idle and busy an idle server of little weight goes before a busy one of much, as least load wants it.
  it.each(
    WEIGHTS.flatMap((weights) => (["p2c", "least_connections"] as const).map((name) => ({ name, weights }))),
  )(
    "with $name: $weights, exactly while one request at a time is served, and under load",
    ({ name, weights }) => {
      expectShares(sharesAt(0, name, weights), weights, name === "p2c" ? 0.01 : 0.001);
      expectShares(sharesAt(10, name, weights), weights, 0.05);
      expectShares(sharesAt(25, name, weights), weights, 0.08);
      expectShares(sharesAt(5_000, name, weights), weights, 0.02);
    },
  );
});

describe("least connections, idle", () => {
  it("breaks ties in the order of smooth weighted round robin, from where the cursor says", () => {
    const servers = serversOf(5, 1, 1);
    const order = (start: number) => {
      const algorithm = createAlgorithm("least_connections", servers, { cursor: { next: () => start } });
      return Array.from({ length: 7 }, () => algorithm.next()?.id).join(" ");
    };
    expect([order(0), order(2)]).toEqual(["a a b a c a a", "b a c a a a a"]);
  });

  it("picks only servers that are tied", () => {
    const servers = serversOf(2, 1, 1);
    const [a, b] = servers;
    if (a === undefined || b === undefined) throw new Error("no servers");
    a.activeConnections = 1;
    b.activeConnections = 1;
    const algorithm = createAlgorithm("least_connections", servers);
    expect(Array.from({ length: 3 }, () => algorithm.next()?.id)).toEqual(["c", "c", "c"]);
  });
});
