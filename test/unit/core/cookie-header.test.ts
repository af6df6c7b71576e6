import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  cookieValue,
  cookieValues,
  inOneLine,
  withoutCookies,
} from "../../../src/core/affinity/cookie-header.ts";
import { privateCacheControl } from "../../../src/edge/response/cookie-response.ts";

interface Cookie {
  name: string;
  value: string;
  part: string;
}

/** Takes one line apart, the obvious way. */
function parse(line: string): Cookie[] {
  return line.split(";").map((part) => {
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

const without = (header: string) => withoutCookies(header, (name) => name === NAME);

describe("withoutCookies", () => {
  it("leaves the other cookies byte for byte", () => {
    fc.assert(
      fc.property(headers, (header) => {
        const parts = parse(header);
        const others = parts.filter((cookie) => cookie.name !== NAME);
        const expected =
          others.length === parts.length ? header : others.map((cookie) => cookie.part).join(";");
        expect(without(header).trimStart()).toBe(expected.trimStart());
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
    expect(without(header)).toBe(expected);
  });

  it("may also select by the value", () => {
    const hidden = withoutCookies("__lb=1; __lb=2; a=1", (name, value) => name === NAME && value === "1");
    expect(hidden).toBe("__lb=2; a=1");
  });
});

describe("several Cookie lines, which the runtime joins by a comma", () => {
  it.each([
    [["a=1", "b=2"], "a=1; b=2"],
    [["a=1; b=2", "__lb=x; c=3", "d=4"], "a=1; b=2; __lb=x; c=3; d=4"],
    [["a=1;", "b=2 "], "a=1; b=2 "],
    [["cart[0]=1", "utm:id=2", "x.y=3"], "cart[0]=1; utm:id=2; x.y=3"],
    [["a=1, 2", "b=3, four"], "a=1, 2; b=3, four"],
    [["d=Mon, 01 Jan 2099 00:00:00 GMT", "b=2"], "d=Mon, 01 Jan 2099 00:00:00 GMT; b=2"],
    [['j={"x":1, "y":"a=b", "z":[1, 2]}', "b=2"], 'j={"x":1, "y":"a=b", "z":[1, 2]}; b=2'],
    [['q="v, w=1"', "b=2"], 'q="v, w=1"; b=2'],
    [['q="open', "b=2"], 'q="open; b=2'],
    [["a=1,b=2"], "a=1,b=2"],
    [[""], ""],
  ])("%j are %s", (lines, expected) => {
    expect(inOneLine(lines.join(", "))).toBe(expected);
  });

  const word = fc.constantFrom(
    "1",
    "x",
    "v w",
    "1,2",
    "1, 2",
    "",
    "=",
    "a=b",
    '{"k":1, "l":2}',
    "Mon, 01 Jan",
  );
  const names = fc.constantFrom("a", "b", "__lb", "__lb2", "x__lb", "c[0]");
  const line = fc.array(fc.tuple(names, word), { minLength: 1, maxLength: 4 });

  it("are read, and written without our cookie, as if they were one line", () => {
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 4 }), (lines) => {
        const written = lines.map((cookies) => cookies.map(([name, value]) => `${name}=${value}`).join("; "));
        const cookies = lines.flat();
        const ours = cookies.filter(([name]) => name === NAME).map(([, value]) => value.trim());
        const others = cookies.filter(([name]) => name !== NAME).map(([name, value]) => `${name}=${value}`);
        for (const header of [written.join(", "), written.join("; ")]) {
          expect(cookieValues(header, NAME)).toEqual(ours);
          expect(without(header)).toBe(others.join("; "));
        }
      }),
      RUNS,
    );
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
