/**
 * Finds the pools of a route that a client has sessions in, by the tags in its cookie, even before any of the pools is
 * known here. The edge and `explain` share this code.
 * @module
 */
import type { StickyConfig } from "../config/schema.ts";
import type { SteeredRoute } from "../config/steer.ts";
import { sessionParts } from "./session-cookie.ts";

const NONE: readonly number[] = [];

/**
 * Their positions in the route, that of the pool which answered last first.
 * @param header the request's Cookie header
 * @param names cookies under which pools keep sessions
 * @param stickyOf how a pool keeps sessions; null: not by cookie; undefined: the pool is not known here
 */
export function sessionPools(
  { steering: { byTag, pools } }: SteeredRoute,
  header: string | null,
  nowMs: number,
  names: Iterable<string>,
  stickyOf: (pool: string) => StickyConfig | null | undefined,
): readonly number[] {
  if (byTag.size === 0 || header === null) return NONE;
  const positions: number[] = [];
  for (const { tag, givenOutS } of sessionParts(header, names)) {
    const position = byTag.get(tag);
    if (position === undefined || positions.includes(position)) continue;
    const sticky = stickyOf(pools[position]?.pool ?? "");
    if (sticky === null || isOver(sticky, givenOutS, nowMs)) continue;
    positions.push(position);
  }
  return positions;
}

/** A part that is not known to have ended counts as valid: the browser drops a cookie whose time is over. */
function isOver(sticky: StickyConfig | undefined, givenOutS: number, nowMs: number): boolean {
  if (sticky === undefined) return false;
  return sticky.method === "ip" || Math.floor(nowMs / 1_000) - givenOutS > sticky.ttl;
}
