import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { NOT_TESTED, TESTED } from "../fixtures/scenario-ledger.ts";

/** Of 77 on algorithms, 17 on health checks, 26 on retries, 22 from theory. */
const COLLECTION = 142;

const words = (text: string) => text.trim().split(/\s+/);

it.each(Object.entries(TESTED))("%s tests what the ledger says", (file, ids) => {
  const text = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
  for (const id of words(ids)) expect(text).toMatch(new RegExp(`${id.replace(".", "\\.")}(?!\\d)`));
});

it("has every scenario of the collection once", () => {
  const ids = [...Object.values(TESTED), ...NOT_TESTED.map((each) => each.ids)].flatMap(words);
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  expect(ids).toHaveLength(COLLECTION);
});
