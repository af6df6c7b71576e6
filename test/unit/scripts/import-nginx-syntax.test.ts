import { describe, expect, it } from "vitest";
import { type Directive, parseNginx } from "../../../scripts/lib/import/nginx/parser.ts";
import { secondsOf } from "../../../scripts/lib/import/nginx/values.ts";

/** `[name, ...args]` or `[name, ...args, block]` of each directive. */
function shape(directives: readonly Directive[]): unknown[] {
  return directives.map(({ name, args, block }) => [
    name,
    ...args,
    ...(block === null ? [] : [shape(block)]),
  ]);
}

const parsed = (text: string) => shape(parseNginx({ name: "n.conf", text, linesBefore: 0 }));

// nginx 1.22.1 (nginx -t) gave the same verdict, also on 4,000 random texts of such pieces.
describe("what nginx takes", () => {
  it.each<[string, unknown[]]>([
    ["", []],
    ["a;", [["a"]]],
    ["a b  c;", [["a", "b", "c"]]],
    [
      "a b;c d;",
      [
        ["a", "b"],
        ["c", "d"],
      ],
    ],
    ["# a comment { ; '\na b; # another", [["a", "b"]]],
    ["a b#c;", [["a", "b#c"]]],
    ["a 'b c' \"d;e\" '{}';", [["a", "b c", "d;e", "{}"]]],
    ['a \'it\\\'s\' "a \\"b\\"";', [["a", "it's", 'a "b"']]],
    ["a b\\ c;", [["a", "b\\ c"]]],
    ["a \\.php$ \\d+;", [["a", "\\.php$", "\\d+"]]],
    ["a b'c d\"e;", [["a", "b'c", 'd"e']]],
    ["a {}", [["a", []]]],
    ["a{b{c d;}}", [["a", [["b", [["c", "d"]]]]]]],
    ["a b}c;", [["a", "b}c"]]],
    ["a '' \"\";", [["a", "", ""]]],
    ["a 'tab\\tend';", [["a", "tab\tend"]]],
    ["\uFEFFa b;", [["a", "b"]]],
    ["x_by_lua_block { local t = { 1; 2 } -- '\n} a;", [["x_by_lua_block", []], ["a"]]],
  ])("%j", (text, expected) => {
    expect(parsed(text)).toEqual(expected);
  });
});

describe("what nginx refuses is refused with its place", () => {
  it.each([
    ["a\n  b", 'n.conf:1:1: "a" is not ended by ";"'],
    ["x;\n a b }", 'n.conf:2:2: "a" is not ended by ";"'],
    ["a {\n b;", 'n.conf:1:1: this block is never closed by "}"'],
    ["a; }", 'n.conf:1:4: unexpected "}": no block is open'],
    ["a;\n;", 'n.conf:2:1: unexpected ";"'],
    ["{ a; }", 'n.conf:1:1: unexpected "{"'],
    ["a 'b;\n", "n.conf:1:3: this ' is never closed"],
    ['a "b"c;', 'n.conf:1:6: unexpected "c" after a quoted text: a blank or ";" is missing'],
    ["x_by_lua_block { {", 'n.conf:1:1: this block is never closed by "}"'],
    ["a {".repeat(40), "blocks are nested too deeply"],
  ])("%j", (text, message) => {
    expect(() => parseNginx({ name: "n.conf", text, linesBefore: 0 })).toThrow(message);
  });
});

it.each([
  ["30", 30],
  ["0", 0],
  ["1500ms", 1.5],
  ["2m", 120],
  ["1h30m", 5_400],
  ["1d", 86_400],
  ["1M", 2_592_000],
  ["x", null],
  ["10 s", null],
  ["", null],
  ["-1", null],
])("%j is %j seconds", (text, seconds) => {
  expect(secondsOf(text)).toBe(seconds);
});
