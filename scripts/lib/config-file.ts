/**
 * Reads a configuration file (JSON with comments and trailing commas) and says what is wrong with it as
 * `FILE:line:column: message`.
 * @module
 */
import { readFile } from "node:fs/promises";
import { getSystemErrorMessage } from "node:util";
import {
  findNodeAtLocation,
  type Node,
  type ParseError,
  parse,
  parseTree,
  printParseErrorCode,
} from "jsonc-parser";
import type { ConfigError, ConfigPath } from "../../src/config/errors.ts";
import { type ParseOptions, parseConfigFile } from "../../src/config/parse.ts";
import type { ConfigFile } from "../../src/config/schema.ts";

/** A configuration as its author wrote it, defaults not filled in. */
export interface WrittenConfig {
  readonly routes?: unknown;
  readonly pools?: Record<string, unknown>;
}

export interface GoodConfig {
  readonly ok: true;
  readonly config: ConfigFile;
  readonly written: WrittenConfig;
  /** Says `message` the way errors are: with the place of `path` (`pools.api.origins[0].url`) in the file. */
  readonly complain: (path: string, message: string) => string;
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
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    return { ok: false, errors: [`${path}: cannot be read: ${systemMessage(error)}`] };
  }
  return loadConfigText(text, path, options);
}

/** The same for the file's text; `name` is what its errors begin with. */
export function loadConfigText(
  text: string,
  name: string,
  options: Pick<ParseOptions, "allowIpOrigins"> = {},
): LoadedConfig {
  const json = parseJsonText(text, name);
  if (!json.ok) return json;
  const { tree, value: written, at } = json;
  const parsed = parseConfigFile(written, options);
  const found = [
    ...repeatedKeys(tree).map((node) => ({ offset: node.offset, message: repeatedKeyMessage(node) })),
    ...(parsed.ok ? [] : parsed.errors).map((error) => ({
      offset: offsetOf(tree, error),
      message: error.message,
    })),
  ].sort((a, b) => a.offset - b.offset);
  if (parsed.ok && found.length === 0) {
    const complain = (path: string, message: string) =>
      at(offsetOf(tree, { path: parsePath(path), at: "value" }), message);
    return { ok: true, config: parsed.value, written: written as WrittenConfig, complain };
  }
  return { ok: false, errors: found.map(({ offset, message }) => at(offset, message)) };
}

export type JsonText =
  | { readonly ok: false; readonly errors: readonly string[] }
  | {
      readonly ok: true;
      readonly value: unknown;
      readonly tree: Node;
      /** `message` with the place of `offset` before it. */
      at(offset: number, message: string): string;
    };

/** Parses JSON with comments and trailing commas; `name` is what its errors begin with. */
export function parseJsonText(text: string, name: string): JsonText {
  const source = text.replace(/^\uFEFF/, "");
  const at = (offset: number, message: string) => `${name}:${position(source, offset)}: ${message}`;
  const syntax: ParseError[] = [];
  const tree = parseTree(source, syntax, { allowTrailingComma: true });
  const first = syntax[0];
  // Only the first: what follows a syntax error is mostly its echo.
  if (first !== undefined) return { ok: false, errors: [at(first.offset, syntaxMessage(first))] };
  if (tree === undefined) return { ok: false, errors: [at(0, "the file is empty")] };
  return { ok: true, value: parse(source, [], { allowTrailingComma: true }), tree, at };
}

/** Where the error shows: at the key if that is wrong, else at the value, or at what should hold it. */
export function offsetOf(tree: Node, error: Pick<ConfigError, "path" | "at">): number {
  const node = nearestNode(tree, error.path);
  const key = error.at === "key" ? node.parent?.children?.[0] : undefined;
  return (key ?? node).offset;
}

function nearestNode(tree: Node, path: ConfigPath): Node {
  for (let length = path.length; length > 0; length--) {
    const node = findNodeAtLocation(tree, path.slice(0, length));
    if (node !== undefined) return node;
  }
  return tree;
}

/** What `formatPath` was given. */
function parsePath(text: string): ConfigPath {
  const steps = text.matchAll(/\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|([^.[\]]+)/g);
  return [...steps].map(([, index, quoted, name = ""]) => {
    if (index !== undefined) return Number(index);
    return quoted === undefined ? name : String(JSON.parse(quoted));
  });
}

/** The keys that stand twice in one object: JSON keeps the last, which is rarely what was meant. */
function repeatedKeys(node: Node): Node[] {
  const seen = new Set<unknown>();
  return (node.children ?? []).flatMap((child) => {
    const key = node.type === "object" ? child.children?.[0] : undefined;
    const repeated = key !== undefined && seen.has(key.value);
    if (key !== undefined) seen.add(key.value);
    return [...(repeated ? [key] : []), ...repeatedKeys(child)];
  });
}

function repeatedKeyMessage(key: Node): string {
  return `the key ${JSON.stringify(key.value)} stands twice in this object`;
}

/** `InvalidSymbol` -> `not valid JSON: invalid symbol` */
function syntaxMessage({ error }: ParseError): string {
  const words = printParseErrorCode(error).replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter}`);
  return `not valid JSON: ${words.toLowerCase()}`;
}

/** `line:column` of `offset`, both from 1. */
export function position(text: string, offset: number): string {
  const before = text.slice(0, offset).split("\n");
  return `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
}

/** What the operating system says of a file: `no such file or directory`. */
export function systemMessage(error: unknown): string {
  const { errno } = error as NodeJS.ErrnoException;
  return errno === undefined ? String(error) : getSystemErrorMessage(errno);
}
