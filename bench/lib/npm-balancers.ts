/**
 * Balancers from npm, used as documented. None of them knows health, limits or attempts; the core's picks
 * in the same table do.
 * @module
 */
import { createRequire } from "node:module";
import type { Repeated } from "./timing.ts";

export interface NpmBalancer {
  readonly id: string;
  readonly title: string;
  make(ids: readonly string[], keys: readonly string[]): Repeated;
}

// These packages have no types, or wrong ones.
const load = createRequire(import.meta.url) as (name: string) => unknown;

interface IndexBalancer {
  pick(): number;
}

interface KeyRing {
  get(key: string): string;
}

/** Gives each origin 150 points, about as many as in the core's ring. */
const POINTS = 150;
const KETAMA_REPLICAS = 4;

export function hashringOf(ids: readonly string[]): KeyRing {
  const HashRing = load("hashring") as new (
    servers: Record<string, { vnodes: number }>,
    algorithm: string,
    options: Record<string, number>,
  ) => KeyRing;
  const vnodes = Math.round(POINTS / KETAMA_REPLICAS);
  return new HashRing(Object.fromEntries(ids.map((id) => [id, { vnodes }])), "md5", {
    replicas: KETAMA_REPLICAS,
  });
}

export function consistentHashOf(ids: readonly string[]): KeyRing {
  const ConsistentHash = load("consistent-hash") as new (
    options: Record<string, unknown>,
  ) => KeyRing & { add(id: string, points: number): void };
  // The default range has 100,003 places, too few for 3,000 origins.
  const ring = new ConsistentHash({ range: 2 ** 31 - 1 });
  for (const id of ids) ring.add(id, POINTS);
  return ring;
}

function byIndex(name: "RandomBalancer" | "P2cBalancer"): NpmBalancer["make"] {
  return (ids) => {
    const module = load("load-balancers") as Record<typeof name, new (count: number) => IndexBalancer>;
    const balancer = new module[name](ids.length);
    return (times) => {
      let sum = 0;
      for (let i = 0; i < times; i++) sum += balancer.pick();
      return sum;
    };
  };
}

function byKey(make: (ids: readonly string[]) => KeyRing): NpmBalancer["make"] {
  return (ids, keys) => {
    const ring = make(ids);
    let turn = 0;
    return (times) => {
      let sum = 0;
      for (let end = turn + times; turn < end; turn++) {
        sum += ring.get(keys[turn % keys.length] ?? "").length;
      }
      return sum;
    };
  };
}

export const NPM_BALANCERS: readonly NpmBalancer[] = [
  {
    id: "npm-wrr",
    title: "npm weighted-round-robin 2.0.2",
    make(ids) {
      const Peers = load("weighted-round-robin") as new () => {
        add(peer: { id: string; weight: number }): void;
        get(): { weight: number };
      };
      const peers = new Peers();
      for (const [index, id] of ids.entries()) peers.add({ id, weight: [5, 3, 1][index % 3] ?? 1 });
      return (times) => {
        let sum = 0;
        for (let i = 0; i < times; i++) sum += peers.get().weight;
        return sum;
      };
    },
  },
  { id: "npm-random", title: "npm load-balancers 1.3.52, random", make: byIndex("RandomBalancer") },
  { id: "npm-p2c", title: "npm load-balancers 1.3.52, p2c", make: byIndex("P2cBalancer") },
  { id: "npm-hashring", title: "npm hashring 3.2.0", make: byKey(hashringOf) },
  { id: "npm-consistent-hash", title: "npm consistent-hash 1.2.2", make: byKey(consistentHashOf) },
];
