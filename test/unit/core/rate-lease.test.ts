import { describe, expect, it } from "vitest";
import { share } from "../../support/full.ts";
import { World, type WorldOptions } from "../../support/rate-world.ts";

/** Seeds are fixed, and in the test's name where one run stands for itself. */
const SEEDS = share(
  Array.from({ length: 12 }, (_, index) => 20_261_124 + index),
  4,
);
/** Syncs: one per isolate and second. Asks: about a hundred. */
const MOST_ASKS_PER_SECOND = 160;

const ROUGH: Partial<WorldOptions> = {
  delayMs: [1, 180],
  lost: 0.1,
  repeated: 0.1,
  churn: 0.2,
  skewMs: 2_000,
};

describe("no second holds more than the limit", () => {
  for (const seed of SEEDS) {
    it(`whatever the network does (seed ${seed})`, () => {
      const sizes = [1, 2, 3, 7, 20, 50, 100];
      const limits = [1, 2, 5, 50, 333, 1_000];
      const limit = limits[seed % limits.length] ?? 1;
      for (const isolates of sizes) {
        for (const over of [0.5, 1.2, 5]) {
          const offered = Math.max(1, limit * over);
          const world = new World({ seed, limit, isolates, offered, ...ROUGH, skewedDemand: over === 5 });
          expect(world.run(15_000).worstWindow()).toBeLessThanOrEqual(limit);
        }
      }
    });
  }

  it("when the object loses its memory", () => {
    for (const seed of SEEDS) {
      const world = new World({
        seed,
        limit: 50,
        isolates: 9,
        offered: 200,
        ...ROUGH,
        restartsAtMs: [6_000, 9_000],
      });
      expect([seed, world.run(25_000).worstWindow() <= 50]).toEqual([seed, true]);
    }
  });

  it("when a new version takes over, and isolates of the old one give up what they hold", () => {
    let releases = 0;
    for (const seed of SEEDS) {
      for (const offered of [12, 25, 200]) {
        const deploysAtMs = [4_000, 9_000, 9_700];
        const world = new World({ seed, limit: 50, isolates: 9, offered, ...ROUGH, deploysAtMs });
        expect([seed, world.run(25_000).worstWindow() <= 50]).toEqual([seed, true]);
        releases += world.releases;
      }
    }
    expect(releases, "or nothing was tried").toBeGreaterThan(SEEDS.length);
  });

  it("when messages take longer than the shortest lease", () => {
    for (const seed of SEEDS) {
      const world = new World({
        seed,
        limit: 50,
        isolates: 9,
        offered: 200,
        delayMs: [1, 4_000],
        repeated: 0.3,
      });
      expect([seed, world.run(30_000).worstWindow() <= 50]).toEqual([seed, true]);
    }
  });
});

describe("under steady overload", () => {
  for (const limit of [50, 1_000]) {
    for (const isolates of [1, 3, 10, 50, 100]) {
      for (const over of [2, 4]) {
        it(`at least 90% of ${limit}/s is used by ${isolates} isolates offered ${over} times as much`, () => {
          for (const seed of share(SEEDS.slice(0, 5), 2)) {
            const world = new World({ seed, limit, isolates, offered: limit * over }).run(40_000);
            expect([seed, world.worstWindow() <= limit]).toEqual([seed, true]);
            expect(world.use(10_000, 40_000)).toBeGreaterThanOrEqual(0.9);
            expect(world.asks / 40).toBeLessThanOrEqual(MOST_ASKS_PER_SECOND);
          }
        });
      }
    }
  }

  it("an isolate alone asks at most about once a second beside its sync", () => {
    const world = new World({ seed: 1, limit: 1_000, isolates: 1, offered: 3_000 }).run(30_000);
    expect(world.calls / 30).toBeLessThanOrEqual(2.5);
  });

  it("an isolate that restarts uses 90% of the limit again", () => {
    const world = new World({ seed: 1, limit: 50, isolates: 5, offered: 200, restartsAtMs: [10_000] }).run(
      60_000,
    );
    expect(world.use(30_000, 60_000)).toBeGreaterThanOrEqual(0.9);
  });
});

describe("within the limit", () => {
  it("nearly nothing is refused and hardly a request waits for the object", () => {
    for (const isolates of [1, 5, 20]) {
      const world = new World({ seed: 1, limit: 200, isolates, offered: 60 }).run(5_000);
      // All are born within a tenth of a second, and nothing is known yet of what each will need.
      const [refused, started, asks] = [world.refusals, world.starts.length, world.asks];
      expect(refused / started).toBeLessThan(0.06);
      world.run(65_000);
      expect((world.refusals - refused) / (world.starts.length - started)).toBeLessThan(0.001);
      expect((world.asks - asks) / (world.starts.length - started)).toBeLessThan(0.02);
    }
  });
});
