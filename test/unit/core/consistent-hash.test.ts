import fc from "fast-check";
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import { ConsistentHash } from "../../../src/core/hash/consistent-hash.ts";
import { SEED } from "../../support/random.ts";

const hashed = vi.hoisted(() => {
  // Other files may have loaded the ring with the hash as it is.
  vi.resetModules();
  return { count: 0 };
});
afterAll(() => vi.resetModules());

// Not replaced, only counted: what a change costs is asserted in hashes, because time is not the same twice.
vi.mock(import("../../../src/core/hash/murmur3.ts"), async (importOriginal) => {
  const { murmur3 } = await importOriginal();
  return {
    murmur3: (text: string, seed?: number) => {
      hashed.count++;
      return murmur3(text, seed);
    },
  };
});

beforeEach(() => {
  hashed.count = 0;
});

const keys = (count: number) => Array.from({ length: count }, (_, i) => `key:${i}`);
const names = (count: number) => Array.from({ length: count }, (_, i) => `node-${i}`);
const owners = (ring: ConsistentHash, list: readonly string[]) => list.map((key) => ring.getNode(key));

describe("a consistent-hash ring", () => {
  it("has no node for any key while empty", () => {
    const ring = new ConsistentHash();
    expect(ring.getNode("key:1")).toBeNull();
    ring.addNode("a");
    ring.removeNode("a");
    expect(ring.getNode("key:1")).toBeNull();
    expect(ring.size).toBe(0);
  });

  it("gives the only node every key", () => {
    expect(new Set(owners(new ConsistentHash(["a"]), keys(100)))).toEqual(new Set(["a"]));
  });

  it.each([
    ["a", "b", "c"],
    ["server-1", "server-2", "server-3"],
    ["10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80"],
  ])("gives each of %s, %s, %s 2,500 to 4,500 of 10,000 keys", (...nodes) => {
    const counts = Object.values(new ConsistentHash(nodes).getDistribution(keys(10_000)));
    expect(counts).toHaveLength(3);
    for (const count of counts) {
      expect(count).toBeGreaterThanOrEqual(2_500);
      expect(count).toBeLessThanOrEqual(4_500);
    }
  });

  it("moves under 350 of 1,000 keys to a fourth node, and none elsewhere", () => {
    const ring = new ConsistentHash(["a", "b", "c"]);
    const before = owners(ring, keys(1_000));
    ring.addNode("d");
    const moved = owners(ring, keys(1_000)).filter((owner, i) => owner !== before[i]);
    expect(moved.length).toBeGreaterThan(0);
    expect(moved.length).toBeLessThan(350);
    expect(new Set(moved)).toEqual(new Set(["d"]));
  });

  it("moves only the keys of a removed node, and returns them with it", () => {
    const ring = new ConsistentHash(["a", "b", "c", "d"]);
    const before = owners(ring, keys(1_000));
    ring.removeNode("b");
    const after = owners(ring, keys(1_000));
    for (const [i, owner] of before.entries()) {
      if (owner === "b") expect(after[i]).not.toBe("b");
      else expect(after[i]).toBe(owner);
    }
    ring.addNode("b");
    expect(owners(ring, keys(1_000))).toEqual(before);
  });

  it("does not change when an absent node is removed or a present one is added", () => {
    const ring = new ConsistentHash(["a", "b"]);
    const before = owners(ring, keys(200));
    ring.removeNode("x");
    ring.addNode("a");
    expect(owners(ring, keys(200))).toEqual(before);
    expect(ring.size).toBe(2);
  });

  it("reports nodes without keys in a distribution", () => {
    expect(new ConsistentHash(["a", "b"]).getDistribution([])).toEqual({ a: 0, b: 0 });
  });

  it("refuses a weight that is not above 0", () => {
    for (const weight of [0, -1, Number.NaN]) {
      expect(() => new ConsistentHash().addNode("a", weight)).toThrow(RangeError);
    }
  });
});

