/**
 * Makes a configuration file from documents, each as its author wrote it if that text is stored.
 * @module
 */
import { canonicalJson, readText } from "../../src/config/canonical.ts";
import { poolIdOfKey, ROUTES_KEY } from "../../src/config/documents.ts";
import { parseJsonc } from "../../src/config/json.ts";
import { prettyJson } from "./pretty-json.ts";
import type { StoredDocuments } from "./stores/config-store.ts";

interface FileContent {
  readonly routes?: unknown;
  readonly pools: Readonly<Record<string, unknown>>;
}

/** `config` as the text of a file. @param stored the documents it was made of */
export function writtenFile(config: FileContent, stored: StoredDocuments): string {
  const texts: string[] = [];
  const place = (key: string, document: unknown): unknown => {
    const content = readText(stored.get(key)?.text ?? "");
    if (!content.ok || content.written === null) return document;
    return `@written ${texts.push(content.written) - 1}@`;
  };
  const pools = [...stored.keys()].flatMap((key) => {
    const id = poolIdOfKey(key);
    return id !== null && Object.hasOwn(config.pools, id) ? [[id, place(key, config.pools[id])]] : [];
  });
  const placed = {
    ...("routes" in config ? { routes: place(ROUTES_KEY, config.routes) } : {}),
    pools: { ...config.pools, ...Object.fromEntries(pools) },
  };
  const text = prettyJson(placed).replace(
    /^( *)(.*)"@written (\d+)@"/gm,
    (_all, indent: string, before: string, at: string) =>
      `${indent}${before}${indented(texts[Number(at)] ?? "", indent)}`,
  );
  // Compared, because a comment might be in a place where it hides the following text.
  const isSame = canonicalJson(parseJsonc(text) ?? null) === canonicalJson(config);
  return isSame ? text : prettyJson(config);
}

/** Ends with a new line if the last line may have a comment, so that it does not hide the following text. */
function indented(text: string, indent: string): string {
  const lines = text.trim().split(/\r?\n/);
  const end = lines.at(-1)?.includes("//") === true ? `\n${indent}` : "";
  return lines.map((line, i) => (i === 0 || line === "" ? line : indent + line)).join("\n") + end;
}
