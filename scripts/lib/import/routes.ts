/**
 * Sites as routes: in the order in which they must be tried, and closed where the old system was.
 * @module
 */
import { MAX_ROUTES } from "../../../src/config/routes-schema.ts";
import { implicitPool } from "../../../src/config/routing.ts";
import type { Findings } from "./findings.ts";
import { closed, type Rule, type Site } from "./model.ts";
import { ImportError, type RouteDocument } from "./result.ts";

type Host = string | null;

/** Where what holds for all of an import stands. */
export const WHOLE = "the import as a whole";

/**
 * Exact hosts come before wildcards, longer wildcards before shorter ones, any host last; within a host the rules
 * keep their order. Of two sites with the same host the first one has it. A host that a wider one of its site takes as well
 * needs no routes.
 *
 * A request that no route matches is answered 404 anyway. So a site is closed by a route of its own only if a site with
 * a wider host would get its requests, or if there were no route at all, since then the only pool gets everything.
 * @param poolIds of the configuration to be
 * @throws ImportError if a configuration cannot have so many
 */
export function routesOf(
  sites: readonly Site[],
  poolIds: readonly string[],
  findings: Findings,
): RouteDocument[] {
  const byHost = new Map<Host, readonly Rule[]>();
  for (const { hosts, rules } of sites) {
    for (const host of hosts) if (!byHost.has(host)) byHost.set(host, rules);
  }
  const ordered = [...byHost].sort(([a], [b]) => compareHosts(a, b));
  const isRepeated = ([host, rules]: readonly [Host, readonly Rule[]]) => {
    const wider = widerHosts(host).find((each) => byHost.has(each));
    return wider !== undefined && byHost.get(wider) === rules;
  };
  const open = new Set(ordered.filter(([, rules]) => areOpen(rules)).map(([host]) => host));
  const isCaught = (host: Host) => widerHosts(host).some((each) => open.has(each));
  const routes = ordered
    .filter((site) => !isRepeated(site))
    .flatMap(([host, rules]) => completed(rules, isCaught(host)).map((rule) => routeAt(host, rule)));
  if (routes.length > MAX_ROUTES) throw new ImportError(tooMany(routes.length));
  return routes.length > 0 ? routes : withoutRoutes(poolIds, findings);
}

function tooMany(count: number): string {
  return `${WHOLE}: becomes ${count} routes, and a configuration has ${MAX_ROUTES} at most: leave out what a wider host or path says as well, or import parts`;
}

/** Rules that become a route at least, wherever they stand beside open ones. */
export function areOpen(rules: readonly Rule[]): boolean {
  return !rules.every(isClosing);
}

/**
 * The rules, with one at their end that takes everything if it is needed, and without any that change nothing. Behind an
 * answer to everything they stay: they are in force again once it is taken away.
 */
function completed(rules: readonly Rule[], isCaught: boolean): Rule[] {
  const end = rules.findIndex((rule) => takesAll(rule) && rule.action.respond === undefined);
  const reached = end < 0 ? rules : rules.slice(0, end + 1);
  if (isCaught) return reached.some(takesAll) ? [...reached] : [...reached, CLOSING];
  return reached.slice(0, 1 + reached.findLastIndex((rule) => !isClosing(rule)));
}

const CLOSING: Rule = { path: null, where: null, action: closed() };

function takesAll({ path, where }: Rule): boolean {
  return path === null && where === null;
}

/** True if it answers as this balancer does where no route matches. */
function isClosing({ action }: Rule): boolean {
  const { respond } = action;
  return Object.keys(action).length === 1 && respond?.status === 404 && Object.keys(respond).length === 1;
}

function withoutRoutes(poolIds: readonly string[], findings: Findings): RouteDocument[] {
  const pool = implicitPool(poolIds);
  if (pool === null) return [];
  const message = `no route could be made. Without one, pool ${pool} would get every request; a route that answers 404 stands in its place: write yours before it`;
  findings.todo(WHOLE, message);
  return [{ ...closed() }];
}

function routeAt(host: Host, { path, where, action }: Rule): RouteDocument {
  return {
    ...(host === null ? {} : { host }),
    ...(path === null ? {} : { path }),
    ...(where === null ? {} : { where }),
    ...action,
  };
}

/** True if the host `outer` matches every request to `inner`. */
export function includes(outer: Host, inner: Host): boolean {
  if (outer === null || outer === inner) return true;
  if (inner === null || !outer.startsWith("*.")) return false;
  return inner.replace(/^\*/, "").endsWith(outer.slice(1));
}

/** The hosts of routes that take every request to `host` too, the narrowest first; null: any host. */
export function widerHosts(host: Host): Host[] {
  if (host === null) return [];
  const wider: Host[] = [];
  for (let dot = host.indexOf(".", host.startsWith("*.") ? 2 : 0); dot >= 0; dot = host.indexOf(".", dot + 1))
    wider.push(`*${host.slice(dot)}`);
  return [...wider, null];
}

/** Below 0 if `a` must be tried first. */
export function compareHosts(a: Host, b: Host): number {
  return hostRank(a) - hostRank(b);
}

/** Ranks fit between: no host is this long. */
const WILDCARD = 10_000;
const ANY = 100_000;

function hostRank(host: Host): number {
  if (host === null) return ANY;
  return host.startsWith("*.") ? WILDCARD - host.length : 0;
}
