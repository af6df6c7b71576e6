/**
 * A configuration file as the documents that stand in KV, word for word as the user wrote them: defaults are not
 * filled in, so that a later release's defaults apply to them.
 * @module
 */
import { readFile } from "node:fs/promises";
import { parse } from "jsonc-parser";
import { poolKey, ROUTES_KEY } from "../../src/config/documents.ts";
import { loadConfigFile } from "./config-file.ts";
import type { Documents } from "./kv-seed.ts";

export type LoadedDocuments =
  | { readonly ok: true; readonly documents: Documents }
  | { readonly ok: false; readonly errors: readonly string[] };

/** The documents of the file at `path`, if it is valid. */
export async function loadDocuments(path: string): Promise<LoadedDocuments> {
  const checked = await loadConfigFile(path, { allowIpOrigins: true });
  if (!checked.ok) return checked;
  // Just found valid. A change since then brings its own event, and the Worker checks what it reads as well.
  const source = (await readFile(path, "utf8")).replace(/^\uFEFF/, "");
  return { ok: true, documents: documentsOf(parse(source, [], { allowTrailingComma: true })) };
}

/** The documents of a valid configuration. */
export function documentsOf(config: { routes?: unknown; pools?: Record<string, unknown> }): Documents {
  const documents = new Map<string, string>();
  if (config.routes !== undefined) documents.set(ROUTES_KEY, JSON.stringify(config.routes));
  for (const [id, pool] of Object.entries(config.pools ?? {})) {
    documents.set(poolKey(id), JSON.stringify(pool));
  }
  return documents;
}
