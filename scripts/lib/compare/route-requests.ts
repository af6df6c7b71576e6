/**
 * Requests that show what each route does: just inside of its host, path and conditions, and just outside.
 * @module
 */
import type { ConfigFile, RouteConfig } from "../../../src/config/schema.ts";
import { type ComparedRequest, SAFE_METHODS, textOf } from "./request.ts";

type Where = NonNullable<RouteConfig["where"]>;

export interface RouteRequests {
  readonly requests: readonly ComparedRequest[];
  /** What of which routes no request here can meet, a line each. */
  readonly unmet: readonly string[];
}

/** A host that no configuration can have: what happens to requests that belong to nobody. */
const NOBODY = "nobody.invalid";
/** Conditions that a request itself meets. The others are about where its client is. */
const OWN: readonly string[] = ["methods", "headers", "cookies", "query"];

/**
 * @param routes with their defaults
 * @param anyHost the host for routes that have none
 */
export function routeRequests(routes: NonNullable<ConfigFile["routes"]>, anyHost: string): RouteRequests {
  const requests = new Map<string, ComparedRequest>();
  const unmet: string[] = [];
  const add = (host: string, target: string, conditions: Conditions) => {
    const { query, ...rest } = conditions;
    const request = { ...rest, host, target: query === "" ? target : `${target}?${query}` };
    requests.set(textOf(request), request);
  };
  for (const [index, route] of routes.entries()) {
    const method = methodFor(route.where?.methods ?? null);
    const missed = Object.entries(route.where ?? {}).flatMap(([field, value]) =>
      value === null || OWN.includes(field) ? [] : [field],
    );
    if (method === null) missed.push("methods");
    if (missed.length > 0) unmet.push(`routes[${index}]: ${missed.join(", ")}`);
    const met = { ...NO_CONDITIONS, ...(route.where === null ? {} : meeting(route.where, method ?? "GET")) };
    const [host, ...otherHosts] = hostsOf(route.host, anyHost);
    const [path, ...otherPaths] = pathsOf(route.path);
    add(host, path, met);
    for (const other of otherPaths) add(host, other, met);
    for (const other of otherHosts) add(other, path, met);
    add(host, path, NO_CONDITIONS);
  }
  add(NOBODY, "/", NO_CONDITIONS);
  return { requests: [...requests.values()], unmet };
}

/** A host inside, then those outside. */
function hostsOf(host: string | null, anyHost: string): [inside: string, ...outside: string[]] {
  if (host === null) return [anyHost];
  return host.startsWith("*.") ? [`any${host.slice(1)}`, host.slice(2)] : [host];
}

/** A path inside, then others on both sides of the rule's edge. */
function pathsOf(path: string | null): [inside: string, ...others: string[]] {
  if (path === null || path === "/*") return ["/"];
  if (!path.endsWith("/*")) return [path, `${path}-`, `${path}${path.endsWith("/") ? "" : "/"}more`];
  const prefix = path.slice(0, -2);
  return [`${prefix}/more`, prefix, `${prefix}/`, `${prefix}-`];
}

interface Conditions extends Pick<ComparedRequest, "method" | "headers"> {
  readonly query: string;
}

const NO_CONDITIONS: Conditions = { method: "GET", headers: [], query: "" };

/** Null: only methods that may change something meet the condition. */
function methodFor(methods: readonly string[] | null): string | null {
  if (methods === null) return "GET";
  return SAFE_METHODS.find((method) => methods.includes(method)) ?? null;
}

function meeting({ headers, cookies, query }: Where, method: string): Conditions {
  const pairs = Object.entries(cookies ?? {}).map(([name, values]) => `${name}=${oneOf(values)}`);
  return {
    method,
    headers: [
      ...Object.entries(headers ?? {}).map(([name, values]) => [name, oneOf(values)] as const),
      ...(pairs.length === 0 ? [] : [["cookie", pairs.join("; ")] as const]),
    ],
    query: Object.entries(query ?? {})
      .map(([name, values]) => `${encodeURIComponent(name)}=${encodeURIComponent(oneOf(values))}`)
      .join("&"),
  };
}

/** A value that meets the condition: a text is exact, one that ends in `*` is a prefix. */
function oneOf([value = ""]: readonly string[]): string {
  return value.endsWith("*") ? `${value.slice(0, -1)}any` : value;
}
