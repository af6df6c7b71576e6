/** What a deployed version wrote or still reads: test/golden/frozen.json lists it, and this compares it with the code. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { FROZEN_FILE, frozen } from "./frozen.ts";

const listed: Record<string, readonly string[]> = JSON.parse(readFileSync(FROZEN_FILE, "utf8"));
const found = frozen();

test("the list has the kinds of names that the program has, and none is empty", () => {
  expect(Object.keys(listed)).toEqual(Object.keys(found));
  for (const [kind, lines] of Object.entries(found)) expect(lines.length, kind).toBeGreaterThan(0);
});

test.for(Object.keys(found))("frozen, %s: no listed name was renamed or removed", (kind) => {
  const gone = (listed[kind] ?? []).filter((line) => !found[kind]?.includes(line));
  expect(gone, "a deployed version has it: add beside it (AGENTS.md, Frozen once deployed)").toEqual([]);
});

test.for(Object.keys(found))("frozen, %s: every name is listed", (kind) => {
  const added = (found[kind] ?? []).filter((line) => !listed[kind]?.includes(line));
  expect(added, "add it to test/golden/frozen.json: node test/golden/make-frozen.ts").toEqual([]);
});
