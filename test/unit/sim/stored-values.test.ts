/** The single values in SQLite: docs/storage.md against the list of them in the code. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { memorySql } from "../../../sim/lib/memory-sql.ts";
import { ENDS_WITH_POOL, METADATA, type MetadataName } from "../../../src/pool/storage/metadata.ts";
import { PoolStore } from "../../../src/pool/storage/store.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const DOC = readFileSync(join(ROOT, "docs/storage.md"), "utf8");
const NAMES = Object.keys(METADATA) as MetadataName[];

/** A section, from its heading to the next one. */
function section(heading: string): string {
  const from = DOC.indexOf(`${heading}`);
  expect(from, heading).toBeGreaterThanOrEqual(0);
  const next = DOC.slice(from + heading.length).search(/^#{2,3} /m);
  return DOC.slice(from, next < 0 ? undefined : from + heading.length + next);
}

function named(text: string): MetadataName[] {
  return NAMES.filter((name) => text.includes(`\`${name}\``));
}

const ROWS = Array.from(
  section("### `metadata`").matchAll(/^\| `(\w+)` .*\| (yes|no) +\|$/gm),
  ([, name = "", ends]) => ({
    name,
    ends: ends === "yes",
  }),
);
const OF_ROUTES = section("## SQLite, in the object of the routes");

test("docs/storage.md lists each single value once, and no other", () => {
  const onlyOfRoutes = named(OF_ROUTES).filter((name) => !ROWS.some((row) => row.name === name));
  expect([...ROWS.map(({ name }) => name), ...onlyOfRoutes].sort()).toEqual([...NAMES].sort());
});

test("docs/storage.md says which single values end with the pool", () => {
  const ends = ROWS.filter((row) => row.ends).map(({ name }) => name);
  expect(ends.sort()).toEqual([...ENDS_WITH_POOL].sort());
});

test("a value that was never written is the initial one, and one that was written is read as it was", () => {
  const store = new PoolStore(memorySql());
  for (const name of NAMES) expect(store.get(name), name).toEqual(METADATA[name].initial);
  store.put("snapshot_version", 17);
  store.put("outliers", null);
  expect(store.get("snapshot_version")).toBe(17);
  expect(store.get("outliers")).toBeNull();
});

test("clearing a pool's store takes the values that end with the pool, and leaves the others", () => {
  const sql = memorySql();
  const store = new PoolStore(sql);
  for (const name of NAMES) store.put(name, METADATA[name].initial as never);
  store.clear();
  const left = sql.exec<{ key: string }>("SELECT key FROM metadata").toArray();
  const kept = NAMES.filter((name) => !METADATA[name].endsWithPool);
  expect(left.map(({ key }) => key).sort()).toEqual([...kept].sort());
});
