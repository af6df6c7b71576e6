import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cookieValue, cookieValues, withoutCookie } from "../../src/core/cookie-header.ts";
import { privateCacheControl } from "../../src/edge/cookie-response.ts";

/** Takes the whole header apart, the obvious way. */
function parse(header: string): { name: string; value: string; part: string }[] {
  return header.split(";").map((part) => {
    const equals = part.indexOf("=");
    const name = equals < 0 ? "" : part.slice(0, equals).replace(/^[ \t]+|[ \t]+$/g, "");
    return { name, value: part.slice(equals + 1).trim(), part };
  });
}

const NAME = "__lb";
// Few characters and near misses, so that names meet their look-alikes in all positions.
const piece = fc.constantFrom(
  NAME,
  "__lb2",
  "x__lb",
  "_",
  "l",
  "b",
  "=",
  ";",
  "; ",
  " ",
  "\t",
  "a=1",
  '"',
  "~",
  ".",
);
const headers = fc.array(piece, { maxLength: 14 }).map((pieces) => pieces.join(""));
const RUNS = { seed: 20_261_117, numRuns: 5_000 };

describe("cookieValues", () => {
  it("finds what a full parser finds", () => {
    fc.assert(
      fc.property(headers, (header) => {
        const expected = parse(header).filter((cookie) => cookie.name === NAME);
        expect(cookieValues(header, NAME)).toEqual(expected.map((cookie) => cookie.value));
      }),
      RUNS,
    );
  });

  it("gives each of several of the name, and the first as the value", () => {
    expect(cookieValues("__lb=1; a=2; __lb=3", NAME)).toEqual(["1", "3"]);
    expect(cookieValue("a=2; __lb=3; __lb=1", NAME)).toBe("3");
    expect(cookieValue("a=__lb; b__lb=1", NAME)).toBeNull();
  });
});

describe("withoutCookie", () => {
  it("leaves the other cookies byte for byte", () => {
    fc.assert(
      fc.property(headers, (header) => {
        const parts = parse(header);
        const others = parts.filter((cookie) => cookie.name !== NAME);
        const expected =
          others.length === parts.length ? header : others.map((cookie) => cookie.part).join(";");
        expect(withoutCookie(header, NAME).trimStart()).toBe(expected.trimStart());
      }),
      RUNS,
    );
  });

  it.each([
    ["__lb=x", ""],
    ["__lb=x; a=1", "a=1"],
    ["a=1; __lb=x", "a=1"],
    ["a=1; __lb=x; b= 2 ;c", "a=1; b= 2 ;c"],
    ["a=1;__lb=x;b=2", "a=1;b=2"],
    ["a=__lb=x; __LB=1", "a=__lb=x; __LB=1"],
  ])("%s becomes %s", (header, expected) => {
    expect(withoutCookie(header, NAME)).toBe(expected);
  });
});

describe("the Cache-Control of a response that sets our cookie", () => {
  it.each([
    [null, "private"],
    ["", "private"],
    ["public, max-age=60", "max-age=60, private"],
    ["s-maxage=600, max-age=60, must-revalidate", "max-age=60, must-revalidate, private"],
    ["no-cache", "no-cache, private"],
    ["no-store", "no-store"],
    ["public, no-store", "public, no-store"],
    ["Private, max-age=5", "Private, max-age=5"],
    // Only the named field is private here; the rest may be stored by anyone.
    ['private="x-a, x-b", public', 'private="x-a, x-b", private'],
    ['ext="a, private, b"', 'ext="a, private, b", private'],
    ["publicity=1", "publicity=1, private"],
  ])("%s becomes %s", (value, expected) => {
    expect(privateCacheControl(value)).toBe(expected);
  });
});
