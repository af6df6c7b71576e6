/**
 * Which pool a request goes to. Routes are compiled once per change and matched per request without a regular
 * expression and without allocating.
 * @module
 */
import { murmur3 } from "../core/hash.ts";
import type { RouteConfig } from "./schema.ts";

export interface CompiledRoute {
  /** The route's position in the configuration; -1 if there are no routes and this stands for the implicit pool. */
  readonly index: number;
  /** Pools that share the clients: `upTo` is the sum of the weights so far. One pool if there is no split. */
  readonly pools: readonly { readonly pool: string; readonly upTo: number }[];
  readonly fallbackPool: string | null;
  /** Keeps the splits of two routes independent of each other. */
  readonly seed: number;
}

export interface RouteTable {
  /**
   * The first route that matches, or null.
   * @param host of the request, with or without a port, in any case
   * @param path of the request as it stands in the URL, percent-encoded, without the query
   */
  match(host: string, path: string): CompiledRoute | null;
}

/**
 * @param poolIds the pools there are. Only asked when there are no routes: then everything goes to the implicit pool.
 */
export function compileRoutes(routes: readonly RouteConfig[], poolIds: readonly string[] = []): RouteTable {
  const compiled = routes.length > 0 ? routes.map(compile) : implicitRoute(poolIds);
  return {
    match(host, path) {
      const hostEnd = endOfHost(host);
      for (const candidate of compiled) {
        if (matchesHost(candidate, host, hostEnd) && matchesPath(candidate, path)) return candidate.route;
      }
      return null;
    },
  };
}

/** Where requests go when there are no routes: the only pool, or the pool `default`, else nowhere. */
export function implicitPool(poolIds: readonly string[]): string | null {
  if (poolIds.length === 1) return poolIds[0] ?? null;
  return poolIds.includes("default") ? "default" : null;
}

/**
 * The pool of `route` for this client. The same client always gets the same one, and when weights change only the
 * clients between the old and the new borders move: 95/5 to 90/10 moves 5%.
 */
export function choosePool(route: CompiledRoute, clientKey: string): string {
  const last = route.pools[route.pools.length - 1];
  if (last === undefined) throw new RangeError("a route has at least one pool");
  if (route.pools.length === 1) return last.pool;
  const point = (murmur3(clientKey, route.seed) / 2 ** 32) * last.upTo;
  for (const choice of route.pools) {
    if (point < choice.upTo) return choice.pool;
  }
  return last.pool;
}

interface Candidate {
  readonly route: CompiledRoute;
  /** Lower case; "" matches every host. For a wildcard, what the host must end in: ".example.com". */
  readonly host: string;
  readonly wildcard: boolean;
  /** "" matches every path. For a prefix, without its "/*". */
  readonly path: string;
  readonly prefix: boolean;
}

function compile(route: RouteConfig, index: number): Candidate {
  const host = route.host ?? "";
  const path = route.path ?? "/*";
  const wildcard = host.startsWith("*");
  const prefix = path.endsWith("*");
  return {
    route: {
      index,
      pools: cumulate(route.split ?? [{ pool: route.pool ?? "", weight: 1 }]),
      fallbackPool: route.fallback_pool,
      // Not the index: putting a route in front must not move the clients of the others.
      seed: murmur3(`split ${host}${path}`),
    },
    host: wildcard ? host.slice(1) : host,
    wildcard,
    path: prefix ? path.slice(0, -2) : path,
    prefix,
  };
}

function cumulate(split: readonly { pool: string; weight: number }[]): CompiledRoute["pools"] {
  let upTo = 0;
  return split
    .filter((item) => item.weight > 0)
    .map((item) => {
      upTo += item.weight;
      return { pool: item.pool, upTo };
    });
}

function implicitRoute(poolIds: readonly string[]): Candidate[] {
  const pool = implicitPool(poolIds);
  if (pool === null) return [];
  const route: CompiledRoute = { index: -1, pools: [{ pool, upTo: 1 }], fallbackPool: null, seed: 0 };
  return [{ route, host: "", wildcard: false, path: "", prefix: true }];
}

/** Where the name ends: before a port and before the dot of a fully qualified name. */
function endOfHost(host: string): number {
  // A colon inside brackets belongs to an IPv6 address.
  const colon = host.lastIndexOf(":");
  let end = colon > host.lastIndexOf("]") ? colon : host.length;
  if (host[end - 1] === ".") end--;
  return end;
}

function matchesHost(candidate: Candidate, host: string, end: number): boolean {
  if (candidate.host === "") return true;
  const start = end - candidate.host.length;
  if (candidate.wildcard ? start <= 0 : start !== 0) return false;
  for (let i = 0; i < candidate.host.length; i++) {
    if (lowerCase(host.charCodeAt(start + i)) !== candidate.host.charCodeAt(i)) return false;
  }
  return true;
}

function lowerCase(code: number): number {
  return code >= 65 && code <= 90 ? code + 32 : code;
}

function matchesPath(candidate: Candidate, path: string): boolean {
  const { length } = candidate.path;
  if (!path.startsWith(candidate.path)) return false;
  // "/v1/*" matches "/v1" and "/v1/...", not "/v10".
  return path.length === length || (candidate.prefix && (length === 0 || path[length] === "/"));
}
