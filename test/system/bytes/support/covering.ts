/**
 * Chooses rows of a matrix that is too large to run completely: every combination of the values of any `strength`
 * factors is in at least one row. Failures depend on few factors at a time (Kuhn, Wallace, Gallo 2004: hardly ever on
 * more than three), and the chosen rows are a small part of the product.
 * @module
 */
import { seededRandom } from "../../../support/random.ts";

export type Factors<Row> = { readonly [Name in keyof Row]: readonly Row[Name][] };

/** Number of random completions of a row, of which the best is taken. */
const TRIES = 8;

/**
 * @param strength how many factors' combinations are covered, 1 to the number of factors
 * @param allows true for possible rows; a combination that is in no possible row is left out
 * @param seed of the choice among equals
 */
export function covering<Row extends object>(
  factors: Factors<Row>,
  strength: number,
  allows: (row: Row) => boolean = () => true,
  seed = 1,
): Row[] {
  const names = Object.keys(factors) as (keyof Row)[];
  const groups = subsets(names.length, strength);
  const random = seededRandom(seed);
  const sizes = names.map((name) => factors[name].length);
  const open = new Map<string, { group: number[]; values: number[] }>();
  for (const group of groups) {
    for (const values of products(group.map((factor) => sizes[factor] ?? 0))) {
      open.set(keyOf(group, values), { group, values });
    }
  }
  const rowOf = (indices: readonly number[]): Row =>
    Object.fromEntries(names.map((name, factor) => [name, factors[name][indices[factor] ?? 0]])) as Row;
  const gain = (indices: readonly number[]): number =>
    groups.filter((group) =>
      open.has(
        keyOf(
          group,
          group.map((factor) => indices[factor] ?? 0),
        ),
      ),
    ).length;
  const rows: Row[] = [];
  for (const [key, { group, values }] of open) {
    let best: number[] | null = null;
    for (let attempt = 0; attempt < TRIES * 4 && (attempt < TRIES || best === null); attempt++) {
      const indices = sizes.map((size) => Math.floor(random() * size));
      for (const [place, factor] of group.entries()) indices[factor] = values[place] ?? 0;
      if (allows(rowOf(indices)) && (best === null || gain(indices) > gain(best))) best = indices;
    }
    open.delete(key);
    if (best === null) continue;
    for (const each of groups)
      open.delete(
        keyOf(
          each,
          each.map((factor) => best[factor] ?? 0),
        ),
      );
    rows.push(rowOf(best));
  }
  return rows;
}

/** All rows there are. */
export function* product<Row extends object>(factors: Factors<Row>): Generator<Row> {
  const names = Object.keys(factors) as (keyof Row)[];
  for (const indices of products(names.map((name) => factors[name].length))) {
    yield Object.fromEntries(names.map((name, factor) => [name, factors[name][indices[factor] ?? 0]])) as Row;
  }
}

function keyOf(group: readonly number[], values: readonly number[]): string {
  return group.map((factor, place) => `${factor}:${values[place]}`).join(",");
}

function subsets(count: number, size: number, from = 0): number[][] {
  if (size === 0) return [[]];
  const found: number[][] = [];
  for (let first = from; first <= count - size; first++) {
    for (const rest of subsets(count, size - 1, first + 1)) found.push([first, ...rest]);
  }
  return found;
}

function* products(sizes: readonly number[]): Generator<number[]> {
  const [size, ...others] = sizes;
  if (size === undefined) {
    yield [];
    return;
  }
  for (let value = 0; value < size; value++) {
    for (const rest of products(others)) yield [value, ...rest];
  }
}
