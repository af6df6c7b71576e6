/**
 * What a ring weighs in memory.
 * @module
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ConsistentHash } from "../../src/core/consistent-hash.ts";
import { consistentHashOf, hashringOf } from "./npm-balancers.ts";

/** Origins in all copies of a ring together: enough that what else the process allocates does not show. */
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
      // Points are made with the first look-up.
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

/** Bytes per origin of a ring over so many. */
export function bytesPerOrigin({ make }: RingMaker, origins: number): number {
  const ids = Array.from({ length: origins }, (_, index) => `origin-${index}`);
  const copies = Math.ceil(ORIGINS_WEIGHED / origins);
  // Compiled and cached things are made with the first.
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
