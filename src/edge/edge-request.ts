/**
 * One client request, taken apart once.
 * @module
 */
import type { RouteRequest } from "../core/session-affinity.ts";
import type { Env } from "../platform/env.ts";
import type { EdgeServer } from "./edge-server.ts";

/** What a request's session cookie says, and what became of it on the way. */
export interface CookieSession {
  /** Who read the cookie: another pool reads it differently. */
  readonly reader: object;
  /** The origin the cookie names; null if it names none of the pool's. */
  pinned: EdgeServer | null;
  /** The cookie is due to be given out again. */
  renew: boolean;
  /** The session goes to another origin than the cookie names. */
  moved: boolean;
  /** What else is in the cookie: other pools' parts. */
  readonly others: string[];
}

export interface EdgeRequest extends RouteRequest {
  readonly request: Request;
  readonly method: string;
  /** `http` or `https`. */
  readonly scheme: string;
  /** As the client named it, with the port if it named one. */
  readonly host: string;
  /** Path without the query. */
  readonly path: string;
  /** Path and query, byte for byte. */
  readonly target: string;
  /** The trusted client address; empty if there is none. */
  readonly clientIp: string;
  readonly id: string;
  readonly startedAtMs: number;
  /** What a consistent hash goes by, once a pool is known. Empty: nothing. */
  key: string;
  /** Null until a pool that keeps sessions by cookie has looked. */
  session: CookieSession | null;
}

/** A client's own request id is kept if it is one: short and free of anything that could forge a log line. */
const REQUEST_ID = /^[\w.:-]{1,128}$/;

export function describeRequest(request: Request, env: Env, nowMs: number): EdgeRequest {
  const url = request.url;
  const schemeEnd = url.indexOf("://");
  const pathStart = url.indexOf("/", schemeEnd + 3);
  const target = pathStart < 0 ? "/" : url.slice(pathStart);
  const queryStart = target.indexOf("?");
  return {
    request,
    method: request.method,
    scheme: url.slice(0, schemeEnd),
    host: url.slice(schemeEnd + 3, pathStart < 0 ? undefined : pathStart),
    path: queryStart < 0 ? target : target.slice(0, queryStart),
    target,
    // Cloudflare sets it and overwrites a client's own; X-Forwarded-For is appended to, so its left part is the client's.
    clientIp: request.headers.get("cf-connecting-ip") ?? env.LOCAL_CLIENT_IP ?? "",
    id: requestId(request),
    startedAtMs: nowMs,
    key: "",
    session: null,
  };
}

function requestId(request: Request): string {
  const own = request.headers.get("x-request-id");
  if (own !== null && REQUEST_ID.test(own)) return own;
  return request.headers.get("cf-ray") ?? crypto.randomUUID();
}
