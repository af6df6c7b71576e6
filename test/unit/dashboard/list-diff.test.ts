import fc from "fast-check";
import { expect, test } from "vitest";
import { listDiff, nearChanges } from "../../../src/admin/dashboard/lib/list-diff.ts";

const SEED = 20_261_130;

const short = (before: string, after: string) =>
  nearChanges(listDiff([...before], [...after])).map(
    ({ what, text, at }) => `${{ same: " ", added: "+", removed: "-" }[what]}${text}${at}`,
  );

test("an entry that comes, goes, moves or changes is shown with its place and its neighbours", () => {
  expect(short("abcd", "abXcd")).toEqual([" b2", "+X3", " c4"]);
  expect(short("abcd", "acd")).toEqual([" a1", "-b2", " c2"]);
  expect(short("abc", "cab")).toEqual(["+c1", " a2", " b3", "-c3"]);
  expect(short("abc", "aXc")).toEqual([" a1", "-b2", "+X2", " c3"]);
  expect([short("abc", "abc"), short("", "a"), short("a", "")]).toEqual([[], ["+a1"], ["-a1"]]);
});

test("both lists can be read from the difference, and their common part is as long as possible", () => {
  const list = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 8 });
  /** The longest list that both have in their order, by trying all. */
  const common = (a: string[], b: string[]): number => {
    const [x, ...restA] = a;
    const [y, ...restB] = b;
    if (x === undefined || y === undefined) return 0;
    return x === y ? 1 + common(restA, restB) : Math.max(common(restA, b), common(a, restB));
  };
  fc.assert(
    fc.property(list, list, (before, after) => {
      const lines = listDiff(before, after);
      const texts = (left: string) => lines.filter(({ what }) => what !== left).map(({ text }) => text);
      expect(texts("added")).toEqual(before);
      expect(texts("removed")).toEqual(after);
      expect(lines.filter(({ what }) => what === "same")).toHaveLength(common(before, after));
    }),
    { seed: SEED, numRuns: 300 },
  );
});
