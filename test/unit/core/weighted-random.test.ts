import { describe, expect, it } from "vitest";
import { WeightedRandom } from "../../../src/core/algorithms/weighted-random.ts";
import { chiSquare, chiSquareLimit, SEED, seededRandom } from "../../support/random.ts";
import { countsOf, picks, server, serversOf } from "../../support/servers.ts";

describe("weighted random", () => {
  it("draws in proportion to weight, and never weight 0", () => {
    const count = 60_000;
    const counts = countsOf(
      picks(new WeightedRandom(serversOf(1, 0, 2, 3), { random: seededRandom() }), count),
    );
    expect(counts.b).toBeUndefined();
    const statistic = chiSquare(
      [counts.a ?? 0, counts.c ?? 0, counts.d ?? 0],
      [count / 6, count / 3, count / 2],
    );
    expect(statistic, `seed ${SEED}`).toBeLessThan(chiSquareLimit(2));
  });

  it("draws in proportion among those below their limits", () => {
    const count = 60_000;
    const servers = serversOf(5, 3, 2);
    for (const one of servers) one.maxConnections = 1;
    const [, full] = servers;
    if (full !== undefined) full.activeConnections = 1;
    const counts = countsOf(picks(new WeightedRandom(servers, { random: seededRandom() }), count));
    expect(counts.b).toBeUndefined();
    const statistic = chiSquare([counts.a ?? 0, counts.c ?? 0], [(count * 5) / 7, (count * 2) / 7]);
    expect(statistic, `seed ${SEED}`).toBeLessThan(chiSquareLimit(1));
  });

  it("finds the only one of a thousand that is below its limit", () => {
    const servers = Array.from({ length: 1_000 }, (_, i) => server(`s${i}`, 1, { maxConnections: 1 }));
    for (const one of servers) one.activeConnections = one.id === "s777" ? 0 : 1;
    const algorithm = new WeightedRandom(servers, { random: seededRandom() });
    expect(new Set(picks(algorithm, 50).split(" "))).toEqual(new Set(["s777"]));
  });

  it("covers the whole range of random", () => {
    const ends = [0, 1 - 2 ** -53];
    expect(picks(new WeightedRandom(serversOf(1, 1, 1), { random: () => ends.shift() ?? 0 }), 2)).toBe("a c");
  });

  it("follows a changed weight at once", () => {
    const [a, b] = [server("a"), server("b")];
    const algorithm = new WeightedRandom([a, b], { random: () => 0.4 });
    expect(picks(algorithm, 1)).toBe("a");
    b.weight = 9;
    expect(picks(algorithm, 1)).toBe("b");
  });
});
