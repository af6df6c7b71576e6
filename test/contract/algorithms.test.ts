import { describe, expect, it } from "vitest";
import { ALGORITHMS, type AlgorithmName, createAlgorithm } from "../../src/core/algorithms/index.ts";
import { type AlgorithmContract, runAlgorithmContract } from "./algorithm.contract.ts";

type Terms = Pick<AlgorithmContract, "fairness" | "exceptions">;

const TERMS: Record<AlgorithmName, Terms> = {
  round_robin: {
    fairness: "exact",
    exceptions: [
      { rule: "fair by weight while idle", reason: "plain round robin takes no notice of weights" },
    ],
  },
  weighted_round_robin: { fairness: "exact", exceptions: [] },
  least_connections: {
    fairness: "exact",
    exceptions: [
      {
        rule: "fair by weight while idle",
        reason: "while idle all loads are 0, and ties go round; under load it is fair by weight (unit test)",
      },
    ],
  },
  // A server of weight w has 150 w points, so its share deviates by 1/sqrt(150 w): four of those.
  consistent_hash: { fairness: 4 / Math.sqrt(150), exceptions: [] },
  random: { fairness: "random", exceptions: [] },
  // Order is its purpose; test/unit/core/first.test.ts says what it does instead.
  first: {
    fairness: "exact",
    exceptions: (
      [
        "shares evenly among equals",
        "fair by weight while idle",
        "gives a server that came back its share again",
      ] as const
    ).map((rule) => ({ rule, reason: "the first server takes all until it is full" })),
  },
  p2c: { fairness: "random", exceptions: [] },
  peak_ewma: {
    fairness: "random",
    exceptions: [
      {
        rule: "fair by weight while idle",
        reason:
          "expected latency per weight is lower for the heavier one, so it wins every draw until it is busy",
      },
    ],
  },
};

for (const name of ALGORITHMS) {
  runAlgorithmContract({
    name,
    make: (servers, random) => createAlgorithm(name, servers, { random }),
    ...TERMS[name],
  });
}

runAlgorithmContract({
  name: "consistent_hash with bounded loads",
  make: (servers, random) => createAlgorithm("consistent_hash", servers, { random, balanceFactor: 150 }),
  ...TERMS.consistent_hash,
});

describe("algorithms by name", () => {
  it("each has the name by which it was made", () => {
    expect(ALGORITHMS.map((name) => createAlgorithm(name, []).name)).toEqual([...ALGORITHMS]);
  });

  it("refuse another name", () => {
    expect(() => createAlgorithm("fastest" as AlgorithmName, [])).toThrow(RangeError);
  });
});
