/**
 * Decides which pool a request goes to. Routes are compiled once per change, and matched per request without a regular
 * expression and without allocating.
 * @module
 */
import { clientKey } from "../core/affinity/client-ip.ts";
import { poolTag } from "../core/affinity/pool-tag.ts";
import { murmur3 } from "../core/hash/murmur3.ts";
import { pointOf } from "../core/steering/draw.ts";
import { routeLabel } from "../core/steering/route-label.ts";
import { endOfHost, matchesHost, matchesPath, type RoutePattern, routePattern } from "./route-pattern.ts";
import { compileTools, type RouteTools } from "./route-tools.ts";
import type { RouteConfig } from "./schema.ts";
import {
  type CompiledWhere,
  compileWhere,
  unmetCondition,
  type WhereField,
  type WhereRequest,
} from "./where.ts";

/** How a route chooses among several pools. Made once per change of the routes. */
export interface Steering {
  readonly policy: "failover" | "proximity" | "split";
  /** In the order of the document. For a split only members with a weight above 0, each with its weight. */
  readonly pools: readonly { readonly pool: string; readonly weight: number }[];
  /** True: a weakened pool passes clients on to the next before it is down. */
  readonly spills: boolean;
  /** True: a request that failed in one pool is sent on to another. */
  readonly retriesPools: boolean;
  /** The pools by the tags of their session cookies. Empty for a split, which goes by its weights alone. */
  readonly byTag: ReadonlyMap<string, number>;
}

export interface CompiledRoute {
  /** The route's position in the configuration; -1 for the implicit pool, if there are no routes. */
  readonly index: number;
  /**
   * Host, path and conditions, such as `api.example.com/v1/*`. The route's name in statistics and metrics, whatever its
   * position in the list.
   */
  readonly label: string;
  /** Its changes to requests and answers; null: none. */
  readonly tools: RouteTools | null;
  /** Conditions beyond host and path; null: there are none. */
  readonly where: CompiledWhere | null;
  /** The route's pool; if it has several, the first. Null: it answers by itself. */
  readonly pool: string | null;
  readonly fallbackPool: string | null;
  /** Keeps the draws of two routes independent of each other. */
  readonly seed: number;
  /** Null: the route has only one pool. */
  readonly steering: Steering | null;
}

/**
 * The properties of a request that conditions read. A getter, because most routes have no conditions and most requests
 * need not be parsed.
 */
export interface WhereSource {
  readonly where: WhereRequest;
}

export interface RouteTable {
  /**
   * The first route that matches, or null.
   * @param host of the request, with or without a port, in any case
   * @param path of the request in its one form (config/request-path.ts), without the query
   * @param asked the properties of the request that conditions read
   */
  match(host: string, path: string, asked: WhereSource): CompiledRoute | null;
}

/** @param withoutRoutes the pool that gets every request if there are no routes; null: none */
export function compileRoutes(
  routes: readonly RouteConfig[],
  withoutRoutes: string | null = null,
): RouteTable {
  const compiled = routes.length > 0 ? routes.map(compile) : implicitRoute(withoutRoutes);
  return {
    match(host, path, asked) {
      const hostEnd = endOfHost(host);
      for (const candidate of compiled) {
        if (!matchesHost(candidate, host, hostEnd) || !matchesPath(candidate, path)) continue;
        const { where } = candidate.route;
        if (where === null || unmetCondition(where, asked.where) === null) return candidate.route;
      }
      return null;
    },
  };
}

/** The pool that requests go to if there are no routes: the only pool, or the pool `default`. Else null. */
export function implicitPool(poolIds: readonly string[]): string | null {
  if (poolIds.length === 1) return poolIds[0] ?? null;
  return poolIds.includes("default") ? "default" : null;
}

/** The pool of a route that does not answer by itself; of several, the first. */
export function firstPool({ pool }: Pick<CompiledRoute, "pool">): string {
  if (pool === null) throw new RangeError("the route has no pool");
  return pool;
}

