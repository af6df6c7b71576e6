import { formatPath } from "../../../src/config/errors.ts";
import { parseConfigFile } from "../../../src/config/parse.ts";
import { warningsOf } from "../../../src/config/warnings.ts";

export function warnings(value: unknown): string[] {
  const parsed = parseConfigFile(value);
  if (!parsed.ok) throw new Error(parsed.errors.map(({ message }) => message).join("\n"));
  return warningsOf(parsed.value).map(({ path, message }) => `${formatPath(path)}: ${message}`);
}

export const A = { id: "a", url: "https://a.example.com" };
export const B = { id: "b", url: "https://b.example.com" };
