/**
 * Documents at their bounds. What is compared with what must not grow with the square of a document, which would take
 * minutes: the looks at its parts are counted.
 */
import { describe, expect, it } from "vitest";
import { parsePool, parseRoutes } from "../../../src/config/parse.ts";
import { MOST_SUGGESTED } from "../../../src/config/suggest.ts";
import type { WhereConfig } from "../../../src/config/where.ts";
import { whereCovers } from "../../../src/config/where-cover.ts";
import { counted } from "../../support/counted-list.ts";

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

describe("suggestions", () => {
  it("are made for the first of thousands of missing pools", () => {
    const split = (route: number) =>
      numbers(100).map((n) => ({ pool: `website-frontend-${route}-${n}`, weight: 1 }));
    const routes = numbers(20).map((n) => ({ host: `h${n}.test`, split: split(n) }));
    const parsed = parseRoutes(routes, { pools: ["website-frontend-x-x"] });
    const errors = parsed.ok ? [] : parsed.errors;
    expect(errors).toHaveLength(2_000);
    expect(errors.map(({ suggestion }) => suggestion)).toEqual(
      numbers(2_000).map((n) => (n < MOST_SUGGESTED ? "website-frontend-x-x" : undefined)),
    );
  });

  it.each([
    ["in one object", { ...Object.fromEntries(numbers(300).map((n) => [`slow_start${n}`, n])) }],
    [
      "in one each",
      { origins: numbers(300).map((n) => ({ id: `o${n}`, url: "https://a.test", wieght: n })) },
    ],
  ])("are made for the first of hundreds of unknown keys %s", (_where, fields) => {
    const parsed = parsePool({ origins: [{ id: "a", url: "https://a.test" }], ...fields });
    const errors = parsed.ok ? [] : parsed.errors;
    expect(errors).toHaveLength(300);
    expect(errors.filter(({ suggestion }) => suggestion !== undefined)).toHaveLength(MOST_SUGGESTED);
  });
});

describe("conditions that are compared with those of many routes", () => {
  const COUNT = 100;
  const where = (fields: Record<string, unknown>): WhereConfig => {
    const parsed = parseRoutes([{ pool: "a", where: fields }]);
    if (!parsed.ok || parsed.value[0]?.where == null) throw new Error("no conditions");
    return parsed.value[0].where;
  };

  it.each([
    [
      "addresses",
      (last: number) => [...numbers(COUNT - 1).map((n) => `10.0.${n}.0/24`), `11.0.${last}.0/24`],
    ],
    ["asns", (last: number) => [...numbers(COUNT - 1).map((n) => n + 1), 1_000 + last]],
  ] as const)("are looked through once: %s", (field, listOf) => {
    const outer = counted<string | number>(listOf(0));
    const conditions = { ...where({ [field]: [...outer.list] }), [field]: outer.list } as WhereConfig;
    for (const last of numbers(50)) {
      const covers = whereCovers(conditions, where({ [field]: listOf(last) }));
      expect(covers).toBe(last === 0);
    }
    expect(outer.looks()).toBeLessThanOrEqual(2 * COUNT);
  });

  it.each([
    [["a*", "b"], ["abc", "a", "a*", "ab*", "b"], true],
    [["a*", "b"], ["ba"], false],
    [["a*", "b"], ["b*"], false],
    [["ab*"], ["a*"], false],
    [["*"], ["", "x", "*"], true],
    [["a**"], ["a*"], true],
    [["a"], ["a*"], false],
  ])("cover by exact values and prefixes: %j, %j", (outer, inner, covers) => {
    expect(whereCovers(where({ query: { q: outer } }), where({ query: { q: inner } }))).toBe(covers);
  });
});
