/**
 * Names the pool of a session cookie without revealing the pool's id.
 * @module
 */
import { murmur3 } from "../hash/murmur3.ts";

const TAG_LENGTH = 6;

/**
 * The last six base-36 digits of the hash of a pool's id: the cookie does not show the id, yet every isolate can tell
 * which of a route's pools a session is in, even before it has a snapshot of any of them. The chance that two pools
 * share a tag is one in two billion.
 */
export function poolTag(pool: string): string {
  return murmur3(pool).toString(36).padStart(TAG_LENGTH, "0").slice(-TAG_LENGTH);
}
