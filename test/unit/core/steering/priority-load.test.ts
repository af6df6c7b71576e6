import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { priorityLoads, takenShare } from "../../../../src/core/steering/priority-load.ts";

const SEED = 20_261_130;
const NOBODY = { share: 0, accept: 0, overprovisioning: 1 };

function pools(...shares: number[]) {
  return shares.map((share) => ({ share: share / 100, accept: 1, overprovisioning: 1.4 }));
}

function percents(loads: readonly number[]): number[] {
  return loads.map((load) => load * 100);
}

describe("priority loads are Envoy's (docs, load_balancing/priority), which rounds to whole percent", () => {
  it.each<[healthy: number[], percent: number[]]>([
    [[100], [100]],
    [[25], [100]],
    [
      [100, 100],
      [100, 0],
    ],
    [
      [72, 100],
      [100, 0],
    ],
    [
      [71, 100],
      [99, 1],
    ],
    [
      [50, 100],
      [70, 30],
    ],
    [
      [25, 100],
      [35, 65],
    ],
    [
      [0, 100],
      [0, 100],
    ],
    [
      [72, 72],
      [100, 0],
    ],
    [
      [71, 71],
      [99, 1],
    ],
    [
      [50, 60],
      [70, 30],
    ],
    [
      [25, 25],
      [50, 50],
    ],
    [
      [100, 100, 100],
      [100, 0, 0],
    ],
    [
      [71, 71, 100],
      [99, 1, 0],
    ],
    [
      [50, 60, 100],
      [70, 30, 0],
    ],
    [
      [25, 100, 100],
      [35, 65, 0],
    ],
    [
      [25, 25, 100],
      [35, 35, 30],
    ],
    [
      [25, 25, 20],
      [36, 36, 28],
    ],
  ])("%j healthy gives %j percent of the clients", (healthy, expected) => {
    const loads = percents(priorityLoads(pools(...healthy)));
    for (const [index, percent] of expected.entries()) {
      expect(Math.abs((loads[index] ?? Number.NaN) - percent)).toBeLessThan(1);
    }
  });
});

describe("priority loads", () => {
  const pool = fc.record({
    share: fc.integer({ min: 0, max: 100 }).map((percent) => percent / 100),
    accept: fc.integer({ min: 0, max: 100 }).map((percent) => percent / 100),
    overprovisioning: fc.integer({ min: 10, max: 100 }).map((tenths) => tenths / 10),
  });

  it("add up to 1, and none is negative", () => {
    fc.assert(
      fc.property(fc.array(pool, { minLength: 1, maxLength: 20 }), (list) => {
        const loads = priorityLoads(list);
        expect(Math.min(...loads)).toBeGreaterThanOrEqual(0);
        expect(loads.reduce((sum, load) => sum + load, 0)).toBeCloseTo(1, 12);
      }),
      { seed: SEED },
    );
  });

  it("give no pool more than it takes while all together take everything", () => {
    fc.assert(
      fc.property(fc.array(pool, { minLength: 1, maxLength: 20 }), (list) => {
        const sum = list.map(takenShare).reduce((total, taken) => total + taken, 0);
        fc.pre(sum >= 1);
        for (const [index, load] of priorityLoads(list).entries()) {
          expect(load).toBeLessThanOrEqual(takenShare(list[index] ?? NOBODY) + 1e-9);
        }
      }),
      { seed: SEED },
    );
  });

  it("of pools that together take less than everything are in proportion to what each takes", () => {
    const [first = 0, second = 0] = priorityLoads([
      { share: 0.3, accept: 0.5, overprovisioning: 1 },
      { share: 0.3, accept: 1, overprovisioning: 1 },
    ]);
    expect(second / first).toBeCloseTo(2);
  });

  it("give all clients to the first pool if no pool takes any", () => {
    expect(priorityLoads(pools(0, 0))).toEqual([1, 0]);
  });

  it("of no pools are none", () => {
    expect(priorityLoads([])).toEqual([]);
  });

  it("move by what a pool takes of its share, as with fewer healthy origins", () => {
    expect(takenShare({ share: 1, accept: 0.7, overprovisioning: 1.4 })).toBeCloseTo(0.7);
    expect(priorityLoads([{ share: 1, accept: 0.7, overprovisioning: 1.4 }, ...pools(100)])[1]).toBeCloseTo(
      0.3,
    );
  });
});
