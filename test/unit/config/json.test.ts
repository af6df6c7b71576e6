/** JSON with comments and trailing commas: against jsonc-parser. */
import fc from "fast-check";
import { type ParseError, parse } from "jsonc-parser";
import { expect, it } from "vitest";
import { readText } from "../../../src/config/canonical.ts";
import { parseJsonc } from "../../../src/config/json.ts";

function oracle(text: string): unknown {
  const errors: ParseError[] = [];
  const value: unknown = parse(text, errors, { allowTrailingComma: true });
  return errors.length > 0 ? undefined : value;
}

it.for([
  ["comments of both kinds", '{ // a\n "a": 1, /* b\n */ "b": [2] } // c'],
  ["trailing commas", '{ "a": [1, 2 , ], "b": { "c": 3,\n }, }'],
  ["a comment after a trailing comma", "[1, // one\n /* two */ ]"],
  ["what looks like comments and commas in strings", '{ "a": "http://x/*,]*/", "b": "\\",}//", }'],
  ["a comment that ends the text", "1 //"],
  ["line ends of Windows", '{\r\n// a\r\n"a": 1,\r\n}'],
])("takes %s", ([, text = ""]) => {
  expect(oracle(text)).not.toBeUndefined();
  expect(parseJsonc(text)).toEqual(oracle(text));
});

it.for([
  ["a comma alone", "[,]"],
  ["two commas", "[1,,]"],
  ["a comma after a colon", '{"a":,}'],
  ["a comma after all", "1,"],
  ["a comment without an end", "[1] /* a"],
  ["a comment without an end over the bracket", "[1 /* ]"],
  ["one slash", "[1] / 2"],
  ["a comment that parts a number", "[1/**/2]"],
  ["a string without an end", '["a, // b'],
  ["nothing but a comment", "// a"],
])("refuses %s", ([, text = ""]) => expect(parseJsonc(text)).toBeUndefined());

it("accepts and refuses any text just as jsonc-parser does", () => {
  const part = fc.constantFrom(
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"a"',
    '"//"',
    '"\\""',
    "1",
    " ",
    "\n",
    "// x\n",
    "/*,*/",
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
      const text = parts.join("");
      if (/"[^"]*"\s*(?:\/\*,\*\/|\/\/ x\n|\s)*"/.test(text) || /1(?:\/\*,\*\/|\/\/ x\n)?1/.test(text))
        return;
      expect([text, parseJsonc(text)]).toEqual([text, oracle(text)]);
    }),
    { seed: 7, numRuns: 20_000 },
  );
});

it("does not count brackets in comments as levels", () => {
  const brackets = "[".repeat(100);
  expect(readText(`[1] // ${brackets}`)).toMatchObject({ ok: true, value: [1] });
  expect(readText(`// "\n${brackets}${"]".repeat(100)}`)).toMatchObject({ ok: false });
});

it("takes time in proportion to the text, however many comments do not end", () => {
  for (const text of [
    "/*".repeat(500_000),
    `[${", ".repeat(500_000)}`,
    '"\\'.repeat(500_000),
    "//".repeat(500_000),
  ])
    expect(parseJsonc(text)).toBeUndefined();
});

it("keeps the text of a document only if it has comments or several lines", () => {
  const written = (text: string) => {
    const content = readText(text);
    return content.ok ? content.written : "refused";
  };
  for (const text of ['{"a": 1} // one', '{\n"a": 1}', "[1,]"]) expect(written(text)).toBe(text);
  for (const text of ['{"b":1,"a":2}', ' {"a": 1}\n', "[]"]) expect(written(text)).toBeNull();
});
