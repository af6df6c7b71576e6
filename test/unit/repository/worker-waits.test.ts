/** Tests in workerd wait with a patience that no slow machine exhausts: by `test/workers/test-clock.ts`. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const FOLDER = new URL("../../workers/", import.meta.url);
/** They give up after a second, or after the time that is given. */
const IMPATIENT = /\bvi\.waitFor\b|\bvi\.waitUntil\b|\bexpect\s*\.poll\b/;

it("no test in workerd waits for a condition in a way that gives up by the clock", () => {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith(".ts"));
  expect(files).toContain("test-clock.ts");
  const impatient = files.filter((name) => IMPATIENT.test(readFileSync(new URL(name, FOLDER), "utf8")));
  expect(impatient).toEqual([]);
});