describe("weights on the ring", () => {
  it("give shares in proportion", () => {
    const ring = new ConsistentHash();
    for (const [id, weight] of [
      ["a", 1],
      ["b", 2],
      ["c", 4],
    ] as const)
      ring.addNode(id, weight);
    const { a = 0, b = 0, c = 0 } = ring.getDistribution(keys(70_000));
    // A share of n points deviates by 1/sqrt(n) of itself: 8%, 6%, 4%; three of those.
    expect(Math.abs(a / 10_000 - 1)).toBeLessThan(3 / Math.sqrt(150));
    expect(Math.abs(b / 20_000 - 1)).toBeLessThan(3 / Math.sqrt(300));
    expect(Math.abs(c / 40_000 - 1)).toBeLessThan(3 / Math.sqrt(600));
  });

  it("are points in proportion, and shares within 3 percentage points of 1, 2, 3 of six (ENV-RING-01)", () => {
    const ring = new ConsistentHash([], 1_024);
    for (const [i, id] of ["a", "b", "c"].entries()) ring.addNode(id, i + 1);
    const shares = ring.getDistribution(keys(6_000));
    for (const [i, id] of ["a", "b", "c"].entries()) {
      expect(Math.abs((shares[id] ?? 0) / 6_000 - (i + 1) / 6)).toBeLessThan(0.03);
    }
  });

  it("moves keys only to a node that gains, and only from a node that loses", () => {
    const ring = new ConsistentHash(["a", "b", "c"]);
    const before = owners(ring, keys(2_000));
    ring.addNode("b", 2);
    const heavier = owners(ring, keys(2_000));
    expect(new Set(heavier.filter((owner, i) => owner !== before[i]))).toEqual(new Set(["b"]));
    ring.addNode("b", 1);
    expect(owners(ring, keys(2_000))).toEqual(before);
  });

  it("keep even the lightest node on the ring", () => {
    const ring = new ConsistentHash(["a"]);
    ring.addNode("light", 0.000_1);
    expect(ring.getDistribution(keys(100_000)).light).toBeGreaterThan(0);
  });
});

describe("the order of changes", () => {
  const script = fc.array(
    fc.record({
      id: fc.integer({ min: 0, max: 11 }),
      weight: fc.constantFrom(0, 0.5, 1, 2),
      look: fc.boolean(),
    }),
    { maxLength: 40 },
  );

  it("does not matter: the ring depends only on its present nodes", () => {
    fc.assert(
      fc.property(script, (steps) => {
        const ring = new ConsistentHash([], 20);
        const weights = new Map<string, number>();
        for (const { id, weight, look } of steps) {
          if (weight === 0) ring.removeNode(`n${id}`);
          else ring.addNode(`n${id}`, weight);
          weights.delete(`n${id}`);
          if (weight > 0) weights.set(`n${id}`, weight);
          if (look) ring.getNode("anything");
        }
        const fresh = new ConsistentHash([], 20);
        for (const [id, weight] of [...weights].sort().reverse()) fresh.addNode(id, weight);
        expect(owners(ring, keys(100))).toEqual(owners(fresh, keys(100)));
      }),
      { seed: SEED, numRuns: 200 },
    );
  });
});

describe("what a change costs", () => {
  it("is one hash per point for 1,000 nodes added together", () => {
    const ring = new ConsistentHash();
    for (const name of names(1_000)) ring.addNode(name);
    ring.getNode("key:1");
    expect(hashed.count).toBe(1_000 * 150 + 1);
  });

  it("is one hash per point of the new node, however many there are, though each is looked up at once", () => {
    const ring = new ConsistentHash(names(1_000));
    ring.getNode("key:1");
    for (let i = 0; i < 20; i++) {
      hashed.count = 0;
      ring.addNode(`late-${i}`);
      ring.getNode("key:1");
      expect(hashed.count).toBe(150 + 1);
    }
  });

  it("is no hash at all for a removal", () => {
    const ring = new ConsistentHash(names(100));
    ring.getNode("key:1");
    hashed.count = 0;
    ring.removeNode("node-7");
    ring.getNode("key:1");
    expect(hashed.count).toBe(1);
  });
});

describe("passing over refused nodes", () => {
  it("moves no other node's keys, asks each node once, and gives null if all are refused", () => {
    const ring = new ConsistentHash(["a", "b", "c", "d"]);
    for (const key of keys(300)) {
      const owner = ring.getNode(key);
      const asked: string[] = [];
      const next = ring.getNode(key, (id) => {
        asked.push(id);
        return id !== "b";
      });
      if (owner === "b") expect(next).not.toBe("b");
      else expect(next).toBe(owner);
      const all: string[] = [];
      expect(ring.getNode(key, (id) => all.push(id) === 0)).toBeNull();
      expect(all.sort()).toEqual(["a", "b", "c", "d"]);
      expect(asked[0]).toBe(owner);
    }
  });
});
