import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const docs = new URL("../../../docs/", import.meta.url);
const linked = [
  ...readFileSync(new URL("README.md", docs), "utf8").matchAll(/^\| \[([^\]]+)\]\(([^)]+)\)/gm),
];

test("docs/README.md names every page of docs/ once, and no other", () => {
  const pages = readdirSync(docs).filter((name) => name.endsWith(".md") && name !== "README.md");
  expect(linked.map(([, , address]) => address).sort()).toEqual(pages.sort());
  for (const [, name, address] of linked) expect(name).toBe(address);
});
