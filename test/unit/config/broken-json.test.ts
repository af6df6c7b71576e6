/** Where a document stops being JSON, for its author. */
import { expect, it } from "vitest";
import { brokenPlace } from "../../../src/config/broken-json.ts";
import { readText } from "../../../src/config/canonical.ts";
import { parseJsonc } from "../../../src/config/json.ts";

it.each([
  ["", "line 1, column 1"],
  ["  \n", "line 2, column 1"],
  ["\uFEFF{}", "line 1, column 1"],
  ["{", "line 1, column 2"],
  ['{\n  "a": 1\n  "b": 2\n}', "line 3, column 3"],
  ['{ // one\n  "a": tru }', "line 2, column 8"],
  ["[1, 2", "line 1, column 6"],
  ["[,]", "line 1, column 2"],
  ["[1,,]", "line 1, column 4"],
  ["[1] 2", "line 1, column 5"],
  ["[1}", "line 1, column 3"],
  ['{"a"}', "line 1, column 5"],
  ['{"a":}', "line 1, column 6"],
  ['{"a":01}', "line 1, column 7"],
  ["{'a': 1}", "line 1, column 2"],
  ['["a\nb"]', "line 1, column 2"],
  ['["\\x"]', "line 1, column 2"],
  ['["a', "line 1, column 2"],
  ["[1] /* x", "line 1, column 5"],
  ["<html>", "line 1, column 1"],
])("%j", (text, place) => {
  expect(brokenPlace(text)).toBe(place);
  expect(readText(text)).toEqual({ ok: false, reason: `${place}: not JSON`, isJson: false });
});

it("finds a place in every text that does not parse, and none in one that does", () => {
  const whole = '{"a": [1, -2.5e+3, true, null, "x\\u00e9\\n"], /* c */ "b": {"c": [], },\n// d\n"e": false}';
  expect(parseJsonc(whole)).toBeDefined();
  const end = ({ length }: string) => `line 1, column ${length + 1}`;
  expect(brokenPlace('{"a": [1, -2.5e+3, {"b": {}, }, ]}')).toBe(end('{"a": [1, -2.5e+3, {"b": {}, }, ]}'));
  for (let at = 0; at < whole.length; at++) {
    for (const text of [whole.slice(0, at), `${whole.slice(0, at)}?${whole.slice(at)}`]) {
      if (parseJsonc(text) !== undefined) continue;
      const [, line, column] = /^line (\d+), column (\d+)$/.exec(brokenPlace(text)) ?? [];
      const offset =
        text
          .split("\n")
          .slice(0, Number(line) - 1)
          .join("\n").length + Number(column);
      // Not behind the mark that broke it, but for a string, which is wrong as a whole.
      expect(offset, text).toBeLessThanOrEqual(at + 3);
    }
  }
});

it("is found in a text of two million characters", () => {
  const text = `["${"x".repeat(2_000_000)}" "b"]`;
  expect(brokenPlace(text)).toBe("line 1, column 2000005");
});
