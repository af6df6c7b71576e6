/** A file made of documents as they were written: read back with jsonc-parser. */
import { parse } from "jsonc-parser";
import { expect, it } from "vitest";
import type { StoredDocuments } from "../../../scripts/lib/stores/config-store.ts";
import { writtenFile } from "../../../scripts/lib/written-file.ts";

const stored = (texts: Record<string, string>): StoredDocuments =>
  new Map(Object.entries(texts).map(([key, text]) => [key, { text, version: null, problem: null }]));

function fileOf(texts: Record<string, string>): string {
  const pools = Object.fromEntries(
    Object.entries(texts).flatMap(([key, text]) =>
      key === "routes" ? [] : [[key.slice("pool:".length), parse(text, [], { allowTrailingComma: true })]],
    ),
  );
  const routes: unknown = texts.routes === undefined ? undefined : parse(texts.routes);
  const config = { ...(routes === undefined ? {} : { routes }), pools };
  const file = writtenFile(config, stored(texts));
  expect(parse(file, [], { allowTrailingComma: true })).toEqual(config);
  return file;
}

it("has the text of each document where it is kept, and the usual form where not", () => {
  const file = fileOf({
    routes: '[\n  // all\n  { "pool": "a" }\n]\n',
    "pool:a": '{ "origins": [] } // none yet',
    "pool:b": '{"origins":[]}',
  });
  expect(file).toBe(`{
  "routes": [
    // all
    { "pool": "a" }
  ],
  "pools": {
    "a": { "origins": [] } // none yet
    ,
    "b": {
      "origins": []
    }
  }
}
`);
});

it("says what the documents say, whatever their comments and strings look like", () => {
  expect(fileOf({ "pool:a": '// "head" {\n{ "x": "@written 0@", } // tail }' })).toContain('// "head" {');
  expect(fileOf({ "pool:a": '{\n"x": "$& $1 //" /* $` */\n}' })).toContain("/* $` */");
  // A text that holds the mark of another's place.
  expect(fileOf({ "pool:a": '{ "x": 1, } // a', "pool:b": '{"x":"@written 0@"}' })).toContain("@written 0@");
  expect(fileOf({ "pool:a": '{\r\n  "x": 1 // one\r\n}' })).toContain('{\n      "x": 1 // one');
});
