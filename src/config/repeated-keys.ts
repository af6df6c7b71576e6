/**
 * Keys that stand twice in one object of a text. JSON keeps the last of them, so a change of one before it would do
 * nothing, and nobody would be told.
 * @module
 */
import { commentEnd, stringEnd } from "./json.ts";
import { MASK } from "./secrets.ts";

export interface RepeatedKey {
  /** In place of a whole header or parameter, which may be a secret, stands the mask. */
  readonly message: string;
  /** The key with its quotes, where it stands again. */
  readonly offset: number;
  readonly length: number;
}

/** @param text JSON, perhaps with comments. In its order. Linear in its length. */
export function repeatedKeys(text: string): RepeatedKey[] {
  const found: RepeatedKey[] = [];
  // The keys of each object around; null: a list.
  const around: (Set<string> | null)[] = [];
  let keys: Set<string> | null = null;
  let isKeyNext = false;
  for (let at = 0; at < text.length; ) {
    const mark = text[at];
    if (mark === '"') {
      const end = stringEnd(text, at);
      if (isKeyNext && keys !== null) {
        const key = nameOf(text.slice(at, end));
        if (keys.has(key)) found.push({ message: messageOf(key), offset: at, length: end - at });
        keys.add(key);
        isKeyNext = false;
      }
      at = end;
      continue;
    }
    const next = commentEnd(text, at);
    if (mark === "{" || mark === "[") {
      keys = mark === "{" ? new Set() : null;
      around.push(keys);
    } else if (mark === "}" || mark === "]") {
      around.pop();
      keys = around.at(-1) ?? null;
    }
    if (mark === "{" || mark === ",") isKeyNext = true;
    at = Math.max(at + 1, next);
  }
  return found;
}

function nameOf(quoted: string): string {
  return quoted.includes("\\") ? String(JSON.parse(quoted)) : quoted.slice(1, -1);
}

function messageOf(key: string): string {
  return `the key ${JSON.stringify(/[:=]/.test(key) ? MASK : key)} stands twice in this object`;
}

/** Errors that are told of one text. */
const MOST_TOLD = 20;

/** `line 3, column 5: the key "weight" stands twice in this object`, of each of the first 20. */
export function repeatedKeyErrors(text: string): string[] {
  let line = 1;
  let lineStart = 0;
  return repeatedKeys(text)
    .slice(0, MOST_TOLD)
    .map(({ message, offset }) => {
      for (
        let end = text.indexOf("\n", lineStart);
        end >= 0 && end < offset;
        end = text.indexOf("\n", lineStart)
      ) {
        line++;
        lineStart = end + 1;
      }
      return `line ${line}, column ${offset - lineStart + 1}: ${message}`;
    });
}
