/**
 * Writes frozen.json. Run it only to add: the diff must not change or take away a line that is there. Lines that are
 * listed keep their places, wherever their source has moved to.
 * @module
 */
import { readFileSync, writeFileSync } from "node:fs";
import { FROZEN_FILE, frozen } from "../unit/frozen/frozen.ts";

const listed: Record<string, readonly string[]> = JSON.parse(readFileSync(FROZEN_FILE, "utf8"));
const lists = Object.entries(frozen()).map(([kind, found]) => {
  const before = listed[kind] ?? [];
  const kept = before.filter((line) => found.includes(line));
  return [kind, [...kept, ...found.filter((line) => !before.includes(line))]];
});
writeFileSync(FROZEN_FILE, `${JSON.stringify(Object.fromEntries(lists), null, 2)}\n`);
