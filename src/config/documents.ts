/**
 * The names of the documents in KV.
 * @module
 */
import { isId } from "./fields.ts";

export const ROUTES_KEY = "routes";
/** What the keys of pools begin with, for listing them. */
export const POOL_KEY_PREFIX = "pool:";

export function poolKey(id: string): string {
  return `${POOL_KEY_PREFIX}${id}`;
}

/** The id of the pool under `key`, or null if it is not the key of a pool. */
export function poolIdOfKey(key: string): string | null {
  if (!key.startsWith(POOL_KEY_PREFIX)) return null;
  const id = key.slice(POOL_KEY_PREFIX.length);
  return isId(id) ? id : null;
}
