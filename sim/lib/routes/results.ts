/**
 * The results of a run of routes as plain figures, which the report prints and `--json` writes.
 * @module
 */
import { rateLimitOf } from "../../../src/config/pool-rules.ts";
import type { PoolConfig, RouteConfig } from "../../../src/config/schema.ts";
import { poolStatusText } from "../../../src/contract/pool-status.ts";
import { ARRIVALS, type Arrival } from "../../../src/core/steering/choose-pool.ts";
import { add } from "../numbers.ts";
import { busiestSpan } from "../results.ts";
import { type EventResult, eventResults } from "./event-results.ts";
import type { RouteOptions } from "./options.ts";
import { type RoutePromises, routePromises } from "./promises.ts";
import type { RouteAnswer, RouteEvent, RouteRecord } from "./recorder.ts";
import { type ClientShare, clientShares } from "./shares.ts";
import type { RoutesTarget } from "./target.ts";
import type { RoutesWorld } from "./world.ts";

interface PoolOfRouteResult {
  pool: string;
  /** By the answers that clients got: one request counts once. */
  requests: number;
  /** Of the route's requests that a pool was asked for, 0 to 1. */
  share: number;
  arrivals: Record<Arrival, number>;
  /** Clients whose pool the shares alone decided, and how many there should be; null: not judged in this run. */
  clients: number | null;
  expected_clients: number | null;
  per_second: number[];
}

export interface RouteResult {
  /** Position in the configuration. */
  index: number;
  label: string;
  policy: "one pool" | "failover" | "proximity" | "split" | "answers here";
  requests: number;
  answers: Record<RouteAnswer, number>;
  pools: PoolOfRouteResult[];
  /** Clients that a pool has answered, and those of them that more than one has. */
  clients: number;
  moved_clients: number;
}

interface OriginOfPoolResult {
  id: string;
  /** Attempts that isolates made there, of all routes. */
  requests: number;
  workers: number;
  service_ms: number;
  utilisation: number;
  /** Null: no rate limit. */
  limit: number | null;
  worst_window: number;
}

export interface PoolResult {
  pool: string;
  requests: number;
  /** What its object said of it at the end; null: it takes all of its clients, or no route chooses it. */
  state: string | null;
  origins: OriginOfPoolResult[];
}

export interface ObjectResult {
  object: string;
  calls: Record<string, number>;
  calls_mean: number;
  /** Of the busiest five seconds in a row, first calls of cold isolates aside. */
  calls_busiest_span: number;
  calls_worst_second: number;
  calls_per_second: number[];
}

export interface RouteResults {
  options: RouteOptions["common"];
  from: { name: string; share: number }[];
  to: { url: string; share: number }[];
  offered: number;
  /** No route matched. */
  unrouted: number;
  /** Gone with their isolate. */
  lost: number;
  in_flight: number;
  routes: RouteResult[];
  pools: PoolResult[];
  objects: ObjectResult[];
  changes: EventResult[];
  events: RouteEvent[];
  promises: RoutePromises;
}

export function routeResults(options: RouteOptions, target: RoutesTarget, world: RoutesWorld): RouteResults {
  const { recorder } = world;
  const { offered, unrouted, lost } = recorder;
  const shares = recorder.routes.map((record) => judgedShares(record, options, target, world));
  const routes = recorder.routes.map((record, index) => routeResult(record, shares[index] ?? null));
  const pools = target.pools.map(({ pool, config }) => poolResult(pool, config, world));
  const objects = objectResults(options, world);
  const ended = add(routes.map(({ requests }) => requests));
  return {
    options: options.common,
    from: options.from.map(({ name, share }) => ({ name, share })),
    to: target.to.map(({ url, share }) => ({ url, share })),
    ...{ offered, unrouted, lost, in_flight: offered - unrouted - lost - ended },
    ...{ routes, pools, objects },
    changes: eventResults(options, target, world),
    events: recorder.events.filter(({ atMs }) => atMs >= 0),
    promises: routePromises({ pools, objects, shares }, options, target, world),
  };
}

