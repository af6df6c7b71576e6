import { describe, expect, it } from "vitest";
import { P2c } from "../../../src/core/algorithms/p2c.ts";
import type { Server } from "../../../src/core/server/server.ts";
import { chiSquare, chiSquareLimit, SEED, seededRandom } from "../../support/random.ts";
import { countsOf, picks, server, serversOf, tally } from "../../support/servers.ts";

/** The pairs looked at in `count` picks, in the order they were drawn. */
function pairsDrawn(servers: readonly Server[], count: number): Record<string, number> {
  let compared: string[] = [];
  const algorithm = new P2c(servers, { random: seededRandom() }, (one) => {
    compared.push(one.id);
    return 0;
  });
  const pairs: Record<string, number> = {};
  for (let i = 0; i < count; i++) {
    compared = [];
    algorithm.next();
    const pair = compared.sort().join("");
    pairs[pair] = (pairs[pair] ?? 0) + 1;
  }
  return pairs;
}

describe("two choices", () => {
  it("draws two distinct servers, every pair as often", () => {
    const draws = 60_000;
    const pairs = pairsDrawn(serversOf(1, 1, 1, 1), draws);
    expect(Object.keys(pairs).sort()).toEqual(["ab", "ac", "ad", "bc", "bd", "cd"]);
    const statistic = chiSquare(Object.values(pairs), new Array<number>(6).fill(draws / 6));
    expect(statistic, `seed ${SEED}`).toBeLessThan(chiSquareLimit(5));
  });

  it("draws pairs of those below their limits alone", () => {
    const draws = 60_000;
    const servers = serversOf(1, 5, 1, 1);
    for (const one of servers) one.maxConnections = 1;
    const [, full] = servers;
    if (full !== undefined) full.activeConnections = 1;
    const pairs = pairsDrawn(servers, draws);
    expect(Object.keys(pairs).sort()).toEqual(["ac", "ad", "cd"]);
    const statistic = chiSquare(Object.values(pairs), new Array<number>(3).fill(draws / 3));
    expect(statistic, `seed ${SEED}`).toBeLessThan(chiSquareLimit(2));
  });

  it("finds the only one of a thousand that is below its limit", () => {
    const servers = Array.from({ length: 1_000 }, (_, i) => server(`s${i}`, 1, { maxConnections: 1 }));
    for (const one of servers) one.activeConnections = one.id === "s777" ? 0 : 1;
    const algorithm = new P2c(servers, { random: seededRandom() });
    expect(new Set(picks(algorithm, 50).split(" "))).toEqual(new Set(["s777"]));
  });

  it("draws pairs by weight: the first of all, the second of the rest", () => {
    const draws = 60_000;
    const pairs = pairsDrawn(serversOf(5, 3, 2), draws);
    // P(ab) = 5/10 * 3/5 + 3/10 * 5/7, and so on.
    const expected = { ab: 0.3 + 15 / 70, ac: 0.2 + 10 / 80, bc: 6 / 70 + 6 / 80 };
    const statistic = chiSquare(
      [pairs.ab ?? 0, pairs.ac ?? 0, pairs.bc ?? 0],
      Object.values(expected).map((share) => share * draws),
    );
    expect(statistic, `seed ${SEED}`).toBeLessThan(chiSquareLimit(2));
  });

  it("picks the one with fewer requests in flight (TRF-P2C-01)", () => {
    const servers = serversOf(1, 1);
    for (const [i, one] of servers.entries()) one.activeConnections = i;
    expect(countsOf(picks(new P2c(servers, { random: seededRandom() }), 100))).toEqual({ a: 100 });
  });

  it("never picks the most loaded (TRF-P2C-02)", () => {
    const servers = serversOf(1, 1, 1);
    for (const [i, active] of [10, 90, 40].entries()) {
      const one = servers[i];
      if (one !== undefined) one.activeConnections = active;
    }
    const counts = countsOf(picks(new P2c(servers, { random: seededRandom() }), 1_000));
    expect(counts.b).toBeUndefined();
    expect((counts.a ?? 0) + (counts.c ?? 0)).toBe(1_000);
  });

  it("draws from the eligible only, so that of two left the idle one always wins (CAD-P2C-01)", () => {
    const [a, b, c] = [server("a"), server("b"), server("c")];
    a.healthy = false;
    b.activeConnections = 30;
    expect(countsOf(picks(new P2c([a, b, c], { random: seededRandom() }), 100))).toEqual({ c: 100 });
  });

  it("compares load per weight", () => {
    const [a, b] = [server("a", 1), server("b", 10)];
    a.activeConnections = 2;
    b.activeConnections = 10;
    expect(countsOf(picks(new P2c([a, b], { random: seededRandom() }), 50))).toEqual({ b: 50 });
  });

  it("goes by weight while idle", () => {
    const count = 40_000;
    const counts = countsOf(picks(new P2c(serversOf(1, 3), { random: seededRandom() }), count));
    const statistic = chiSquare([counts.a ?? 0, counts.b ?? 0], [count / 4, (count * 3) / 4]);
    expect(statistic, `seed ${SEED}`).toBeLessThan(chiSquareLimit(1));
  });

  it("draws the ends of the range of random, too", () => {
    for (const draws of [
      [0, 0],
      [0, 1 - 2 ** -53],
      [1 - 2 ** -53, 0],
      [1 - 2 ** -53, 1 - 2 ** -53],
    ]) {
      let i = 0;
      const seen: string[] = [];
      const random = () => draws[i++] ?? 0;
      new P2c(serversOf(0.1, 0.2, 0.7), { random }, (one) => seen.push(one.id)).next();
      expect(new Set(seen).size, draws.join()).toBe(2);
    }
  });
});

describe("a hundred servers whose requests stay open (FIN-P2C-01)", () => {
  const servers = Array.from({ length: 100 }, (_, i) => server(`h${i}`));
  const algorithm = new P2c(servers, { random: seededRandom() });
  const hold = () =>
    tally(100_000, () => {
      const pick = algorithm.next();
      if (pick !== null) pick.activeConnections++;
      return pick;
    });

  it("are evenly loaded, get nothing while down, and are not stampeded when back", () => {
    hold();
    const loads = servers.map((one) => one.activeConnections);
    // Two choices leave the fullest ln ln n / ln 2 + O(1) above the mean (Mitzenmacher): 2.2 and a constant.
    expect(Math.max(...loads) - 1_000).toBeLessThan(6);
    const [first] = servers;
    if (first === undefined) throw new Error("no servers");
    first.healthy = false;
    expect(hold().h0).toBeUndefined();
    first.healthy = true;
    first.activeConnections = 0;
    const back = hold().h0 ?? 0;
    expect(back, "each pick that draws it, 2 in 100").toBeGreaterThan(1_800);
    expect(back).toBeLessThan(2_200);
  });
});
