/** Reads constants from source files, private ones too, so that tests can compare them with the docs. */
import { readFileSync } from "node:fs";

const ROOT = new URL("../../", import.meta.url);
const NUMBER = String.raw`\d[\d_]*(?:\.\d[\d_]*)?`;
const FACTOR = `(?:${NUMBER}|[A-Z][A-Z0-9_]*)`;
/** A number, or a product of numbers and of constants defined before it. */
const CONSTANT = new RegExp(`^(?:export )?const ([A-Z][A-Z0-9_]*) = (${FACTOR}(?: \\* ${FACTOR})*);`, "gm");
/** `const RETRIES = { firstMs: 1_000, longestMs: 60_000 };`, as `RETRIES.firstMs`. */
const PAIR = new RegExp(
  `^(?:export const|const|  ) ?(\\w+)(?: =|:) \\{ firstMs: (${NUMBER}), longestMs: (${FACTOR}) \\}`,
  "gm",
);

export type Constants = (name: string) => number;

/** @param path of a source file, relative to the top of the repository */
export function constantsOf(path: string): Constants {
  const text = readFileSync(new URL(path, ROOT), "utf8");
  const found = new Map<string, number>();
  const read = (factor: string) => found.get(factor) ?? Number(factor.replaceAll("_", ""));
  for (const [, name = "", product = ""] of text.matchAll(CONSTANT)) {
    const factors = product.split(" * ").map(read);
    found.set(
      name,
      factors.reduce((all, factor) => all * factor, 1),
    );
  }
  for (const [, name = "", firstMs = "", longestMs = ""] of text.matchAll(PAIR)) {
    found.set(`${name}.firstMs`, read(firstMs));
    found.set(`${name}.longestMs`, read(longestMs));
  }
  return (name) => {
    const value = found.get(name);
    if (value === undefined || Number.isNaN(value)) throw new Error(`${path} has no number ${name}`);
    return value;
  };
}