/** A split's choice for one client, for people. */
export interface SplitChoice {
  /**
   * The key of the choice: the client's address, for IPv6 its /64. Empty: unknown; all clients without an address count
   * as one.
   */
  client: string;
  /** Where the client falls: 0 to 100, exclusive. */
  point: number;
  /** Each pool takes the points from `from` up to `to`, exclusive. Pools of weight 0 are left out. */
  shares: { pool: string; from: number; to: number }[];
}

/**
 * How a split's weights choose for a client (`steer`, where `drawByShare` draws); null: the route has no split.
 * @param clientIp the client's address
 */
export function explainSplit({ steering, seed }: CompiledRoute, clientIp: string): SplitChoice | null {
  if (steering?.policy !== "split") return null;
  const { pools } = steering;
  const client = clientKey(clientIp);
  const total = pools.reduce((sum, { weight }) => sum + weight, 0);
  let upTo = 0;
  const shares = pools.map(({ pool, weight }) => {
    const from = (upTo / total) * 100;
    upTo += weight;
    return { pool, from, to: (upTo / total) * 100 };
  });
  return { client, point: pointOf(client, seed) * 100, shares };
}

/** A route that does not match a request. */
export interface PassedRoute {
  /** Position in the configuration. */
  index: number;
  label: string;
  /** The part of the route that the request does not match; the host is compared first, the conditions last. */
  by: "host" | "path" | "where";
  /** The first condition that is not met, if `by` is `where`. */
  condition?: WhereField;
}

/** The routes before the first that matches; all of them if none does. Arguments as for `RouteTable.match`. */
export function passedRoutes(
  routes: readonly RouteConfig[],
  host: string,
  path: string,
  asked: WhereSource,
): PassedRoute[] {
  const hostEnd = endOfHost(host);
  const passed: PassedRoute[] = [];
  for (const candidate of routes.map(compile)) {
    const { index, label, where } = candidate.route;
    if (!matchesHost(candidate, host, hostEnd)) passed.push({ index, label, by: "host" });
    else if (!matchesPath(candidate, path)) passed.push({ index, label, by: "path" });
    else {
      const condition = where === null ? null : unmetCondition(where, asked.where);
      if (condition === null) break;
      passed.push({ index, label, by: "where", condition });
    }
  }
  return passed;
}

interface Candidate extends RoutePattern {
  readonly route: CompiledRoute;
}

function compile(route: RouteConfig, index: number): Candidate {
  return {
    route: {
      index,
      label: routeLabel(route),
      where: compileWhere(route.where),
      tools: compileTools(route),
      pool: listedFirst(route),
      fallbackPool: route.fallback_pool,
      // Not the index, because inserting a route before others must not move the clients of those.
      seed: murmur3(`split ${route.host ?? ""}${route.path ?? "/*"}`),
      steering: steeringOf(route),
    },
    ...routePattern(route.host, route.path),
  };
}

function listedFirst({ pool, pools, split }: RouteConfig): string | null {
  const [member] = sharingMembers(split);
  return pool ?? pools?.[0] ?? member?.pool ?? null;
}

/** Members of a split that get clients. */
function sharingMembers(split: RouteConfig["split"]): { pool: string; weight: number }[] {
  return (split ?? []).filter(({ weight }) => weight > 0);
}

function steeringOf({ pools, steer, spill, retry_pools, split }: RouteConfig): Steering | null {
  if (pools !== null) {
    return {
      policy: steer ?? "failover",
      pools: pools.map((pool) => ({ pool, weight: 1 })),
      spills: spill !== "off",
      retriesPools: retry_pools ?? true,
      byTag: new Map(pools.map((pool, index) => [poolTag(pool), index])),
    };
  }
  const members = sharingMembers(split);
  if (members.length < 2) return null;
  return { policy: "split", pools: members, spills: false, retriesPools: false, byTag: new Map() };
}

function implicitRoute(pool: string | null): Candidate[] {
  if (pool === null) return [];
  const route: CompiledRoute = {
    index: -1,
    label: "*/*",
    where: null,
    tools: null,
    pool,
    fallbackPool: null,
    seed: 0,
    steering: null,
  };
  return [{ route, ...routePattern(null, null) }];
}
