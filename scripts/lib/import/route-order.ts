/**
 * The order of routes: the first that matches wins, so what matches less must come first.
 * @module
 */
import type { RouteDocument } from "./result.ts";

/** As `byHost`, and within a host exact paths before prefixes, longer ones first. */
export function bySpecificity(routes: readonly RouteDocument[]): RouteDocument[] {
  return byHost([...routes].sort((a, b) => pathRank(a) - pathRank(b)));
}

/**
 * Exact hosts before wildcards, longer wildcards before shorter ones, any host last. Else the order stays, with the
 * routes of a host together.
 */
export function byHost(routes: readonly RouteDocument[]): RouteDocument[] {
  const hosts = [...new Set(routes.map(({ host }) => host ?? null))];
  const firstOf = (route: RouteDocument) => hosts.indexOf(route.host ?? null);
  return [...routes].sort((a, b) => hostRank(a) - hostRank(b) || firstOf(a) - firstOf(b));
}

/** Ranks fit between: no host or path is this long. */
const WILDCARD = 10_000;
const ANY = 100_000;

function hostRank({ host }: RouteDocument): number {
  if (host === null || host === undefined) return ANY;
  return host.startsWith("*.") ? WILDCARD - host.length : 0;
}

function pathRank({ path }: RouteDocument): number {
  if (path === null || path === undefined) return ANY;
  return path.endsWith("*") ? WILDCARD - path.length : 0;
}
