import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { RingHash } from "../../../src/core/algorithms/ring-hash.ts";
import { ConsistentHash } from "../../../src/core/hash/consistent-hash.ts";
import { murmur3 } from "../../../src/core/hash/murmur3.ts";
import { server } from "../../support/servers.ts";

interface Golden {
  hashes: { key: string; seed0: number; seed149: number }[];
  rings: { virtualNodes: number; nodes: Record<string, number>; owners: Record<string, string> }[];
}

/** See test/golden/README.md: a failure here is a deploy that moves clients to other servers. */
const golden: Golden = JSON.parse(readFileSync(new URL("../../golden/ring.json", import.meta.url), "utf8"));

describe("golden vectors", () => {
  it("of the hash hold", () => {
    for (const { key, seed0, seed149 } of golden.hashes) {
      expect([murmur3(key), murmur3(key, 149)], key).toEqual([seed0, seed149]);
    }
  });

  it.each(golden.rings)(
    "of the ring with $virtualNodes virtual nodes hold: $nodes",
    ({ virtualNodes, nodes, owners }) => {
      const ring = new ConsistentHash([], virtualNodes);
      for (const [id, weight] of Object.entries(nodes).reverse()) ring.addNode(id, weight);
      for (const [key, owner] of Object.entries(owners)) expect(ring.getNode(key), key).toBe(owner);
    },
  );

  it("hold for the algorithm over servers, which makes its ring of weights relative to their mean", () => {
    const standard = golden.rings.filter(({ virtualNodes }) => virtualNodes === 150);
    const equal = standard.filter(({ nodes }) => new Set(Object.values(nodes)).size === 1);
    expect(equal.length).toBeGreaterThan(0);
    for (const { nodes, owners } of equal) {
      for (const factor of [1, 1_000, 0.01]) {
        const ring = new RingHash(Object.entries(nodes).map(([id, weight]) => server(id, weight * factor)));
        for (const [key, owner] of Object.entries(owners)) expect(ring.next({ key })?.id, key).toBe(owner);
      }
    }
    // Mean 1.625: what a ring of these weights divided by it says.
    for (const { nodes, owners } of standard.filter((each) => !equal.includes(each))) {
      const weights = Object.entries(nodes);
      const mean = weights.reduce((sum, [, weight]) => sum + weight, 0) / weights.length;
      const plain = new ConsistentHash();
      for (const [id, weight] of weights) plain.addNode(id, weight / mean);
      const ring = new RingHash(weights.map(([id, weight]) => server(id, weight)));
      for (const key of Object.keys(owners)) expect(ring.next({ key })?.id, key).toBe(plain.getNode(key));
    }
  });
});
