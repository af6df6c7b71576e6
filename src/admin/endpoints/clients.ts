/**
 * Answers to clients: of all pools together, of each pool, and of requests that no pool handled.
 * @module
 */
import * as z from "zod";
import { clientStats } from "../../contract/client-stats.ts";
import type { ClientFigures, ClientsWindow } from "../../contract/stats.ts";
import { ClientCounts } from "../../core/metrics/client-counts.ts";
import type { Env } from "../../platform/env.ts";
import { knownPools } from "../../platform/object-client.ts";
import { wholeNumber } from "../http/body.ts";
import { type Endpoint, endpoint, json } from "../http/endpoint.ts";
import { clientsSchema } from "../http/live-schemas.ts";
import { askPool, askRoutes, orNull } from "../http/pool-client.ts";

/** Most routes and hosts that are listed one by one. */
const MOST_KEYS = 200;
const DEFAULT_WINDOW_S = 60;

/** The figures of several windows together; null: there are none. */
export function clientFigures(windows: readonly ClientsWindow[]): ClientFigures | null {
  if (windows.length === 0) return null;
  const counts = new ClientCounts(MOST_KEYS);
  for (const window of windows) counts.merge(window.counts);
  const seconds = Math.max(1, ...windows.map(({ at, since }) => (at - since) / 1_000));
  const stats = clientStats(counts, counts.sketch);
  return {
    ...stats,
    seconds,
    requests_per_second: stats.requests / seconds,
    failed_per_second: stats.failed / seconds,
  };
}

/** Answers to clients whose requests no pool handled; null as above. */
export function unroutedWindow(env: Env, windowS: number): Promise<ClientsWindow | null> {
  return orNull(askRoutes(env, (stub) => stub.unrouted(windowS)));
}

export const CLIENT_ENDPOINTS: readonly Endpoint[] = [
  endpoint({
    method: "get",
    path: "/stats",
    scope: "read",
    summary: "What clients got: of all pools, of each pool, and of requests that no pool handled",
    query: z.object({
      window: wholeNumber(10, 86_400).default(DEFAULT_WINDOW_S).describe("Of the last so many seconds"),
    }),
    answer: z.object({
      at: z.number(),
      window_s: z.number(),
      clients: clientsSchema.nullable(),
      pools: z
        .record(z.string(), clientsSchema.nullable())
        .describe("By the pool that handled the request last; null: its object does not answer"),
      unrouted: clientsSchema.nullable().describe("Requests that no pool handled; null as above"),
    }),
    async run({ env, query: { window } }) {
      const ids = await knownPools(env);
      const [unrouted, ...pools] = await Promise.all([
        unroutedWindow(env, window),
        ...ids.map((id) => orNull(askPool(env, id, (stub) => stub.clients(window)))),
      ]);
      const all = [unrouted, ...pools].filter((found) => found !== null);
      return json({
        at: Date.now(),
        window_s: window,
        clients: clientFigures(all),
        pools: Object.fromEntries(ids.map((id, index) => [id, figuresOf(pools[index] ?? null)])),
        unrouted: figuresOf(unrouted),
      });
    },
  }),
];

export function figuresOf(window: ClientsWindow | null): ClientFigures | null {
  return clientFigures(window === null ? [] : [window]);
}
