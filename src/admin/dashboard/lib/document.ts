/**
 * A document as a text: its errors of form, and where in it a path stands.
 * @module
 */
import {
  findNodeAtLocation,
  type JSONPath,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from "jsonc-parser";
import { repeatedKeys } from "../../../contract/dashboard.ts";
import type { DocumentError } from "./api.ts";

/** An error with its place; `offset` null: nowhere in the text. */
export interface PlacedError extends DocumentError {
  offset: number | null;
  length: number;
  /** From 1. */
  line: number | null;
}

/** Of JSON with comments and commas at the end of lists, which is how files of configuration are written. */
export function formErrors(text: string): PlacedError[] {
  const found: ParseError[] = [];
  parseTree(text, found, { allowTrailingComma: true });
  const [first] = found;
  if (first === undefined)
    return repeatedKeys(text).map(({ message, offset, length }) =>
      placed({ path: "", message }, text, offset, length),
    );
  const message = `not JSON: ${words(printParseErrorCode(first.error))}`;
  return [placed({ path: "", message }, text, first.offset, first.length)];
}

/** What one looks for first stands first, the rest in order: however two equal documents were written. */
const FIRST_KEYS = [
  "id",
  "url",
  "host",
  "path",
  "where",
  "pool",
  "pools",
  "steer",
  "split",
  "fallback_pool",
  "respond",
  "redirect",
  "algorithm",
  "coordination",
];

/** A document for reading and editing. */
export function documentText(document: unknown): string {
  return `${JSON.stringify(document, inOrder, 2)}\n`;
}

/** Part of a document, on one line. Equal parts have equal texts. */
export function partText(part: unknown): string {
  return JSON.stringify(part, inOrder);
}

function inOrder(_key: string, part: unknown): unknown {
  if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
  const known = FIRST_KEYS.filter((key) => Object.hasOwn(part, key));
  const rest = Object.keys(part).filter((key) => !known.includes(key));
  const values = part as Record<string, unknown>;
  return Object.fromEntries([...known, ...rest.sort()].map((key) => [key, values[key]]));
}

/** @param base how the paths of the errors begin: `pools.web` for the document of the pool web */
export function placeErrors(text: string, errors: readonly DocumentError[], base: string): PlacedError[] {
  const root = parseTree(text);
  return errors.map((error) => {
    const node = root === undefined ? null : nearest(root, pathOf(error.path, base));
    // A whole object or list says little: its beginning is enough.
    const isLeaf = node !== null && node.children === undefined;
    return placed(error, text, node?.offset ?? null, isLeaf ? node.length : 1);
  });
}

function placed(error: DocumentError, text: string, offset: number | null, length: number): PlacedError {
  const line = offset === null ? null : text.slice(0, offset).split("\n").length;
  return { ...error, offset, length: Math.max(1, length), line };
}

/** The node at the path, or the last one on the way to it. */
function nearest(root: Node, path: JSONPath): Node {
  for (let length = path.length; length > 0; length--) {
    const node = findNodeAtLocation(root, path.slice(0, length));
    if (node !== undefined) return propertyOf(node);
  }
  return root;
}

/** With its key, if it has one: the error is in the key as often as in the value. */
function propertyOf(node: Node): Node {
  const { parent } = node;
  if (parent?.type !== "property" || node.children !== undefined) return node;
  return { ...node, offset: parent.offset, length: parent.length };
}

/** As config/errors.ts writes paths: `pools.web.origins[0].weight`, `headers["x-y z"]`. */
function pathOf(path: string, base: string): JSONPath {
  const rest = path.startsWith(base) ? path.slice(base.length) : path;
  const steps = rest.matchAll(/\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|([\w$-]+)/g);
  return [...steps].map(([, index, quoted, name]) => {
    if (index !== undefined) return Number(index);
    return quoted === undefined ? (name ?? "") : (JSON.parse(quoted) as string);
  });
}

/** `CommaExpected` becomes `comma expected`. */
function words(code: string): string {
  return code.replace(/(?<!^)([A-Z])/g, " $1").toLowerCase();
}
