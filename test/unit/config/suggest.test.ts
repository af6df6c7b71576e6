import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { editDistance, suggest } from "../../../src/config/suggest.ts";

describe("editDistance", () => {
  it.each<[string, string, number]>([
    ["", "", 0],
    ["abc", "", 3],
    ["abc", "abc", 0],
    ["abc", "abd", 1],
    ["abc", "ab", 1],
    ["abc", "xabc", 1],
    ["abc", "acb", 1], // one swap, not two substitutions
    ["ca", "abc", 3], // optimal string alignment: what was swapped is not edited again
    ["kitten", "sitting", 3],
  ])("of %j and %j is %i", (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
  });

  it("is symmetric, 0 only for equals, and at most the longer length (seed 7)", () => {
    const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 8 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        const distance = editDistance(a, b);
        expect(editDistance(b, a)).toBe(distance);
        expect(distance === 0).toBe(a === b);
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
      { seed: 7 },
    );
  });
});

describe("suggest", () => {
  const keys = [
    "url",
    "id",
    "algorithm",
    "origins",
    "rate_limit",
    "max_connections",
    "host",
    "path",
    "pool",
    "split",
  ];

  it.each<[text: string, expected: string | undefined]>([
    ["algoritm", "algorithm"],
    ["algorihtm", "algorithm"],
    ["origin", "origins"],
    ["rateLimit", "rate_limit"],
    ["RATE-LIMIT", "rate_limit"],
    ["maxConnection", "max_connections"],
    ["hots", "host"],
    ["spilt", "split"],
    ["ur", "url"],
    ["ip", undefined],
    ["pots", undefined],
    ["zebra", undefined],
    ["x", undefined],
    ["", undefined],
  ])("for %j gives %j", (text, expected) => {
    expect(suggest(text, keys)).toBe(expected);
  });

  it("suggests the nearest of several similar names", () => {
    expect(suggest("timeouts", ["timeout_all", "timeout"])).toBe("timeout");
  });
});
