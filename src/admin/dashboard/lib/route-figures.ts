/**
 * The routes with what went over them: hits, failures, and how each one's clients are spread over its pools.
 * @module
 */
import {
  NO_POOL_STATUS,
  type PoolStatus,
  poolStatusText,
  sharesInOrder,
  UNKNOWN_POOL_STATUS,
} from "../../../contract/pool-status.ts";
import { conditionsText, routeLabel } from "../../../contract/route-label.ts";
import type { ClientFigures } from "../../../contract/stats.ts";

/** A route as its author wrote it. */
export interface Route {
  host?: string | null;
  path?: string | null;
  where?: unknown;
  pool?: string | null;
  pools?: string[] | null;
  steer?: string | null;
  spill?: string | null;
  split?: { pool: string; weight: number }[] | null;
  fallback_pool?: string | null;
  respond?: { status?: number } | null;
  redirect?: { status?: number; location: string } | null;
  rewrite?: unknown;
  request_headers?: unknown;
  response_headers?: unknown;
  unavailable?: unknown;
}

/** As `GET /stats` answers. */
export interface Stats {
  window_s: number;
  clients: ClientFigures | null;
  /** Null: its object does not answer. */
  pools: Record<string, ClientFigures | null>;
  unrouted: ClientFigures | null;
}

export interface RoutePool {
  pool: string;
  /** Share of the route's clients that it takes now; null: that depends on the client, or is not known yet. */
  expected: number | null;
  /** Share that it got; null: no requests. */
  real: number | null;
  /** What keeps it from taking all of its clients; null: nothing, or it does not tell. */
  note: string | null;
}

/** The pools that there are now. */
export interface PoolsNow {
  /** By id; null: it does not tell. */
  statuses: Statuses;
  nowMs: number;
}

type Statuses = Readonly<Record<string, Readonly<PoolStatus> | null>>;

export interface RouteRow {
  host: string;
  path: string;
  /** In a few words; empty: there are none. */
  conditions: string;
  /** How the route answers by itself; null: pools do. */
  answer: string | null;
  /** What else it does to requests and answers, in the words of the configuration. */
  tools: string[];
  pools: RoutePool[];
  /** What orders the pools, in a few words; empty: the route does not list any. */
  order: string;
  fallback: string | null;
  /** Requests within the window; null: a route before it has the same host, path and conditions and takes them. */
  hits: number | null;
  failed: number;
}

/** Longer labels are cut where they are counted: core/metrics/client-counts.ts. */
const LONGEST_LABEL = 120;

/** @param now null: nothing is known of the pools yet */
export function routeRows(routes: readonly Route[], stats: Stats | null, now: PoolsNow | null): RouteRow[] {
  const seen = new Set<string>();
  return routes.map((route) => {
    const { host, path } = { host: route.host ?? "*", path: route.path ?? "/*" };
    const label = routeLabel(route).slice(0, LONGEST_LABEL);
    const isFirst = !seen.has(label);
    seen.add(label);
    const figures = isFirst ? stats : null;
    const all = figuresOf(figures?.clients ?? null, label);
    return {
      host,
      path,
      conditions: conditionsText(route.where),
      answer: answerOf(route),
      tools: TOOLS.filter((tool) => route[tool] != null).map((tool) => tool.replaceAll("_", " ")),
      pools: poolsOf(route, figures, label, now),
      order: route.pools == null ? "" : (ORDERS[route.steer ?? "failover"] ?? ""),
      fallback: route.fallback_pool ?? null,
      hits: isFirst ? all.requests : null,
      failed: all.failed,
    };
  });
}

const ORDERS: Readonly<Record<string, string>> = {
  failover: "the first that is available",
  proximity: "the nearest that is available",
};
const TOOLS = ["rewrite", "request_headers", "response_headers", "unavailable"] as const;

function answerOf({ respond, redirect }: Route): string | null {
  if (redirect != null) return `${redirect.status ?? 302} to ${redirect.location}`;
  return respond == null ? null : `answers ${respond.status ?? 200} by itself`;
}

/** A fallback pool's requests count there, so the real shares are of what the route's own pools handled. */
function poolsOf(route: Route, stats: Stats | null, label: string, now: PoolsNow | null): RoutePool[] {
  const members = membersOf(route);
  const counts = members.map(({ pool }) => figuresOf(ownFigures(stats, pool), label).requests);
  const total = counts.reduce((sum, number) => sum + number, 0);
  const expected = now === null ? [] : expectedShares(route, members, now.statuses);
  return members.map(({ pool }, index) => ({
    pool,
    expected: expected[index] ?? null,
    real: total === 0 ? null : (counts[index] ?? 0) / total,
    note: now === null ? null : poolStatusText(statusOf(pool, now.statuses), now.nowMs),
  }));
}

interface Member {
  pool: string;
  weight: number;
}

function membersOf({ pool, pools, split }: Route): readonly Member[] {
  return split ?? (pools ?? (pool == null ? [] : [pool])).map((each) => ({ pool: each, weight: 1 }));
}

/** Each member's share, as the data path gives it (config/steer.ts); null: by proximity each client has its own order. */
function expectedShares(
  { pools, steer, spill }: Route,
  members: readonly Member[],
  statuses: Statuses,
): (number | null)[] {
  const known = members.map(({ pool }) => statusOf(pool, statuses));
  if (pools != null)
    return steer === "proximity" ? known.map(() => null) : sharesInOrder(known, spill !== "off");
  const weights = members.map(({ weight }, index) => (known[index]?.available === true ? weight : 0));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => (total === 0 ? 0 : weight / total));
}

function statusOf(pool: string, statuses: Statuses): Readonly<PoolStatus> {
  return Object.hasOwn(statuses, pool) ? (statuses[pool] ?? UNKNOWN_POOL_STATUS) : NO_POOL_STATUS;
}

function ownFigures(stats: Stats | null, pool: string): ClientFigures | null {
  return stats !== null && Object.hasOwn(stats.pools, pool) ? (stats.pools[pool] ?? null) : null;
}

function figuresOf(figures: ClientFigures | null, label: string): { requests: number; failed: number } {
  return figures?.routes.find(({ key }) => key === label) ?? { requests: 0, failed: 0 };
}
