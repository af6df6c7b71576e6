import { describe, expect, it } from "vitest";
import { WeightedRoundRobin } from "../../../src/core/algorithms/weighted-round-robin.ts";
import { SEED, seededRandom } from "../../support/random.ts";
import { countsOf, picks, server, serversOf } from "../../support/servers.ts";

describe("weighted round robin", () => {
  it("gives nginx's sequence for weights 5, 1, 1", () => {
    expect(picks(new WeightedRoundRobin(serversOf(5, 1, 1)), 14)).toBe("a a b a c a a a a b a c a a");
  });

  it("gives a six and b two of eight picks for weights 3, 1", () => {
    const sequence = picks(new WeightedRoundRobin(serversOf(3, 1)), 8);
    expect(sequence).toBe("a a b a a a b a");
    expect(countsOf(sequence)).toEqual({ a: 6, b: 2 });
  });

  it("is plain round robin with equal weights", () => {
    expect(picks(new WeightedRoundRobin(serversOf(7, 7, 7)), 6)).toBe("a b c a b c");
  });

  it("accepts decimal weights", () => {
    expect(countsOf(picks(new WeightedRoundRobin(serversOf(0.5, 1.5)), 40))).toEqual({ a: 10, b: 30 });
  });

  it("never picks a server of weight 0, even if all others are down (CAD-WRR-01)", () => {
    const [a, b, c] = [server("a", 0), server("b", 2), server("c", 1)];
    const algorithm = new WeightedRoundRobin([a, b, c]);
    expect(countsOf(picks(algorithm, 3))).toEqual({ b: 2, c: 1 });
    b.healthy = false;
    expect(picks(algorithm, 2)).toBe("c c");
  });

  it("follows a changed weight and slow start at once", () => {
    const [a, b] = [server("a", 1), server("b", 1)];
    const algorithm = new WeightedRoundRobin([a, b]);
    picks(algorithm, 2);
    a.weight = 3;
    expect(countsOf(picks(algorithm, 8))).toEqual({ a: 6, b: 2 });
    b.weightFactor = 0.1;
    expect(countsOf(picks(algorithm, 31))).toEqual({ a: 30, b: 1 });
  });

  it("shares what a full server cannot take by the weights of the others", () => {
    const [a, b, c] = [server("a", 2, { maxConnections: 1 }), server("b", 3), server("c", 1)];
    a.activeConnections = 1;
    expect(countsOf(picks(new WeightedRoundRobin([a, b, c]), 600))).toEqual({ b: 450, c: 150 });
  });

  it("takes no turn for a pick that finds all of them full", () => {
    const [a, b, c] = [1, 2, 3].map((weight, i) => server("abc".charAt(i), weight, { maxConnections: 1 }));
    const servers = [a, b, c].filter((one) => one !== undefined);
    const expected = picks(new WeightedRoundRobin(servers), 12);
    const algorithm = new WeightedRoundRobin(servers);
    const seen: string[] = [];
    for (let i = 0; i < 12; i++) {
      for (const one of servers) one.activeConnections = 1;
      expect(picks(algorithm, i % 3)).not.toMatch(/[abc]/);
      for (const one of servers) one.activeConnections = 0;
      seen.push(picks(algorithm, 1));
    }
    expect(seen.join(" ")).toBe(expected);
  });

  it("keeps the turns of servers below their limits, whichever others are full", () => {
    const random = seededRandom();
    const servers = [5, 3, 1, 1].map((weight, i) => server("abcd".charAt(i), weight, { maxConnections: 1 }));
    const turns = picks(new WeightedRoundRobin(servers), 5_000).split(" ");
    const algorithm = new WeightedRoundRobin(servers);
    let turn = 0;
    while (turn < turns.length) {
      for (const one of servers) one.activeConnections = random() < 0.3 ? 1 : 0;
      const free = servers.filter((one) => one.activeConnections === 0).map(({ id }) => id);
      const pick = picks(algorithm, 1);
      if (free.length === 0) expect(pick, `seed ${SEED}`).toBe("-");
      else {
        const whose = turns[turn++] ?? "";
        expect(free, `seed ${SEED}`).toContain(pick);
        if (free.includes(whose)) expect(pick, `seed ${SEED}`).toBe(whose);
      }
    }
  });

  it("uses the backups' own schedule while all others are full", () => {
    const [a, b] = [server("a", 2, { maxConnections: 1 }), server("b", 1, { backup: true })];
    const c = server("c", 2, { backup: true });
    const algorithm = new WeightedRoundRobin([a, b, c]);
    a.activeConnections = 1;
    expect(picks(algorithm, 6)).toBe("c b c c b c");
    a.activeConnections = 0;
    expect(picks(algorithm, 2)).toBe("a a");
  });

  it("shares a failing server's requests by the weights of the others, and keeps its turns", () => {
    const [a, b, c] = [server("a", 2), server("b", 3), server("c", 1)];
    const algorithm = new WeightedRoundRobin([a, b, c]);
    let failed = 0;
    const counts = { b: 0, c: 0 };
    for (let i = 0; i < 1_200; i++) {
      let pick = algorithm.next();
      if (pick === a) {
        failed++;
        pick = algorithm.next({ tried: new Set([a]) });
      }
      counts[pick === b ? "b" : "c"]++;
    }
    expect(failed, "a's third, no more").toBe(400);
    expect(counts).toEqual({ b: 900, c: 300 });
  });

  it("finds the one server left beside weights thousands of times its own, in bounded steps", () => {
    const huge = Array.from({ length: 50 }, (_, i) => server(`s${i}`, 10_000, { maxConnections: 0 }));
    const tiny = server("tiny", 0.01);
    expect(picks(new WeightedRoundRobin([...huge, tiny]), 3)).toBe("tiny tiny tiny");
  });
});
