/**
 * What happened to the routes. No feed tells of them, so they are asked for while somebody looks, far less often.
 * @module
 */
import { useEffect, useState } from "hono/jsx/dom";
import type { PoolEvent } from "../../../contract/events.ts";
import { call } from "./api.ts";
import { askBesideFeed } from "./beside-feed.ts";

const everyMs = () => 5_000;

/** An event of a pool, or of the routes. */
export type ShownEvent = PoolEvent & { ofRoutes?: boolean };

/** Newest first; empty until they are there. */
export function useRouteEvents(limit: number): readonly ShownEvent[] {
  const [events, setEvents] = useState<readonly ShownEvent[]>([]);
  useEffect(
    () =>
      askBesideFeed(
        everyMs,
        () => ask(limit),
        (found) => found !== null && setEvents(found),
      ),
    [limit],
  );
  return events;
}

/** Null: they cannot be had. */
async function ask(limit: number): Promise<ShownEvent[] | null> {
  const path = `/routes/events?limit=${limit}`;
  const answer = await call<{ events: Omit<PoolEvent, "pool">[] }>(path).catch(() => null);
  return answer === null ? null : answer.events.map((event) => ({ ...event, pool: "", ofRoutes: true }));
}
