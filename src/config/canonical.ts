/**
 * Gives equal documents one spelling, and bounds the size and depth of a document.
 * @module
 */
import { murmur3 } from "../core/hash/murmur3.ts";
import { brokenPlace } from "./broken-json.ts";
import { parseJson, plainJson } from "./json.ts";
import { repeatedKeyErrors } from "./repeated-keys.ts";

/**
 * Largest document, in bytes of UTF-8. An object's SQLite stores a document in one row, which holds 2 MB at most
 * (docs/platform.md, storage).
 */
export const MOST_DOCUMENT_BYTES = 1_900_000;
/**
 * Levels of lists and objects. A configuration has six; a far deeper document overflows the stack of code that walks
 * it.
 */
const MOST_DEPTH = 64;

/** Two independent hashes of 32 bits. */
const SEEDS = [0, 0x9e3779b9] as const;

export type DocumentText =
  | {
      readonly ok: true;
      readonly value: unknown;
      readonly canonical: string;
      /** The text, if its author gave it a form: comments, or more than one line. Else null. */
      readonly written: string | null;
    }
  /** The problem in words, one a line. `isJson` false: it is no JSON at all; else a rule of documents is not kept. */
  | { readonly ok: false; readonly reason: string; readonly isJson: boolean };

/**
 * `value` as JSON with its keys in order and no blanks: equal texts if and only if equal JSON values, whatever the
 * order of the keys was. For comparing and hashing. @throws RangeError for a value that is nested some thousand levels
 * deep
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** A document's content alone. `isPlain`: it has neither comments nor trailing commas. */
type DocumentValue =
  | { readonly ok: true; readonly value: unknown; readonly isPlain: boolean }
  | Extract<DocumentText, { ok: false }>;

/**
 * Parses a document of KV or of the API that must be JSON (with comments), not too large, not too deep, and without a key that
 * stands twice in its object. All that reads documents goes by this, or an isolate would take what the object refuses.
 * Never throws.
 */
export function readValue(text: string): DocumentValue {
  const tooLarge = sizeProblem(text);
  if (tooLarge !== null) return { ok: false, reason: tooLarge, isJson: true };
  const strict = parseJson(text);
  // Most are plain JSON, and what has comments is looked at once more: isolates read documents as they start.
  const plain = strict === undefined ? plainJson(text) : text;
  const reason = depthProblem(plain);
  if (reason !== null) return { ok: false, reason, isJson: true };
  const value = strict === undefined ? parseJson(plain) : strict;
  if (value === undefined) return { ok: false, reason: `${brokenPlace(text)}: not JSON`, isJson: false };
  const repeated = repeatedKeyErrors(text);
  if (repeated.length > 0) return { ok: false, reason: repeated.join("\n"), isJson: true };
  return { ok: true, value, isPlain: strict !== undefined };
}

/** The same, with the texts that are stored. */
export function readText(text: string): DocumentText {
  const read = readValue(text);
  if (!read.ok) return read;
  const { value, isPlain } = read;
  const canonical = canonicalJson(value);
  // A number may be longer in the canonical text: 1e20 has 21 digits.
  const grown = sizeProblem(canonical);
  if (grown !== null) return { ok: false, reason: grown, isJson: true };
  const hasForm = !isPlain || text.trim().includes("\n");
  return { ok: true, value, canonical, written: hasForm ? text : null };
}

/** The reason why `text` cannot be stored; null: it can. */
export function sizeProblem(text: string): string | null {
  const bytes = byteLength(text);
  if (bytes <= MOST_DOCUMENT_BYTES) return null;
  return `must have at most ${MOST_DOCUMENT_BYTES} bytes, found ${bytes}`;
}

/** The reason why the value of `text` is too deep to be walked; null: it is not. */
export function depthProblem(text: string): string | null {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === BACKSLASH) i++;
      else if (code === QUOTE) inString = false;
    } else if (code === QUOTE) inString = true;
    else if (code === OPEN_OBJECT || code === OPEN_LIST) {
      if (++depth > MOST_DEPTH) return `must be nested at most ${MOST_DEPTH} levels deep`;
    } else if (code === CLOSE_OBJECT || code === CLOSE_LIST) depth--;
  }
  return null;
}

/**
 * A hash that tells canonical texts apart. Not for secrets, and not safe against somebody who searches for a collision.
 */
export function documentHash(canonical: string): string {
  const parts = SEEDS.map((seed) => murmur3(canonical, seed).toString(36));
  return `${canonical.length.toString(36)}.${parts.join(".")}`;
}

const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_LIST, CLOSE_LIST] = [0x7b, 0x7d, 0x5b, 0x5d];

/** Encodes and counts only texts near the bound; for others their length decides. */
function byteLength(text: string): number {
  const isFar = text.length > MOST_DOCUMENT_BYTES || text.length * 3 <= MOST_DOCUMENT_BYTES;
  return isFar ? text.length : new TextEncoder().encode(text).length;
}
