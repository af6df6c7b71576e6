/**
 * Matches hosts and paths against a route. The pattern is compiled once per change, and compared without a regular
 * expression and without allocating.
 * @module
 */
import { resolvePath } from "./request-path.ts";

export interface RoutePattern {
  /** Lower case; "" matches every host. For a wildcard, the end of the host: ".example.com". */
  readonly host: string;
  readonly wildcard: boolean;
  /** "" matches every path. For a prefix, without its "/*". */
  readonly path: string;
  readonly prefix: boolean;
}

/** @param host as in the configuration, in lower case; null: any @param path as in the configuration; null: any */
export function routePattern(host: string | null, path: string | null): RoutePattern {
  const [name, place] = [host ?? "", path ?? "/*"];
  const wildcard = name.startsWith("*");
  const prefix = place.endsWith("*");
  return {
    host: wildcard ? name.slice(1) : name,
    wildcard,
    path: prefix ? resolvePath(place.slice(0, -1)).slice(0, -1) : resolvePath(place),
    prefix,
  };
}

/** The index at which the name ends: before a port and before the dot of a fully qualified name. */
export function endOfHost(host: string): number {
  // A colon inside brackets belongs to an IPv6 address.
  const colon = host.lastIndexOf(":");
  let end = colon > host.lastIndexOf("]") ? colon : host.length;
  if (host[end - 1] === ".") end--;
  return end;
}

export function matchesHost(pattern: RoutePattern, host: string, end: number): boolean {
  if (pattern.host === "") return true;
  const start = end - pattern.host.length;
  if (pattern.wildcard ? start <= 0 : start !== 0) return false;
  for (let i = 0; i < pattern.host.length; i++) {
    if (lowerCase(host.charCodeAt(start + i)) !== pattern.host.charCodeAt(i)) return false;
  }
  return true;
}

function lowerCase(code: number): number {
  return code >= 65 && code <= 90 ? code + 32 : code;
}

export function matchesPath(pattern: RoutePattern, path: string): boolean {
  const { length } = pattern.path;
  if (!path.startsWith(pattern.path)) return false;
  // "/v1/*" matches "/v1" and "/v1/...", not "/v10".
  return path.length === length || (pattern.prefix && (length === 0 || path[length] === "/"));
}
