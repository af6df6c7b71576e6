import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  chooseInOrder,
  loadsInOrder,
  type PoolStanding,
  restInOrder,
} from "../../../../src/core/steering/choose-pool.ts";
import { pointOf } from "../../../../src/core/steering/draw.ts";

const SEED = 20_261_130;
const CLIENTS = Array.from(
  { length: 20_000 },
  (_, index) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
);

function pool(part: Partial<PoolStanding> = {}): PoolStanding {
  const well = { available: true, share: 1, accept: 1, overprovisioning: 1.4 };
  return { ...well, shed: 0, shedSessions: 0, place: null, ...part };
}

const DOWN = pool({ available: false, share: 0 });

function inOrder(standings: readonly PoolStanding[]): number[] {
  return [...standings.keys()];
}

/** In percent, to a tenth. */
function percents(standings: readonly PoolStanding[], spills = true, order = inOrder(standings)): number[] {
  return loadsInOrder(order, standings, spills).map((load) => Math.round(load * 1_000) / 10);
}

/** Where each of 20,000 clients goes. */
function run(standings: readonly PoolStanding[], seed = 11): (number | null)[] {
  const order = inOrder(standings);
  const loads = loadsInOrder(order, standings, true);
  return CLIENTS.map(
    (client) => chooseInOrder(order, standings, loads, pointOf(client, seed))?.position ?? null,
  );
}

describe("clients of pools in their order", () => {
  // Envoy, priority levels: the tables of its documentation.
  it.each<[healthy: number[], percents: number[]]>([
    [
      [1, 1],
      [100, 0],
    ],
    [
      [0.72, 1],
      [100, 0],
    ],
    [
      [0.71, 1],
      [99, 1],
    ],
    [
      [0.5, 1],
      [70, 30],
    ],
    [
      [0.25, 0.25],
      [50, 50],
    ],
    [
      [0.25, 1],
      [35, 65],
    ],
    [
      [0.25, 0.25, 0.2],
      [36, 36, 28],
    ],
    [
      [1, 1, 1],
      [100, 0, 0],
    ],
    [
      [0.72, 0.72, 1],
      [100, 0, 0],
    ],
    [
      [0.71, 0.71, 1],
      [99, 1, 0],
    ],
    [
      [0.5, 0.5, 1],
      [70, 30, 0],
    ],
    [
      [0.25, 0.5, 1],
      [35, 65, 0],
    ],
    [
      [0.25, 0.25, 1],
      [35, 35, 30],
    ],
  ])("healthy %j: %j percent of 20,000, and the same clients at the second run", (healthy, expected) => {
    const standings = healthy.map((share) => pool({ share }));
    const first = run(standings);
    for (const [position, percent] of expected.entries()) {
      const share = (first.filter((each) => each === position).length / CLIENTS.length) * 100;
      expect(Math.abs(share - percent)).toBeLessThan(1.5);
    }
    expect(run(standings)).toEqual(first);
  });

  it("that spilled come back when the pool is well again, and only they do", () => {
    const well = run([pool(), pool()]);
    const half = run([pool({ share: 0.5 }), pool()]);
    expect(well.every((position) => position === 0)).toBe(true);
    expect(half.filter((position) => position === 1).length).toBeGreaterThan(5_000);
    expect(run([pool(), pool()])).toEqual(well);
  });

  it(`move only as far as the borders do when one pool's share changes (seed ${SEED})`, () => {
    const unit = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(unit, { minLength: 1, maxLength: 8 }), fc.nat(), unit, (shares, at, changed) => {
        const before = shares.map((share) => pool({ share }));
        const after = before.map((each, index) =>
          index === at % shares.length ? pool({ share: changed }) : each,
        );
        const [a, b] = [before, after].map((each) => loadsInOrder(inOrder(each), each, true));
        const [from, to] = [a, b].map((loads) => bordersOf(loads ?? []));
        const most = (from ?? []).reduce(
          (sum, border, index) => sum + Math.abs(border - (to?.[index] ?? 0)),
          0,
        );
        const clients = CLIENTS.slice(0, 400);
        const where = (standings: PoolStanding[], loads: number[] | undefined) =>
          clients.map((client) =>
            chooseInOrder(inOrder(standings), standings, loads ?? [], pointOf(client, 5)),
          );
        const [was, is] = [where(before, a), where(after, b)];
        const moved = was.filter((each, index) => each?.position !== is[index]?.position).length;
        // Three standard deviations of a draw of 400.
        expect(moved / clients.length).toBeLessThanOrEqual(most + 0.08);
      }),
      { seed: SEED, numRuns: 200 },
    );
  });

  it("have the reason for their pool", () => {
    const at = (standings: PoolStanding[], point: number) => {
      const order = inOrder(standings);
      return chooseInOrder(order, standings, loadsInOrder(order, standings, true), point);
    };
    expect(at([pool(), pool()], 0.9)).toEqual({ position: 0, arrival: "first" });
    expect(at([pool({ share: 0.5 }), pool()], 0.9)).toEqual({ position: 1, arrival: "spill" });
    expect(at([DOWN, pool()], 0.1)).toEqual({ position: 1, arrival: "unavailable" });
    expect(at([pool({ share: 0.5 }), DOWN, pool()], 0.9)).toEqual({ position: 2, arrival: "spill" });
    expect(at([DOWN, DOWN], 0.1)).toBeNull();
  });
});

describe("without spill", () => {
  it("the first available pool takes all clients, however few of its origins are healthy", () => {
    expect(percents([pool({ share: 0.1 }), pool()], false)).toEqual([100, 0]);
    expect(percents([DOWN, pool({ share: 0.1 }), pool()], false)).toEqual([0, 100, 0]);
    expect(percents([pool({ accept: 0.1 }), pool()], false)).toEqual([100, 0]);
  });

  it("a pool is still relieved of what it sheds, as long as another is available", () => {
    expect(percents([pool({ accept: 0.7, shed: 0.3 }), pool()], false)).toEqual([70, 30]);
    expect(percents([pool({ accept: 0, shed: 1 }), pool()], false)).toEqual([0, 100]);
    expect(percents([pool({ accept: 0.7, shed: 0.3 }), DOWN], false)).toEqual([100, 0]);
    expect(percents([pool({ accept: 0, shed: 1 })], false)).toEqual([100]);
  });
});

describe("the share of each pool", () => {
  it("follows the client's order, not the order of the list", () => {
    expect(percents([pool(), pool({ share: 0.5 }), pool()], true, [1, 2, 0])).toEqual([0, 70, 30]);
  });

  it("is 0 if no pool is available", () => {
    expect(percents([DOWN, DOWN])).toEqual([0, 0]);
  });
});

describe("the next pools", () => {
  it("are the available ones, the preferred first, and last those that shed all clients", () => {
    const standings = [pool({ accept: 0, shed: 1 }), pool(), DOWN, pool()];
    expect(restInOrder([0, 1, 2, 3], standings)).toEqual([1, 3, 0]);
    expect(restInOrder([3, 2, 1, 0], standings)).toEqual([3, 1, 0]);
    expect(restInOrder([2], standings)).toEqual([]);
  });
});

function bordersOf(loads: readonly number[]): number[] {
  let upTo = 0;
  return loads.map((load) => {
    upTo += load;
    return upTo;
  });
}
