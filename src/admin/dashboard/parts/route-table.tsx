/**
 * The routes in force: where each leads now, and what went over it in the last minutes.
 * @module
 */
import { useEffect, useState } from "hono/jsx/dom";
import { call, messageOf } from "../lib/api.ts";
import { askBesideFeed } from "../lib/beside-feed.ts";
import { hostsOf } from "../lib/client-problems.ts";
import { feed } from "../lib/feed.ts";
import { count, percent } from "../lib/format.ts";
import { type PoolsNow, type Route, type RouteRow, routeRows, type Stats } from "../lib/route-figures.ts";
import { useStore } from "../lib/store.ts";
import { failedTone } from "./clients.tsx";
import { RoutePicture } from "./route-picture.tsx";
import { StatusIcon } from "./status-icon.tsx";

/** A split's real shares need some requests to tell. */
const WINDOW_S = 300;
const everyMs = () => 5_000;

interface Facts {
  routes: readonly Route[];
  stats: Stats | null;
}

/** @param written changes when the routes were written here */
export function RouteTable({ written }: { written: number }) {
  const [facts, failure] = useFacts(written);
  const now = usePoolsNow();
  if (failure !== null) return <p class="notice notice-bad">{failure}</p>;
  if (facts === null) return <div class="ghost ghost-tall" aria-busy="true" />;
  if (facts.routes.length === 0) return <p class="empty">There are no routes.</p>;
  return (
    <section aria-labelledby="table">
      <h2 id="table">In force</h2>
      <table class="routes raised">
        <caption class="unseen">Routes, first match first, with the requests of the last 5 minutes</caption>
        <thead>
          <tr>
            <th scope="col">Route</th>
            <th scope="col">Leads to</th>
            <th scope="col" class="number">
              Hits, 5 min
            </th>
            <th scope="col" class="number">
              Failed
            </th>
          </tr>
        </thead>
        <tbody>
          {routeRows(facts.routes, facts.stats, now).map((row, index) => (
            <Row key={`${index} ${row.host}${row.path}`} index={index} row={row} />
          ))}
        </tbody>
      </table>
      <NoRoute stats={facts.stats} />
    </section>
  );
}

function useFacts(written: number): [facts: Facts | null, failure: string | null] {
  const [facts, setFacts] = useState<Facts | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  useEffect(
    () =>
      askBesideFeed(everyMs, ask, (found) => {
        if (typeof found !== "string") setFacts(found);
        setFailure(typeof found === "string" ? found : null);
      }),
    [written],
  );
  return [facts, failure];
}

/** A text says why there are none. */
async function ask(): Promise<Facts | string> {
  try {
    const [{ routes }, stats] = await Promise.all([
      call<{ routes: unknown }>("/routes"),
      call<Stats>(`/stats?window=${WINDOW_S}`).catch(() => null),
    ]);
    return { routes: Array.isArray(routes) ? (routes as Route[]) : [], stats };
  } catch (error) {
    return messageOf(error);
  }
}

/** As the feed tells it; null: nothing has come yet. */
function usePoolsNow(): PoolsNow | null {
  const { pools, receivedMs, skewMs } = useStore(feed);
  if (pools === null) return null;
  const told = pools.map((each) => [each.pool, "error" in each ? null : each.status] as const);
  return { statuses: Object.fromEntries(told), nowMs: receivedMs + skewMs };
}

function Row({ index, row }: { index: number; row: RouteRow }) {
  const { host, path, conditions, answer, tools, pools, order, fallback, hits, failed } = row;
  const share = hits === null || hits === 0 ? 0 : failed / hits;
  return (
    <tr>
      <th scope="row">
        <span class="muted">{index + 1}. </span>
        <code>
          {host}
          {path}
        </code>
        {conditions !== "" && <div class="muted small">only {conditions}</div>}
      </th>
      <td data-label="Leads to">
        {answer !== null && <code>{answer}</code>}
        <RoutePicture order={order} pools={pools} fallback={fallback} />
        {tools.length > 0 && <p class="muted small">with {tools.join(", ")}</p>}
      </td>
      <td data-label="Hits, 5 min" class="number">
        {hits === null ? "taken by one above" : count(hits)}
      </td>
      <td data-label="Failed" class={`number text-${failedTone(share)}`}>
        {hits === null || hits === 0 ? "–" : percent(share)}
      </td>
    </tr>
  );
}

function NoRoute({ stats }: { stats: Stats | null }) {
  const unrouted = stats?.unrouted ?? null;
  const lost = unrouted?.problems.no_route ?? 0;
  if (unrouted === null || lost === 0) return null;
  return (
    <p class="verdict tone-warn">
      <StatusIcon tone="warn" />
      <span>
        <b>{count(lost)} requests matched no route</b> in the last 5 minutes{hostsOf(unrouted)}.
      </span>
    </p>
  );
}
