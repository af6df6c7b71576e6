/**
 * Reads configuration documents from KV.
 * @module
 */
import type { Env } from "./env.ts";

/** KV keeps what it read this long at each location; 30 is the least it takes (PLATFORM: KV). */
export const KV_CACHE_TTL_S = 30;

/** A document and the mark its writer left on it. */
export interface KvDocument {
  text: string;
  /** Milliseconds since the epoch; null if the key carries no such metadata. */
  updatedAt: number | null;
}

/** @returns null if there is no such key */
export async function readDocument(env: Env, key: string): Promise<KvDocument | null> {
  const found = await env.POOLS.getWithMetadata<{ updated_at?: unknown }>(key, {
    type: "text",
    cacheTtl: KV_CACHE_TTL_S,
  });
  if (found.value === null) return null;
  const updatedAt = found.metadata?.updated_at;
  return { text: found.value, updatedAt: typeof updatedAt === "number" ? updatedAt : null };
}

/** The ids of all pools that have a document; at most 1,000, which is what one listing gives. */
export async function listKeys(env: Env, prefix: string): Promise<string[]> {
  const listed = await env.POOLS.list({ prefix });
  return listed.keys.map((key) => key.name);
}

/** @param updatedAt the mark by which readers tell an older document from a newer one, in ms since the epoch */
export async function writeDocument(env: Env, key: string, text: string, updatedAt: number): Promise<void> {
  await env.POOLS.put(key, text, { metadata: { updated_at: updatedAt } });
}

export async function deleteDocument(env: Env, key: string): Promise<void> {
  await env.POOLS.delete(key);
}
