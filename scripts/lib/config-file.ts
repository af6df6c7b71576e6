/**
 * Reads a configuration file (JSON with comments and trailing commas) and reports its errors as
 * `FILE:line:column: message`.
 * @module
 */
import { isUtf8 } from "node:buffer";
import { readFile } from "node:fs/promises";
import { getSystemErrorMessage } from "node:util";
import { type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";
import { depthProblem, sizeProblem } from "../../src/config/canonical.ts";
import { MOST_POOLS } from "../../src/config/documents.ts";
import { type ConfigError, type ConfigPath, formatPath } from "../../src/config/errors.ts";
import { parseJsonc } from "../../src/config/json.ts";
import { type ParseOptions, parseConfigFile } from "../../src/config/parse.ts";
import { repeatedKeys } from "../../src/config/repeated-keys.ts";
import type { ConfigFile } from "../../src/config/schema.ts";
import { warningsOf } from "../../src/config/warnings.ts";
import { TextPlaces } from "./text-places.ts";

/** A configuration as its author wrote it, defaults not filled in. */
export interface WrittenConfig {
  readonly routes?: unknown;
  readonly pools?: Record<string, unknown>;
}

export interface GoodConfig {
  readonly ok: true;
  readonly config: ConfigFile;
  readonly written: WrittenConfig;
  /** Warnings about settings that are probably not intended: lines like those of errors, in the order of the file. */
  readonly warnings: readonly string[];
  /** Formats `message` like an error, with the place of `path` (`pools.api.origins[0].url`) in the file. */
  readonly complain: (path: string, message: string) => string;
  /** The file's text at `path`, without the indentation of its first line; undefined: there is none. */
  readonly textAt: (path: ConfigPath) => string | undefined;
}

export type LoadedConfig = GoodConfig | { readonly ok: false; readonly errors: readonly string[] };

/**
 * Loads the configuration in the file at `path`.
 * @param options `allowIpOrigins`: for running locally, origins may be at IP addresses and localhost
 */
export async function loadConfigFile(
  path: string,
  options: Pick<ParseOptions, "allowIpOrigins"> = {},
): Promise<LoadedConfig> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    return { ok: false, errors: [`${path}: cannot be read: ${systemMessage(error)}`] };
  }
  const text = bytes.toString("utf8");
  // A wrong byte would come into force as another character.
  if (!isUtf8(bytes)) return { ok: false, errors: [placed(path, text)(text.indexOf("\uFFFD"), "not UTF-8")] };
  return loadConfigText(text, path, options);
}

/** The same for the file's text. Its errors begin with `name`. */
export function loadConfigText(
  text: string,
  name: string,
  options: Pick<ParseOptions, "allowIpOrigins"> = {},
): LoadedConfig {
  const json = parseJsonText(text, name);
  if (!json.ok) return json;
  const { tree, value: written, at } = json;
  const tooLarge = oversize(written as WrittenConfig);
  const parsed = parseConfigFile(written, options);
  const found = [
    ...tooLarge.map(({ path, message }) => ({ offset: offsetOf(tree, { path, at: "value" }), message })),
    ...repeatedKeys(json.source),
    ...(parsed.ok ? [] : parsed.errors).map((error) => ({
      offset: offsetOf(tree, error),
      message: error.message,
    })),
  ].sort((a, b) => a.offset - b.offset);
  if (parsed.ok && found.length === 0) {
    const complain = (path: string, message: string) =>
      at(offsetOf(tree, { path: parsePath(path), at: "value" }), message);
    const warnings = warningsOf(parsed.value)
      .map(({ path, message }) => {
        const at = typeof path.at(-1) === "number" ? "value" : "key";
        return { offset: offsetOf(tree, { path, at }), path, message };
      })
      .sort((a, b) => a.offset - b.offset)
      .map(({ offset, path, message }) => at(offset, `warning: ${formatPath(path)}: ${message}`));
    return {
      ok: true,
      config: parsed.value,
      written: written as WrittenConfig,
      warnings,
      complain,
      textAt: json.textAt,
    };
  }
  return { ok: false, errors: found.map(({ offset, message }) => at(offset, message)) };
}

/** Errors for documents that no row, no write and no listing can hold. Each pool is a document, and so are the routes. */
function oversize(written: WrittenConfig): { path: ConfigPath; message: string }[] {
  const number = Object.keys(written?.pools ?? {}).length;
  if (number > MOST_POOLS)
    return [{ path: ["pools"], message: `pools: must have at most ${MOST_POOLS} pools, found ${number}` }];
  const documents: [ConfigPath, unknown][] = Object.entries(written?.pools ?? {}).map(([id, pool]) => [
    ["pools", id],
    pool,
  ]);
  documents.push([["routes"], written?.routes]);
  return documents.flatMap(([path, document]) => {
    const problem = document === undefined ? null : sizeProblem(JSON.stringify(document));
    return problem === null ? [] : [{ path, message: `${formatPath(path)}: ${problem}` }];
  });
}

