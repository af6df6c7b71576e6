/**
 * Finds the pools that a route names. Only this file knows all the fields in which a route may name one.
 * @module
 */
import type { ConfigPath } from "./errors.ts";
import type { RouteConfig } from "./schema.ts";

/** A route, or what stands in the place of one in a document that nobody has checked. */
type Unchecked<T> = { readonly [K in keyof T]?: unknown };
type RouteLike = Unchecked<Pick<RouteConfig, "pool" | "pools" | "split" | "fallback_pool">>;

export interface NamedPool {
  readonly pool: string;
  /** Path within the route. */
  readonly field: ConfigPath;
  /** A member of a split with weight 0 gets no requests. */
  readonly getsRequests: boolean;
}

/** In the order of the document; a pool may occur twice. */
export function namedPools(route: RouteLike): NamedPool[] {
  const named: NamedPool[] = [];
  const name = (pool: unknown, field: ConfigPath, getsRequests = true): void => {
    if (typeof pool === "string") named.push({ pool, field, getsRequests });
  };
  name(route.pool, ["pool"]);
  for (const [index, pool] of listOf(route.pools).entries()) name(pool, ["pools", index]);
  for (const [index, member] of listOf(route.split).entries()) {
    const { pool, weight } = fieldsOf(member);
    name(pool, ["split", index, "pool"], typeof weight === "number" && weight > 0);
  }
  name(route.fallback_pool, ["fallback_pool"]);
  return named;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

/**
 * The pools that a route chooses among by their statuses, and its fallback. Empty if the route has nothing to choose.
 */
export function steeredPools(route: RouteConfig): string[] {
  const members = namedPools(route).filter(
    ({ field, getsRequests }) => (field[0] === "pools" || field[0] === "split") && getsRequests,
  );
  if (members.length === 0 || (members.length === 1 && members[0]?.field[0] === "split")) return [];
  const pools = new Set(members.map(({ pool }) => pool));
  if (route.fallback_pool !== null) pools.add(route.fallback_pool);
  return pools.size > 1 ? [...pools] : [];
}

/** Every pool that any of the routes names, once. @param routes also a document that nobody has checked */
export function poolsNamedBy(routes: unknown): string[] {
  return [...new Set(listOf(routes).flatMap((route) => namedPools(fieldsOf(route)).map(({ pool }) => pool)))];
}
