import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ConsistentHash } from "../../src/core/consistent-hash.ts";
import { murmur3 } from "../../src/core/hash.ts";
import { HashRing } from "../../src/core/hash-ring.ts";
import { server } from "../support/servers.ts";

interface Golden {
  hashes: { key: string; seed0: number; seed149: number }[];
  rings: { virtualNodes: number; nodes: Record<string, number>; owners: Record<string, string> }[];
}

/** See test/golden/README.md: a failure here is a deploy that moves clients to other servers. */
const golden: Golden = JSON.parse(readFileSync(new URL("../golden/ring.json", import.meta.url), "utf8"));

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

  it("hold for the algorithm over servers", () => {
    const standard = golden.rings.filter(({ virtualNodes }) => virtualNodes === 150);
    expect(standard).toHaveLength(2);
    for (const { nodes, owners } of standard) {
      const ring = new HashRing(Object.entries(nodes).map(([id, weight]) => server(id, weight)));
      for (const [key, owner] of Object.entries(owners)) expect(ring.next({ key })?.id, key).toBe(owner);
    }
  });
});
