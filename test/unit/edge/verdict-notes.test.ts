/** What is taken for a note, and what is not. */
import { describe, expect, it } from "vitest";
import { parsePool } from "../../../src/config/parse.ts";
import { noteOf, shapeOf } from "../../../src/contract/verdict-note.ts";
import { parseNote } from "../../../src/edge/pool/verdict-notes.ts";

const parsed = parsePool({ origins: ["a", "b", "c"].map((id) => ({ id, url: `https://${id}.example` })) });
if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
const config = parsed.value;
const shape = shapeOf("p", config);
const good = noteOf({ version: 2, config, states: new Map() }, shape);

it("the hash of a configuration has 64 bits", () => {
  expect(shape).toMatch(/^[0-9a-f]{16}$/);
  expect(shape.slice(0, 8)).not.toBe(shape.slice(8));
});

describe("what is no note", () => {
  it.each([
    "",
    "no JSON",
    "null",
    "[]",
    "7",
    "{}",
    JSON.stringify({ ...good, form: 2 }),
    JSON.stringify({ ...good, version: "2" }),
    JSON.stringify({ ...good, version: 0 }),
    JSON.stringify({ ...good, version: 1.5 }),
    JSON.stringify({ ...good, shape: 1 }),
    JSON.stringify({ ...good, origins: {} }),
    JSON.stringify({ ...good, origins: [[1, 1]] }),
    JSON.stringify({ ...good, origins: [[64, 1, 1]] }),
    JSON.stringify({ ...good, origins: [[1, -1, 1]] }),
    JSON.stringify({ ...good, origins: [[1, 1.001, 1]] }),
    JSON.stringify({ ...good, origins: [[1, 1, 0]] }),
    JSON.stringify({ ...good, origins: [[1, 1, 1.1]] }),
    JSON.stringify({ ...good, origins: [[1, 1, null]] }),
  ])("%s is ignored", (text) => {
    expect(parseNote(text)).toBeNull();
  });

  it("is not taken for one: the one above all of these are made from is", () => {
    expect(parseNote(JSON.stringify(good))).toEqual(good);
    expect(parseNote(JSON.stringify({ ...good, more: "of a later version" }))?.version).toBe(2);
  });
});
