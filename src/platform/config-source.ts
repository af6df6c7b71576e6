/**
 * Reads configuration documents from KV.
 * @module
 */
import type { KvDocument } from "../config/documents.ts";
import type { Env } from "./env.ts";
import { inTime } from "./in-time.ts";

/** Seconds for which KV caches a value at each location; 30 is the least that it accepts (docs/platform.md, KV). */
const KV_CACHE_TTL_S = 30;

/** Longest wait for KV in ms. After that KV counts as out of reach, so that nothing hangs on it. */
const LONGEST_READ_MS = 2_000;
/** Longest wait for a write in ms; a write to KV may take long. */
const LONGEST_WRITE_MS = 10_000;

/**
 * @param withinMs the longest to wait
 * @returns null if there is no such key
 * @throws if KV fails, or does not answer in time
 */
export async function readDocument(
  env: Env,
  key: string,
  withinMs = LONGEST_READ_MS,
): Promise<KvDocument | null> {
  const reading = env.POOLS.getWithMetadata<{ updated_at?: unknown }>(key, {
    type: "text",
    cacheTtl: KV_CACHE_TTL_S,
  });
  const found = await inTime(reading, "KV", withinMs);
  if (found.value === null) return null;
  const updatedAt = found.metadata?.updated_at;
  return { text: found.value, updatedAt: typeof updatedAt === "number" ? updatedAt : null };
}

/**
 * At most 1,000 keys, which is what one listing gives. A listing is expensive, and the free plan has few of them a day,
 * so it is never made for a request.
 * @throws if KV fails, or does not answer in time
 */
export async function listKeys(env: Env, prefix: string): Promise<string[]> {
  const listed = await inTime(env.POOLS.list({ prefix }), "KV", LONGEST_READ_MS);
  return listed.keys.map((key) => key.name);
}

/** @param updatedAt the timestamp by which readers tell an older document from a newer one, in ms since the epoch */
export async function writeDocument(env: Env, key: string, text: string, updatedAt: number): Promise<void> {
  await inTime(env.POOLS.put(key, text, { metadata: { updated_at: updatedAt } }), "KV", LONGEST_WRITE_MS);
}

export async function deleteDocument(env: Env, key: string): Promise<void> {
  await inTime(env.POOLS.delete(key), "KV", LONGEST_WRITE_MS);
}
