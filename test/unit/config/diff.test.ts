import { describe, expect, it } from "vitest";
import { diffJson } from "../../../src/config/diff.ts";

describe("the difference of two documents", () => {
  it("is nothing for equal ones, whatever the order of keys", () => {
    expect(diffJson({ a: 1, b: [1] }, { b: [1], a: 1 })).toEqual([]);
  });

  it("names what was added, removed and changed", () => {
    expect(diffJson({ a: 1, b: { c: 2 }, d: null }, { b: { c: 3 }, d: null, e: [1] })).toEqual([
      { path: "a", before: 1 },
      { path: "b.c", before: 2, after: 3 },
      { path: "e", after: [1] },
    ]);
  });

  it("compares origins by id", () => {
    const before = { origins: [{ id: "a", weight: 1 }, { id: "b" }] };
    const after = { origins: [{ id: "c" }, { id: "a", weight: 2 }] };
    expect(diffJson(before, after)).toEqual([
      { path: "origins[a].weight", before: 1, after: 2 },
      { path: "origins[b]", before: { id: "b" } },
      { path: "origins[c]", after: { id: "c" } },
    ]);
  });

  it("shows another order of the same origins as a change of the list", () => {
    const [a, b] = [{ id: "a" }, { id: "b" }];
    expect(diffJson({ origins: [a, b] }, { origins: [b, a] })).toEqual([
      { path: "origins", before: [a, b], after: [b, a] },
    ]);
  });

  it("takes lists without ids, and with repeated ids, as a whole", () => {
    expect(diffJson({ r: [1, 2] }, { r: [1] })).toEqual([{ path: "r", before: [1, 2], after: [1] }]);
    const twice = [{ id: "a" }, { id: "a" }];
    expect(diffJson({ r: twice }, { r: [{ id: "a" }] })).toHaveLength(1);
  });
});
