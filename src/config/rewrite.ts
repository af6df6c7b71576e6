/**
 * Rewrites the client's path to the path that an origin sees. It works on the path as it is sent and at the borders of
 * segments only: nothing is decoded or encoded, and the query stays.
 * @module
 */
import { atSameHost, resolvePath } from "./request-path.ts";
import type { RouteConfig } from "./schema.ts";

export type RewriteConfig = NonNullable<RouteConfig["rewrite"]>;

/** @param path in its one form (config/request-path.ts), without the query; begins with `/` */
export function rewritePath({ strip_prefix, add_prefix, replace }: RewriteConfig, path: string): string {
  if (replace !== null) return replace;
  const isStripped = strip_prefix !== null && isBelow(path, strip_prefix);
  const rest = isStripped ? path.slice(strip_prefix.length) : path;
  const whole = (add_prefix ?? "") + rest;
  if (whole === "") return "/";
  // An origin may make a Location of it. A client that sends two slashes itself gets them.
  return isStripped ? atSameHost(whole) : whole;
}

/** The parts of a request that are needed to map a Location back to the client's paths. */
export interface Redirected {
  /** The client's path. */
  readonly path: string;
  /** The client's, `http` or `https`. */
  readonly scheme: string;
  /** The client's host, with its port if it named one. */
  readonly host: string;
  /** Scheme, host, port and path prefix of the origin, without a slash at its end. */
  readonly base: string;
}

/** Scheme and host, where a Location names them; its path; its query and fragment. */
const LOCATION = /^((?:(https?):)?\/\/([^/?#]*))?(\/[^?#]*)?(.*)$/is;

/**
 * The Location that leads the client to where the origin meant; null: it stays. A relative Location is right already,
 * and one at another host stays, as does one whose bytes cannot be read: written again, they would be other bytes.
 */
export function rewriteLocation(config: RewriteConfig, location: string, request: Redirected): string | null {
  // The runtime's mark for bytes that are not UTF-8 (docs/platform.md, headers).
  if (location.includes("\uFFFD")) return null;
  const [, start = "", scheme, host = "", named = "", rest = ""] = LOCATION.exec(asParsed(location)) ?? [];
  if (start === "" && named === "") return null;
  const origin = new URL(request.base);
  const isOrigins = start !== "" && isHost(origin.host, host, scheme ?? origin.protocol.slice(0, -1));
  if (start !== "" && !isOrigins && !isHost(request.host, host, scheme ?? request.scheme)) return null;
  const path = resolvePath(named || "/");
  const base = origin.pathname.replace(/\/+$/, "");
  const prefix = (isBelow(path, base) ? base : "") + (config.add_prefix ?? "");
  if (!isBelow(path, prefix)) return null;
  const strip = config.strip_prefix;
  const back = strip !== null && isBelow(request.path, strip) ? strip : "";
  const target = `${back}${path.slice(prefix.length)}`;
  // The origin's own host must not be shown to the client.
  return `${isOrigins ? "" : start}${target === "" ? "/" : atSameHost(target)}${rest}`;
}

/**
 * A Location as a client's URL parser reads it (WHATWG URL Standard, basic URL parser): it skips tabs and line breaks,
 * and before the query `\` is `/`.
 */
function asParsed(location: string): string {
  return location.replace(/[\t\n\r]/g, "").replace(/^[^?#]+/, (start) => start.replaceAll("\\", "/"));
}

/** True if both name the same host, whose port may be left out if it is the scheme's own. */
function isHost(one: string, other: string, scheme: string): boolean {
  const [first, second] = [one, other].map((host) => URL.parse(`${scheme}://${host}`)?.host);
  return first !== undefined && first === second;
}

/** True if `path` is `prefix`, or below it. */
function isBelow(path: string, prefix: string): boolean {
  return (
    path.startsWith(prefix) && (path.length === prefix.length || path[prefix.length] === "/" || prefix === "")
  );
}
