/**
 * Leases of the cursor and the calls they cost, on a virtual clock: the real decisions of isolates and object.
 */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, inject, it } from "vitest";
import { seededRandom } from "../support/seeded-random.ts";
import { VirtualIsolate } from "./virtual-isolate.ts";
import { VirtualObject } from "./virtual-object.ts";
import { WrappedObject } from "./wrapped-object.ts";

const SEED = 20_261_124;
const ORIGINS = { origins: ["a", "b", "c"].map((id) => ({ id, url: `http://${id}.example` })) };

let count = 0;

class World {
  readonly object: VirtualObject;
  readonly isolates: VirtualIsolate[];
  readonly #random = seededRandom(SEED);

  constructor(object: VirtualObject, isolates: number) {
    this.object = object;
    this.isolates = Array.from(
      { length: isolates },
      (_, i) => new VirtualIsolate(object, `i${i}`, this.#random),
    );
  }

  /** Requests arrive at random, `rate` a second at each isolate, or at the one named. */
  run(forMs: number, rate: number, only?: VirtualIsolate): void {
    const untilMs = this.object.nowMs + forMs;
    for (; this.object.nowMs < untilMs; this.object.nowMs++) {
      for (const isolate of this.isolates) isolate.deliver();
      for (const isolate of only === undefined ? this.isolates : [only]) {
        for (let due = this.#random() + rate / 1_000; due >= 1; due--) isolate.request();
      }
    }
  }
}

async function inWorld(
  act: (world: World, first: VirtualIsolate) => void,
  isolates = 1,
  document = {},
): Promise<void> {
  await runInDurableObject(env.UPSTREAM_POOL.getByName(`lease-${++count}`), (_instance, state) => {
    const world = new World(new VirtualObject(state.storage.sql, { ...ORIGINS, ...document }), isolates);
    const [first] = world.isolates;
    if (first !== undefined) act(world, first);
  });
}

const sequence = (length: number): number[] => Array.from({ length }, (_, i) => i);

describe("calls", () => {
  it.each([250, 500, 2_000])("are at most 5 per 1,000 requests at %i requests a second", async (rate) => {
    await inWorld((world, isolate) => {
      world.run(5_000, rate);
      const [calls, requests] = [isolate.calls, isolate.positions.length];
      world.run(60_000, rate);
      const per1000 = ((isolate.calls - calls) / (isolate.positions.length - requests)) * 1_000;
      expect(per1000).toBeLessThanOrEqual(5);
    });
  });

  it("are as few through the real data path: one a pace, and a few until the demand is known", async () => {
    const pool = "lease-real";
    const object = new WrappedObject();
    const origins = inject("origins").map((url, i) => ({ id: `o${i}`, url }));
    await env.POOLS.put(`pool:${pool}`, JSON.stringify({ origins, log: { sample: 0 } }));
    await env.POOLS.put("routes", JSON.stringify([{ pool }]));
    const startedMs = Date.now();
    const one = async () => {
      for (let i = 0; i < 250; i++) expect(await object.seen("http://lease.example/")).toMatch(/^200 /);
    };
    await Promise.all(Array.from({ length: 8 }, one));
    const paces = (Date.now() - startedMs) / 900;
    expect(object.count("sync")).toBeLessThanOrEqual(8 + 1.3 * paces);
    expect(object.calls.filter((method) => method !== "sync")).toEqual([]);
    await object.settle();
  });

  it("are about one a second for an isolate with little to do", async () => {
    await inWorld((world, isolate) => {
      world.run(60_000, 2);
      expect(isolate.calls).toBeLessThanOrEqual(70);
    });
  });
});

describe("a lease", () => {
  it("is small for 2 requests a second", async () => {
    await inWorld((world, isolate) => {
      for (let second = 0; second < 30; second++) {
        world.run(1_000, 2);
        expect(isolate.pool.cursor.remaining).toBeLessThanOrEqual(16);
      }
    });
  });

  it("is enough for 2,000 requests a second, so that none finds it spent, and lasts two paces", async () => {
    await inWorld((world, isolate) => {
      world.run(2_000, 2_000);
      const before = isolate.beyondLease;
      for (let second = 0; second < 30; second++) {
        world.run(1_000, 2_000);
        expect(isolate.pool.cursor.remaining).toBeLessThanOrEqual(5_000);
      }
      expect(isolate.beyondLease - before).toBe(0);
    });
  });

  it("grows within a second of a burst", async () => {
    await inWorld((world, isolate) => {
      world.run(10_000, 2);
      world.run(1_000, 2_000);
      const before = isolate.beyondLease;
      world.run(5_000, 2_000);
      expect(isolate.beyondLease - before).toBe(0);
    });
  });

  it("comes back when demand falls: others go on from there", async () => {
    await inWorld((world, first) => {
      world.run(5_000, 2_000, first);
      world.run(4_000, 2, first);
      const spent = first.positions.length;
      expect(first.pool.cursor.remaining).toBeLessThanOrEqual(16);
      expect(world.object.controller.cursorPosition - spent).toBeLessThanOrEqual(16);
    }, 2);
  });
});

describe("one isolate alone", () => {
  it("is exactly sequential, whatever its demand does", async () => {
    await inWorld((world, isolate) => {
      for (const rate of [2, 500, 3_000, 1, 2_000, 20, 4_000, 5]) world.run(4_000, rate);
      expect(isolate.positions).toEqual(sequence(isolate.positions.length));
    });
  });

  it("goes on in sequence while the object is out of reach, and after", async () => {
    await inWorld((world, isolate) => {
      world.run(5_000, 300);
      isolate.isCutOff = true;
      world.run(20_000, 300);
      isolate.isCutOff = false;
      world.run(30_000, 300);
      expect(isolate.beyondLease, "the lease was long spent").toBeGreaterThan(1_000);
      expect(isolate.positions).toEqual(sequence(isolate.positions.length));
    });
  });
});

describe("many isolates", () => {
  it("share out evenly to within one pick of each, at any demand", async () => {
    await inWorld((world) => {
      for (const rate of [5, 300, 20, 100]) world.run(4_000, rate);
      const total = new Map<string, number>();
      for (const { picks } of world.isolates) {
        for (const [id, picked] of picks) total.set(id, (total.get(id) ?? 0) + picked);
      }
      const counts = [...total.values()];
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(world.isolates.length);
    }, 10);
  });

  it("of a strict pool take nothing from its order", async () => {
    await inWorld(
      (world) => {
        world.run(3_000, 100);
        expect(world.object.controller.cursorPosition).toBe(0);
      },
      3,
      { coordination: "strict" },
    );
  });
});
