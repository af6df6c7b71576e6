/** Edits of a document's text: compared with what jsonc-parser, which nothing here reads with, finds in the result. */
import fc from "fast-check";
import { parse } from "jsonc-parser";
import { expect, it } from "vitest";
import { editWritten } from "../../../src/admin/http/written-edit.ts";

const TEXT = `{
  // the two shops
  "origins": [
    { "id": "a", "url": "https://a" }, // near
    {
      "id": "b", /* far */
      "url": "https://b",
      "weight": 3, // more room
    },
  ],
}
`;

// biome-ignore lint/suspicious/noExplicitAny: a document is changed field by field
type Change = (document: any) => void;

function edited(text: string, change: Change): string | null {
  const before: unknown = parse(text, [], { allowTrailingComma: true });
  const after = structuredClone(before);
  change(after);
  const result = editWritten(text, before, after);
  if (result !== null) expect(parse(result, [], { allowTrailingComma: true })).toEqual(after);
  return result;
}

it("an edit rewrites a value in its place, and nothing else", () => {
  const result = edited(TEXT, ({ origins }) => (origins[1].weight = 5));
  expect(result).toBe(TEXT.replace('"weight": 3', '"weight": 5'));
});

it("an edit adds a field, with or without a comma after the last one, and keeps every comment", () => {
  for (const change of [
    ({ origins }) => (origins[0].enabled = false),
    ({ origins }) => (origins[1].enabled = false),
    (document) => (document.shed_percent = 10),
  ] satisfies Change[]) {
    const result = edited(TEXT, change);
    for (const comment of ["// the two shops", "// near", "/* far */", "// more room"])
      expect(result).toContain(comment);
  }
});

it("an edit adds an origin at the end, and removes one with its own comments only", () => {
  const added = edited(TEXT, ({ origins }) => origins.push({ id: "c", url: "https://c" }));
  expect(added).toContain("// more room");
  const removed = edited(TEXT, ({ origins }) => origins.shift());
  expect(removed).toContain("// the two shops");
  expect(removed).toContain("// more room");
  // What is said between the last and the one before it goes with the last.
  const shortened = edited(TEXT, ({ origins }) => origins.pop());
  expect(shortened).toContain('// the two shops\n  "origins": [\n    { "id": "a", "url": "https://a" }');
});

it("an edit keeps tabs and Windows line ends", () => {
  const text = '{\r\n\t"origins": [\r\n\t\t{ "id": "a" }\r\n\t]\r\n}\r\n';
  const result = edited(text, (document) => (document.shed_percent = 10));
  expect(result).toContain('\r\n\t"shed_percent": 10\r\n}');
});

it("an edit of a text that differs from its document has no result", () => {
  expect(editWritten('{ "a": 1 } // one', { a: 2, b: 1 }, { a: 2, b: 3 })).toBeNull();
  expect(editWritten("not JSON", { a: 1 }, { a: 2 })).toBeNull();
  // Of a key that stands twice the last counts, and the first is found.
  const twice = (first: string) => `{ "a": ${first}, "a": [{ "b": 1 }] } // one`;
  for (const first of ["1", "{}", "[]", "[[]]", '[{ "b": 3 }]'])
    expect(editWritten(twice(first), { a: [{ b: 1 }] }, { a: [{ b: 2 }] })).toBeNull();
});

it("an edited text has the content of the new document, or there is none, for any two documents", () => {
  const origin = fc.record(
    { id: fc.constantFrom("a", "b", "c"), weight: fc.nat(5), tags: fc.array(fc.nat(3), { maxLength: 3 }) },
    { requiredKeys: ["id"] },
  );
  const document = fc.record(
    { origins: fc.array(origin, { maxLength: 4 }), x: fc.jsonValue({ maxDepth: 2 }) },
    { requiredKeys: ["origins"] },
  );
  let kept = 0;
  fc.assert(
    fc.property(document, document, (before, after) => {
      const plain = JSON.parse(JSON.stringify([before, after]));
      const text = `// head\n${JSON.stringify(plain[0], null, 2)}`;
      const result = editWritten(text, plain[0], plain[1]);
      if (result === null) return;
      kept++;
      expect(JSON.stringify(parse(result))).toBeDefined();
      expect(parse(result)).toEqual(plain[1]);
      expect(result.startsWith("// head\n")).toBe(true);
    }),
    { seed: 11, numRuns: 500 },
  );
  expect(kept).toBe(500);
});