export type JsonText =
  | { readonly ok: false; readonly errors: readonly string[] }
  | {
      readonly ok: true;
      readonly value: unknown;
      /** The text without a mark of its order of bytes. */
      readonly source: string;
      readonly tree: Node;
      /** `message` with the place of `offset` before it. */
      at(offset: number, message: string): string;
      readonly textAt: GoodConfig["textAt"];
    };

/** A function that puts the place of an offset in `text` before a message. */
function placed(name: string, text: string): (offset: number, message: string) => string {
  const places = new TextPlaces(text);
  return (offset, message) => {
    const { line, column } = places.at(offset);
    return `${name}:${line}:${column}: ${message}`;
  };
}

/** Parses JSON with comments and trailing commas. Its errors begin with `name`. */
export function parseJsonText(text: string, name: string): JsonText {
  const source = text.replace(/^\uFEFF/, "");
  const at = placed(name, source);
  const syntax: ParseError[] = [];
  const tooDeep = depthProblem(source);
  if (tooDeep !== null) return { ok: false, errors: [at(0, `the file ${tooDeep}`)] };
  const tree = parseTree(source, syntax, { allowTrailingComma: true });
  const first = syntax[0];
  // Only the first error, because further ones are mostly consequences of it.
  if (first !== undefined) return { ok: false, errors: [at(first.offset, syntaxMessage(first))] };
  if (tree === undefined) return { ok: false, errors: [at(0, "the file is empty")] };
  return {
    ok: true,
    // As the balancer reads it: jsonc-parser would take a key `__proto__` for settings of its object.
    value: parseJsonc(source),
    source,
    tree,
    at,
    textAt: (path) => textAt(source, tree, path),
  };
}

/** The text at `path`, indented as if it began at the left margin. */
function textAt(source: string, tree: Node, path: ConfigPath): string | undefined {
  const [node, isThere] = nearestNode(tree, path);
  if (!isThere) return undefined;
  const { offset, length } = node;
  const line = source.slice(source.lastIndexOf("\n", offset) + 1, offset);
  const indent = /^[ \t]*/.exec(line)?.[0] ?? "";
  const [first = "", ...rest] = source.slice(offset, offset + length).split("\n");
  return [first, ...rest.map((each) => (each.startsWith(indent) ? each.slice(indent.length) : each))].join(
    "\n",
  );
}

/** The place of an error: the key if the key is wrong, otherwise the value, or the object that should contain it. */
export function offsetOf(tree: Node, error: Pick<ConfigError, "path" | "at">): number {
  const [node] = nearestNode(tree, error.path);
  const key = error.at === "key" ? node.parent?.children?.[0] : undefined;
  return (key ?? node).offset;
}

/** The value at `path` or, as far as there is any, around it; and whether it is the one at `path`. */
function nearestNode(tree: Node, path: ConfigPath): [nearest: Node, isThere: boolean] {
  let node = tree;
  for (const step of path) {
    const child = typeof step === "number" ? itemAt(node, step) : valuesOf(node).get(step);
    if (child === undefined) return [node, false];
    node = child;
  }
  return [node, true];
}

function itemAt({ type, children = [] }: Node, index: number): Node | undefined {
  return type === "array" ? children[index] : undefined;
}

/** Of each object that was asked for: a file may have warnings about each of thousands of pools. */
const VALUES = new WeakMap<Node, ReadonlyMap<unknown, Node>>();

/** The values of an object by their keys; of a key that stands twice, the first. */
function valuesOf(node: Node): ReadonlyMap<unknown, Node> {
  const known = VALUES.get(node);
  if (known !== undefined) return known;
  const values = new Map<unknown, Node>();
  for (const { children: [key, value] = [] } of node.type === "object" ? (node.children ?? []) : [])
    if (key !== undefined && value !== undefined && !values.has(key.value)) values.set(key.value, value);
  VALUES.set(node, values);
  return values;
}

/** The inverse of `formatPath`. */
function parsePath(text: string): ConfigPath {
  const steps = text.matchAll(/\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|([^.[\]]+)/g);
  return [...steps].map(([, index, quoted, name = ""]) => {
    if (index !== undefined) return Number(index);
    return quoted === undefined ? name : String(JSON.parse(quoted));
  });
}

/** `InvalidSymbol` -> `not valid JSON: invalid symbol` */
function syntaxMessage({ error }: ParseError): string {
  const words = printParseErrorCode(error).replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter}`);
  return `not valid JSON: ${words.toLowerCase()}`;
}

/** The operating system's message for a file, such as `no such file or directory`. */
export function systemMessage(error: unknown): string {
  const { errno } = error as NodeJS.ErrnoException;
  return errno === undefined ? String(error) : getSystemErrorMessage(errno);
}
