/**
 * Warnings about routes: routes that no request reaches, pools that no route leads to, origins whose requests would
 * come back here.
 * @module
 */
import { namedPools } from "./route-pools.ts";
import { implicitPool } from "./routing.ts";
import type { PoolConfig, RouteConfig } from "./schema.ts";
import { steeringWarnings } from "./steering-warnings.ts";
import { toolWarnings } from "./tool-warnings.ts";
import type { ConfigWarning } from "./warnings.ts";
import { contradiction, whereCovers } from "./where-cover.ts";

export function routeWarnings(
  routes: readonly RouteConfig[],
  pools: Readonly<Record<string, PoolConfig>>,
): ConfigWarning[] {
  return [
    ...routes.flatMap((route, index) => [
      ...hidden(routes, index),
      ...[...idle(route), ...toolWarnings(route), ...steeringWarnings(route, pools)].map(
        ({ path, message }) => ({
          path: ["routes", index, ...path],
          message,
        }),
      ),
    ]),
    ...unreached(routes, pools),
    ...loops(routes, pools),
  ];
}

/** A route behind one that takes everything it would match. */
function hidden(routes: readonly RouteConfig[], index: number): ConfigWarning[] {
  const route = routes[index];
  if (route === undefined) return [];
  const before = routes.slice(0, index).findIndex((earlier) => covers(earlier, route));
  if (before < 0) return [];
  const message = `no request reaches this route, because routes[${before}] takes all that it matches`;
  return [{ path: ["routes", index], message }];
}

/** True if every request that `inner` matches is matched by `outer` too. */
function covers(outer: RouteConfig, inner: RouteConfig): boolean {
  if (!hostCovers(outer.host, inner.host)) return false;
  return pathCovers(outer.path ?? "/*", inner.path ?? "/*") && whereCovers(outer.where, inner.where);
}

function hostCovers(outer: string | null, inner: string | null): boolean {
  if (outer === null) return true;
  if (inner === null) return false;
  if (!outer.startsWith("*")) return outer === inner;
  const suffix = outer.slice(1);
  return inner === outer || (inner.endsWith(suffix) && inner.replace(/^\*/, "").length >= suffix.length);
}

function pathCovers(outer: string, inner: string): boolean {
  if (!outer.endsWith("/*")) return outer === inner;
  const base = outer.slice(0, -2);
  const rest = inner.endsWith("/*") ? inner.slice(0, -2) : inner;
  return rest === base || rest.startsWith(`${base}/`) || base === "";
}

/** Parts of one route that have no effect. */
function idle({ where, pool, split, fallback_pool }: RouteConfig): ConfigWarning[] {
  const found: ConfigWarning[] = [];
  const used = new Set(
    split === null ? [pool] : split.filter(({ weight }) => weight > 0).map((each) => each.pool),
  );
  if (fallback_pool !== null && used.size === 1 && used.has(fallback_pool)) {
    found.push({ path: ["fallback_pool"], message: `"${fallback_pool}" falls back to itself` });
  }
  const impossible = where === null ? null : contradiction(where);
  if (impossible !== null) found.push({ path: ["where"], message: `no client meets it: ${impossible}` });
  const seen = new Set<string>();
  for (const [index, part] of (split ?? []).entries()) {
    if (seen.has(part.pool)) {
      found.push({ path: ["split", index], message: `pool "${part.pool}" stands twice in this split` });
    }
    seen.add(part.pool);
  }
  return found;
}

/** Pools that get no requests at all. */
function unreached(
  routes: readonly RouteConfig[],
  pools: Readonly<Record<string, PoolConfig>>,
): ConfigWarning[] {
  const ids = Object.keys(pools);
  const implicit = routes.length === 0 ? implicitPool(ids) : null;
  // Without routes and without an implicit pool every request is refused. `check` says that in a line of its own.
  if (routes.length === 0 && implicit === null) return [];
  const reached = new Set(
    routes
      .flatMap(namedPools)
      .filter(({ getsRequests }) => getsRequests)
      .map(({ pool }) => pool),
  );
  if (implicit !== null) reached.add(implicit);
  return ids
    .filter((id) => !reached.has(id))
    .map((id) => ({ path: ["pools", id], message: "no route leads to this pool" }));
}

/** Origins at a host that is routed here: a request to one comes back and is refused with 508. */
function loops(routes: readonly RouteConfig[], pools: Readonly<Record<string, PoolConfig>>): ConfigWarning[] {
  const hosts = new Set(
    routes.map(({ host }) => host).filter((host) => host !== null && !host.startsWith("*")),
  );
  return Object.entries(pools).flatMap(([id, { origins }]) =>
    origins.flatMap(({ url, binding }, index) => {
      // The name of one that is reached over a binding is looked up by nobody.
      if (binding !== null) return [];
      const host = new URL(url).hostname;
      const message = `${host} is routed to this balancer: if it resolves to it, requests come back and are refused (508)`;
      return hosts.has(host) ? [{ path: ["pools", id, "origins", index, "url"], message }] : [];
    }),
  );
}
