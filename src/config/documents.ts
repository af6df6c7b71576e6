/**
 * The documents in KV: their names, their form there, and how far KV may be behind.
 * @module
 */
import { isId } from "./fields.ts";

export const ROUTES_KEY = "routes";
/**
 * For how long KV may show the past, a list of keys included, in ms: it promises to show a write everywhere after "up to
 * 60 seconds or more", and ten minutes are on the safe side.
 */
export const KV_PAST_MS = 600_000;
/** The prefix of the keys of pools, for listing them. */
export const POOL_KEY_PREFIX = "pool:";
/** As many keys as one listing of KV has: the watchdog and lists would not know of further pools (docs/storage.md). */
export const MOST_POOLS = 1_000;

/** A document and the timestamp that its writer gave it. */
export interface KvDocument {
  text: string;
  /** Milliseconds since the epoch; null if the key carries no such metadata. */
  updatedAt: number | null;
}

export function poolKey(id: string): string {
  return `${POOL_KEY_PREFIX}${id}`;
}

/** The id of the pool under `key`, or null if it is not the key of a pool. */
export function poolIdOfKey(key: string): string | null {
  if (!key.startsWith(POOL_KEY_PREFIX)) return null;
  const id = key.slice(POOL_KEY_PREFIX.length);
  return isId(id) ? id : null;
}
