/**
 * Measures the memory that a ring takes.
 * @module
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ConsistentHash } from "../../src/core/hash/consistent-hash.ts";
import { consistentHashOf, hashringOf } from "./npm-balancers.ts";

/** Origins in all copies of a ring together: so many that other allocations of the process do not matter. */
const ORIGINS_WEIGHED = 6_000;

export interface RingMaker {
  readonly title: string;
  make(ids: readonly string[]): unknown;
}

export const RINGS: readonly RingMaker[] = [
  {
    title: "ConsistentHash",
    make(ids) {
      const ring = new ConsistentHash(ids);
      // The first look-up makes the points.
      ring.getNode("");
      return ring;
    },
  },
  {
    title: "npm hashring 3.2.0",
    make: hashringOf,
  },
  {
    title: "npm consistent-hash 1.2.2",
    make(ids) {
      const ring = consistentHashOf(ids);
      ring.get("");
      return ring;
    },
  },
];

/** Bytes per origin in a ring over this number of origins. */
export function bytesPerOrigin({ make }: RingMaker, origins: number): number {
  const ids = Array.from({ length: origins }, (_, index) => `origin-${index}`);
  const copies = Math.ceil(ORIGINS_WEIGHED / origins);
  // The first ring also pays for compiled code and caches.
  make(ids);
  const before = bytesInUse();
  const rings = Array.from({ length: copies }, () => make(ids));
  const used = bytesInUse() - before;
  return used / (rings.length * origins);
}

function bytesInUse(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
