import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drawByRank, drawByShare, pointOf } from "../../../../src/core/steering/draw.ts";

const SEED = 20_261_130;
const CLIENTS = Array.from(
  { length: 20_000 },
  (_, index) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
);

/** Shares that add up to 1. */
const shares = fc
  .array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 20 })
  .filter((parts) => parts.some((part) => part > 0))
  .map((parts) => parts.map((part) => part / parts.reduce((sum, each) => sum + each, 0)));

describe("the draw by share", () => {
  it("gives each position its interval, and never an empty one", () => {
    const draw = (point: number) => drawByShare([0.7, 0, 0.3], point);
    expect([0, 0.69, 0.71, 0.999].map(draw)).toEqual([0, 0, 2, 2]);
    expect(drawByShare([0, 1], 0)).toBe(1);
  });

  it("gives what rounding leaves to the last that is not empty", () => {
    expect(drawByShare([0.1, 0.2, 0.69, 0], 0.995)).toBe(2);
    expect(drawByShare([0, 0], 0.5)).toBeNull();
    expect(drawByShare([], 0.5)).toBeNull();
  });

  it(`moves a client only if a border has moved over it (seed ${SEED})`, () => {
    fc.assert(
      fc.property(
        shares,
        fc.nat(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(),
        (before, at, part, seed) => {
          // A part of one pool's share goes to the next one.
          const from = at % before.length;
          const to = (from + 1) % before.length;
          const moved = (before[from] ?? 0) * part;
          const after = before.map(
            (share, index) => share + (index === to ? moved : 0) - (index === from ? moved : 0),
          );
          if (from === to) return;
          const clients = CLIENTS.slice(0, 500).map((client) => pointOf(client, seed));
          const borders = bordersOf(before).map(
            (border, index) => [border, bordersOf(after)[index] ?? 0] as const,
          );
          for (const point of clients) {
            const isPassed = borders.some(
              ([a, b]) => Math.min(a, b) - 1e-9 <= point && point <= Math.max(a, b) + 1e-9,
            );
            if (!isPassed) expect(drawByShare(after, point)).toBe(drawByShare(before, point));
          }
        },
      ),
      { seed: SEED, numRuns: 200 },
    );
  });

  it("spreads clients as the shares say, and the same ones at the second run", () => {
    const run = () => CLIENTS.map((client) => drawByShare([0.7, 0.3], pointOf(client, 7)));
    const first = run();
    expect(first.filter((position) => position === 0).length / CLIENTS.length).toBeCloseTo(0.7, 2);
    expect(run()).toEqual(first);
  });
});

describe("the draw by rank", () => {
  const members = [
    { pool: "a", weight: 1 },
    { pool: "b", weight: 2 },
    { pool: "c", weight: 5 },
  ];

  it("spreads clients in proportion to the weights", () => {
    const drawn = CLIENTS.map((client) => drawByRank(members, client, 3));
    for (const { pool, weight } of members) {
      const share = drawn.filter((each) => each === pool).length / CLIENTS.length;
      expect(Math.abs(share - weight / 8)).toBeLessThan(0.015);
    }
  });

  it("moves nobody but the clients of the member that leaves", () => {
    for (const client of CLIENTS.slice(0, 5_000)) {
      const before = drawByRank(members, client, 3);
      for (const gone of members) {
        const after = drawByRank(
          members.filter((each) => each !== gone),
          client,
          3,
        );
        if (before === gone.pool) expect(after).not.toBe(gone.pool);
        else expect(after).toBe(before);
      }
    }
  });

  it("draws nothing without members", () => {
    expect(drawByRank([], "10.0.0.1", 3)).toBeNull();
  });
});

function bordersOf(parts: readonly number[]): number[] {
  let upTo = 0;
  return parts.map((part) => {
    upTo += part;
    return upTo;
  });
}
