/**
 * Writes ring.json. See README.md before running it.
 * @module
 */
import { writeFileSync } from "node:fs";
import { ConsistentHash } from "../../src/core/hash/consistent-hash.ts";
import { murmur3 } from "../../src/core/hash/murmur3.ts";

const RINGS: { virtualNodes: number; nodes: Record<string, number> }[] = [
  { virtualNodes: 150, nodes: { a: 1, b: 1, c: 1 } },
  { virtualNodes: 150, nodes: { "eu-1": 1, "eu-2": 2, "us-1": 0.5, "us-2": 3 } },
  { virtualNodes: 40, nodes: Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`origin-${i}`, 1])) },
];

const KEYS = [
  ...Array.from({ length: 24 }, (_, i) => `key:${i}`),
  "192.0.2.1",
  "198.51.100.77",
  "2001:db8:1:2::/64",
  "/path?query=1",
  "käse",
  "東京",
  "😀",
  " ",
];

const rings = RINGS.map(({ virtualNodes, nodes }) => {
  const ring = new ConsistentHash([], virtualNodes);
  for (const [id, weight] of Object.entries(nodes)) ring.addNode(id, weight);
  return { virtualNodes, nodes, owners: Object.fromEntries(KEYS.map((key) => [key, ring.getNode(key)])) };
});
const hashes = KEYS.map((key) => ({ key, seed0: murmur3(key), seed149: murmur3(key, 149) }));

writeFileSync(new URL("ring.json", import.meta.url), `${JSON.stringify({ hashes, rings }, null, 1)}\n`);
