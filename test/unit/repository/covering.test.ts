import { expect, test } from "vitest";
import { covering, product } from "../../system/bytes/support/covering.ts";

const FACTORS = { a: [1, 2, 3], b: ["x", "y"], c: [true, false], d: [0, 1, 2, 3] };
type Row = { a: number; b: string; c: boolean; d: number };
const NAMES = ["a", "b", "c", "d"] as const;

/** Every combination of three factors' values in rows. */
function triples(rows: Iterable<Record<(typeof NAMES)[number], unknown>>): Set<string> {
  const found = new Set<string>();
  for (const row of rows) {
    for (const left of NAMES) {
      found.add(JSON.stringify(NAMES.filter((name) => name !== left).map((name) => [name, row[name]])));
    }
  }
  return found;
}

test("the chosen rows contain every three values that occur together in any row, and are fewer", () => {
  const all = [...product<Row>(FACTORS)];
  const chosen = covering<Row>(FACTORS, 3);
  expect(all).toHaveLength(48);
  expect(triples(chosen)).toEqual(triples(all));
  expect(chosen.length).toBeLessThan(all.length);
});

test("impossible rows are not chosen, and no other combination is missing because of them", () => {
  const allows = ({ a, d }: Row): boolean => !(a === 1 && d === 0);
  const chosen = covering<Row>(FACTORS, 3, allows);
  expect(chosen.every(allows)).toBe(true);
  expect(triples(chosen)).toEqual(triples([...product<Row>(FACTORS)].filter(allows)));
});
