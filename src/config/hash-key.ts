/**
 * Turns `hash_key` into a function that reads the key of `consistent_hash` from a request. It is made once per
 * snapshot.
 * @module
 */

import { clientKey } from "../core/affinity/client-ip.ts";
import { cookieValue } from "../core/affinity/cookie-header.ts";
import { decoded } from "./query-values.ts";
import type { PoolConfig } from "./schema.ts";

/** The parts of a request that can be a key. */
interface KeyedRequest {
  readonly request: { readonly headers: { get(name: string): string | null } };
  /** Path without the query. */
  readonly path: string;
  /** Path and query. */
  readonly target: string;
  readonly clientIp: string;
}

/** The request's key; empty if it has none, which means round robin. */
export type HashKey = (request: KeyedRequest) => string;

export function compileHashKey(config: Pick<PoolConfig, "algorithm" | "hash_key">): HashKey {
  if (config.algorithm !== "consistent_hash") return () => "";
  const colon = config.hash_key.indexOf(":");
  const name = config.hash_key.slice(colon + 1);
  switch (colon < 0 ? config.hash_key : config.hash_key.slice(0, colon)) {
    case "path":
      return (request) => request.path;
    case "header":
      return ({ request }) => request.headers.get(name) ?? "";
    case "cookie":
      return ({ request }) => cookieValue(request.headers.get("cookie") ?? "", name) ?? "";
    case "query":
      return ({ path, target }) => queryValue(target, path.length + 1, name);
    default:
      return (request) => clientKey(request.clientIp);
  }
}

/**
 * The first value of parameter `name` as the client wrote it.
 * @param from index in `target` at which the query begins
 */
function queryValue(target: string, from: number, name: string): string {
  for (let at = from; at < target.length; ) {
    const ampersand = target.indexOf("&", at);
    const end = ampersand < 0 ? target.length : ampersand;
    const equals = target.indexOf("=", at);
    if (equals >= 0 && equals < end && isNamed(target.slice(at, equals), name)) {
      return target.slice(equals + 1, end);
    }
    at = end + 1;
  }
  return "";
}

function isNamed(written: string, name: string): boolean {
  return written === name || decoded(written) === name;
}
