import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Node, parseTree } from "jsonc-parser";
import { describe, expect, it } from "vitest";
import { loadConfigFile, loadConfigText, offsetOf } from "../../../scripts/lib/config-file.ts";
import { counted } from "../../support/counted-list.ts";

const errorsOf = (text: string) => {
  const loaded = loadConfigText(text, "lb.jsonc");
  return loaded.ok ? [] : loaded.errors;
};

describe("errors of a file point at file, line and column", () => {
  it.each<[what: string, text: string, expected: string]>([
    [
      "a bad value: at the value",
      '{ "pools": {\n  "web": { "slow_start": -1, "origins": [ { "id": "a", "url": "https://a.com" } ] } } }',
      "lb.jsonc:2:26: pools.web.slow_start: must be a number from 0 to 3600, found -1",
    ],
    [
      "an unknown key: at the key",
      '{ "pools": {\n  "web": { "slow_stat": 1, "origins": [ { "id": "a", "url": "https://a.com" } ] } } }',
      'lb.jsonc:2:12: pools.web.slow_stat: unknown key, did you mean "slow_start"?',
    ],
    [
      "a bad pool id: at the id",
      '{ "pools": {\n  "web": { "origins": [ { "id": "a", "url": "https://a.com" } ] },\n  "Web": {} } }',
      'lb.jsonc:3:3: pools.Web: must be 1 to 63 lower-case letters, digits, "_" or "-", the first a letter or a digit, found "Web"',
    ],
    [
      "a key __proto__: at the key, and nothing comes of what it holds",
      '{ "pools": { "web": {\n  "__proto__": { "algorithm": "first" }, "origins": [ { "id": "a", "url": "https://a.com" } ] } } }',
      "lb.jsonc:2:3: pools.web.__proto__: unknown key",
    ],
    [
      "a key __proto__ among free names: at the key",
      '{ "pools": { "web": { "origins": [ { "id": "a", "url": "https://a.com" } ],\n "health_check": { "headers": { "__proto__": "x" } } } } }',
      "lb.jsonc:2:33: pools.web.health_check.headers.__proto__: unknown key",
    ],
    [
      "a pool __proto__: at the key",
      '{ "pools": { "web": { "origins": [ { "id": "a", "url": "https://a.com" } ] },\n "__proto__": {} } }',
      "lb.jsonc:2:2: pools.__proto__: unknown key",
    ],
    [
      "a missing field: at the object that lacks it",
      '{ "pools": { "web":\n  {} } }',
      "lb.jsonc:2:3: pools.web.origins: must be a list of 1 to 5000 items, found nothing",
    ],
    [
      "a pool that does not exist: at its name",
      '{ "routes": [\n { "pool": "wep" } ], "pools": { "web": { "origins": [ { "id": "a", "url": "https://a.com" } ] } } }',
      'lb.jsonc:2:12: routes[0].pool: must be a pool that exists, found "wep", did you mean "web"?',
    ],
    [
      "a key that stands twice: at the second",
      '{ "pools": { "web": { "slow_start": 1,\n "slow_start": 2, "origins": [ { "id": "a", "url": "https://a.com" } ] } } }',
      'lb.jsonc:2:2: the key "slow_start" stands twice in this object',
    ],
    ["broken JSON: where it breaks", '{\n  "pools": {,\n}', "lb.jsonc:2:13: not valid JSON: value expected"],
    ["an unclosed object: at the end", '{ "pools": {', "lb.jsonc:1:13: not valid JSON: close brace expected"],
    ["an empty file", "", "lb.jsonc:1:1: not valid JSON: value expected"],
    ["only a comment", "// nothing", "lb.jsonc:1:11: not valid JSON: value expected"],
  ])("%s", (_what, text, expected) => {
    expect(errorsOf(text)).toEqual([expected]);
  });

  it("in the order of the file", () => {
    const text =
      '{ "pools": { "web": {\n "slow_stat": 1,\n "origins": [\n { "id": "A", "url": "http://10.0.0.1" } ],\n "log": 5 } } }';
    expect(errorsOf(text).map((error) => error.split(":").slice(1, 3).join(":"))).toEqual([
      "2:2",
      "4:10",
      "4:22",
      "5:9",
    ]);
  });
});

it("takes comments, trailing commas and a byte order mark", () => {
  const text =
    '\uFEFF// pools\n{ "pools": { /* one */ "web": { "origins": [ { "id": "a", "url": "https://a.com", }, ], }, }, }';
  expect(errorsOf(text)).toEqual([]);
});

it("allows IP origins when told to", () => {
  const text = '{ "pools": { "web": { "origins": [ { "id": "a", "url": "http://127.0.0.1:81" } ] } } }';
  expect(loadConfigText(text, "x").ok).toBe(false);
  expect(loadConfigText(text, "x", { allowIpOrigins: true }).ok).toBe(true);
});

it("refuses a file that is not UTF-8, and says where", async () => {
  const directory = mkdtempSync(join(tmpdir(), "config-file-"));
  try {
    const path = join(directory, "lb.jsonc");
    // As Latin-1 has it.
    writeFileSync(path, Buffer.from('{ "pools":\n {} } // f\u00fcr', "latin1"));
    expect(await loadConfigFile(path)).toEqual({ ok: false, errors: [`${path}:2:11: not UTF-8`] });
  } finally {
    rmSync(directory, { recursive: true });
  }
});

it("says why a file cannot be read", async () => {
  expect(await loadConfigFile("no/such/file.jsonc")).toEqual({
    ok: false,
    errors: ["no/such/file.jsonc: cannot be read: no such file or directory"],
  });
});

it("finds the places of errors about each of many pools with one look through the file", () => {
  const ids = Array.from({ length: 500 }, (_, n) => `pool-${n}`);
  const text = JSON.stringify(Object.fromEntries(ids.map((id) => [id, { a: 1 }])));
  const parsed = parseTree(text);
  const { list, looks } = counted(parsed?.children ?? []);
  const tree: Node = { type: "object", offset: 0, length: text.length, children: list };
  const offsets = ids.map((id) => offsetOf(tree, { path: [id, "a"], at: "key" }));
  expect(offsets).toEqual(ids.map((id) => text.indexOf('"a"', text.indexOf(`"${id}"`))));
  expect(looks()).toBeLessThanOrEqual(2 * ids.length);
});

it("refuses more pools than one listing of KV has", () => {
  const pool = { origins: [{ id: "a", url: "https://a.com" }] };
  const file = (count: number) =>
    JSON.stringify({ pools: Object.fromEntries(Array.from({ length: count }, (_, n) => [`p${n}`, pool])) });
  expect(errorsOf(file(1_000))).toEqual([]);
  expect(errorsOf(file(1_001))).toEqual(["lb.jsonc:1:10: pools: must have at most 1000 pools, found 1001"]);
});
