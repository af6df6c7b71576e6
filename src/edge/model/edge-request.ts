/**
 * One client request, taken apart once.
 * @module
 */
import { resolveUrl } from "../../config/request-path.ts";
import type { RouteRequest } from "../../core/affinity/session-affinity.ts";
import type { EdgeServer } from "./edge-server.ts";
import { SeenHeaders } from "./seen-headers.ts";
import type { EdgeSettings } from "./surroundings.ts";
import { type Upgrade, upgradeOf } from "./upgrade.ts";

/** The content of a request's session cookie, and changes to the session on the way. */
export interface CookieSession {
  /** The affinity that read the cookie: another pool reads it differently. */
  readonly reader: object;
  /** The origin the cookie names; null if it names none of the pool's. */
  readonly pinned: EdgeServer | null;
  /** The cookie is due to be given out again. */
  readonly renew: boolean;
  /** The session goes to another origin than the cookie names. */
  moved: boolean;
  /** The parts of other pools in the cookie. */
  readonly others: readonly string[];
}

export interface EdgeRequest extends RouteRequest {
  readonly request: Request;
  readonly headers: SeenHeaders;
  readonly method: string;
  /** `http` or `https`. */
  readonly scheme: string;
  /** As the client named it, with the port if it named one. */
  readonly host: string;
  /** Path without the query, in its one form (config/request-path.ts). */
  readonly path: string;
  /** That path and the query, which is byte for byte the client's. */
  readonly target: string;
  /** The path and query that origins get instead, once the route is known. */
  sentTarget: string;
  /** The trusted client address; empty if there is none. */
  readonly clientIp: string;
  readonly id: string;
  /** The protocol that it wants to switch its connection to. */
  readonly upgrade: Upgrade;
  readonly startedAtMs: number;
  /** The key of a consistent hash, once a pool is known. Empty: none. */
  key: string;
  /** Null until a pool that keeps sessions by cookie has looked. */
  session: CookieSession | null;
}

/** The form of a client's request id that is kept: short and free of characters that could forge a log line. */
const REQUEST_ID = /^[\w.:-]{1,128}$/;

/** @param url the request's, in its one form */
export function describeRequest(
  request: Request,
  settings: Pick<EdgeSettings, "LOCAL_CLIENT_IP">,
  nowMs: number,
  url = resolveUrl(request.url),
): EdgeRequest {
  const schemeEnd = url.indexOf("://");
  const pathStart = url.indexOf("/", schemeEnd + 3);
  const target = url.slice(pathStart);
  const queryStart = target.indexOf("?");
  const headers = new SeenHeaders(request.headers);
  return {
    request,
    headers,
    method: request.method,
    scheme: url.slice(0, schemeEnd),
    host: url.slice(schemeEnd + 3, pathStart),
    path: queryStart < 0 ? target : target.slice(0, queryStart),
    target,
    sentTarget: target,
    // Cloudflare sets it and overwrites a client's own; X-Forwarded-For is appended to, so its left part is the client's.
    clientIp: headers.clientIp ?? settings.LOCAL_CLIENT_IP ?? "",
    id: requestId(headers),
    upgrade: headers.upgrade === null ? "none" : upgradeOf(request),
    startedAtMs: nowMs,
    key: "",
    session: null,
  };
}

function requestId({ requestId: own, ray }: SeenHeaders): string {
  if (own !== null && REQUEST_ID.test(own)) return own;
  return ray ?? crypto.randomUUID();
}