/** Null: something else than steady statuses decided where clients went. */
function judgedShares(
  { config, steered, trails }: RouteRecord,
  { from }: RouteOptions,
  { pools }: RoutesTarget,
  { recorder, objects }: RoutesWorld,
): ClientShare[] | null {
  const ofRoute = pools.filter(({ pool }) => steered.includes(pool));
  // Clients have come since the warm-up began, and went by what was so then.
  const isSteady = recorder.events.every(
    ({ pool, kind }) => !steered.includes(pool) || !kind.startsWith("pool_"),
  );
  if (!isSteady || !ofRoute.every((each) => goesByShare(each.config))) return null;
  const statusOf = (pool: string) => objects.get(pool)?.status ?? null;
  return clientShares(config, statusOf, from, trails.byClient.values());
}

/** Neither sessions nor limits decide. */
function goesByShare(config: PoolConfig): boolean {
  const { sticky, capacity, origins } = config;
  const isFree = origins.every(
    (origin) => rateLimitOf(origin, config) === null && origin.max_connections === null,
  );
  return sticky === null && capacity === null && isFree;
}

function routeResult(record: RouteRecord, shares: readonly ClientShare[] | null): RouteResult {
  const { index, label, config, answers, trails } = record;
  const named = [...record.steered, ...record.pools.keys(), ...(config.pool === null ? [] : [config.pool])];
  const visits = add([...record.pools.values()].map(({ arrivals }) => add(Object.values(arrivals))));
  const pools = [...new Set(named)].map((pool) => {
    const visited = record.pools.get(pool);
    const requests = add(ARRIVALS.map((arrival) => visited?.arrivals[arrival] ?? 0));
    const own = shares?.find((each) => each.pool === pool);
    return {
      ...{ pool, requests, share: visits === 0 ? 0 : requests / visits },
      arrivals: Object.fromEntries(ARRIVALS.map((each) => [each, visited?.arrivals[each] ?? 0])) as Record<
        Arrival,
        number
      >,
      clients: shares && (own?.clients ?? 0),
      expected_clients: shares && (own?.expected ?? 0),
      per_second: [...(visited?.perSecond ?? [])],
    };
  });
  const all = [...trails.byClient.values()];
  return {
    ...{ index, label, policy: policyOf(config), requests: add(Object.values(answers)), answers, pools },
    clients: all.length,
    moved_clients: all.filter(({ stays }) => stays.length > 1).length,
  };
}

function policyOf({ pool, pools, steer, split }: RouteConfig): RouteResult["policy"] {
  if (pools !== null) return steer === "proximity" ? "proximity" : "failover";
  if (split !== null) return "split";
  return pool === null ? "answers here" : "one pool";
}

function poolResult(
  pool: string,
  config: PoolConfig,
  { recorder, origins, objects }: RoutesWorld,
): PoolResult {
  const record = recorder.pools.get(pool);
  const status = objects.get(pool)?.status ?? null;
  return {
    pool,
    requests: record?.attempts ?? 0,
    // The time of the end is 0 here: a pool that is returning says when by its own clock.
    state: status && poolStatusText({ ...status, returns_at: undefined }, 0),
    origins: config.origins.map(({ id, rate_limit }) => {
      const origin = origins.get(`${pool}/${id}`);
      const own = record?.origins.get(id);
      return {
        ...{ id, requests: add(own?.starts ?? []), limit: rateLimitOf({ rate_limit }, config) },
        workers: origin?.capacity.workers ?? 0,
        service_ms: origin?.capacity.serviceMs ?? 0,
        utilisation: origin?.measured().utilisation ?? 0,
        worst_window: own?.worstWindow ?? 0,
      };
    }),
  };
}

function objectResults({ common }: RouteOptions, { recorder }: RoutesWorld): ObjectResult[] {
  return [...recorder.calls].map(([object, { perSecond, firsts, byKind, most }]) => ({
    object,
    calls: Object.fromEntries(byKind),
    calls_mean: add(perSecond) / common.seconds,
    calls_busiest_span: busiestSpan([...perSecond], firsts),
    calls_worst_second: most,
    calls_per_second: [...perSecond],
  }));
}
