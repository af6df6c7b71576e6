/**
 * Splits a configuration file into the documents for KV, exactly as the user wrote them. Defaults are not filled in, so
 * that the defaults of a later release apply to them.
 * @module
 */
import { poolKey, ROUTES_KEY } from "../../src/config/documents.ts";
import { loadConfigFile, type WrittenConfig } from "./config-file.ts";
import type { Documents } from "./kv-seed.ts";

export type LoadedDocuments =
  | { readonly ok: true; readonly documents: Documents }
  | { readonly ok: false; readonly errors: readonly string[] };

/** The documents of the file at `path`, if it is valid. */
export async function loadDocuments(path: string): Promise<LoadedDocuments> {
  const checked = await loadConfigFile(path, { allowIpOrigins: true });
  return checked.ok ? { ok: true, documents: documentsOf(checked.written) } : checked;
}

/** The documents of a valid configuration. */
export function documentsOf(config: WrittenConfig): Documents {
  const documents = new Map<string, string>();
  if (config.routes !== undefined) documents.set(ROUTES_KEY, JSON.stringify(config.routes));
  for (const [id, pool] of Object.entries(config.pools ?? {})) {
    documents.set(poolKey(id), JSON.stringify(pool));
  }
  return documents;
}
