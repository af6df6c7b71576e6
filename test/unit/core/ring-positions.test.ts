import { describe, expect, it } from "vitest";
import { ConsistentHash } from "../../../src/core/hash/consistent-hash.ts";
import { murmur3 } from "../../../src/core/hash/murmur3.ts";
import { share } from "../../support/full.ts";
import { chiSquareLimit } from "../../support/random.ts";

const keys = (count: number) => Array.from({ length: count }, (_, i) => `key:${i}`);
const names = (count: number) => Array.from({ length: count }, (_, i) => `node-${i}`);

// Envelopes of exact arc shares of random rings, with room for 20,000 keys instead of all.
const ENVELOPES = [
  { id: "RING-N3_V160", count: 3, virtualNodes: 160, median: 1.065, p95: 1.155 },
  { id: "RING-N10_V160", count: 10, virtualNodes: 160, median: 1.118, p95: 1.189 },
  { id: "RING-N3_V1000", count: 3, virtualNodes: 1_000, median: 1.019, p95: 1.046 },
  { id: "RING-N3_V100", count: 3, virtualNodes: 100, median: 1.082, p95: 1.171 },
  { id: "RING-N10_V100", count: 10, virtualNodes: 100, median: 1.16, p95: 1.248 },
  { id: "RING-N10_V1000", count: 10, virtualNodes: 1_000, median: 1.052, p95: 1.081 },
];

describe("uniformity", () => {
  /** Largest share of `count` nodes, in averages, over rings whose nodes have other names each. */
  function largestShares(count: number, virtualNodes: number, rings: number): number[] {
    const asked = keys(20_000);
    return Array.from({ length: rings }, (_, r) => {
      const nodes = names(count).map((name) => `${name}/${r}`);
      const shares = Object.values(new ConsistentHash(nodes, virtualNodes).getDistribution(asked));
      return Math.max(...shares) / (20_000 / count);
    }).sort((a, b) => a - b);
  }

  it.each(share(ENVELOPES, 3))("is that of a random ring ($id)", ({ count, virtualNodes, median, p95 }) => {
    const shares = largestShares(count, virtualNodes, 100);
    expect(Math.abs((shares[50] ?? 0) - median)).toBeLessThan(0.04);
    expect(shares[95] ?? 0).toBeLessThan(p95 + 0.04);
  });

  it("of 32 nodes stands up to chi-square", () => {
    const shares = Object.values(new ConsistentHash(names(32)).getDistribution(keys(200_000)));
    // 150 random arcs make up a share whose relative variance is 1/150, and 6,250 keys drawn on it add 1/6,250.
    const variance = 1 / 150 + 32 / 200_000;
    const statistic = shares.reduce((sum, count) => sum + (count / 6_250 - 1) ** 2 / variance, 0);
    expect(statistic).toBeLessThan(chiSquareLimit(31));
  });
});

describe("two points at one place", () => {
  /** Two nodes of which some points collide: among 150,000 points of 32 bits about two pairs do. */
  function collision(): { smaller: string; larger: string; position: number } {
    const seen = new Map<number, string>();
    for (const id of names(1_500)) {
      for (let i = 0; i < 150; i++) {
        const position = murmur3(id, i);
        const other = seen.get(position);
        if (other !== undefined && other !== id) {
          const [smaller = "", larger = ""] = [id, other].sort();
          return { smaller, larger, position };
        }
        seen.set(position, id);
      }
    }
    throw new Error("no collision among 225,000 points");
  }

  it("go to the smaller id, whichever came first", () => {
    const { smaller, larger, position } = collision();
    // A key close before the place: the nearest of many.
    const distance = (key: string) => (position - murmur3(key)) >>> 0;
    const key = keys(20_000).reduce((best, one) => (distance(one) < distance(best) ? one : best));
    for (const [first, second] of [
      [smaller, larger],
      [larger, smaller],
    ] as const) {
      const ring = new ConsistentHash([first]);
      ring.getNode(key);
      ring.addNode(second);
      expect(ring.getNode(key)).toBe(smaller);
      expect(new ConsistentHash([first, second]).getNode(key)).toBe(smaller);
    }
  });
});
