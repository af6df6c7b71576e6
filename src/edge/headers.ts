/**
 * The proxy owns its headers: what is not forwarded, what is added, and how a loop is noticed.
 * @module
 */
import type { EdgeRequest } from "./edge-request.ts";

/**
 * Names the balancers a request came through. Not `Via`, which makes nginx's `gzip_proxied` switch compression
 * off, and not `CDN-Loop`, which Cloudflare writes itself.
 */
export const LOOP_HEADER = "x-lb-via";

/** RFC 9110 section 7.6.1, with the older names still met in the wild. */
const HOP_BY_HOP = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
] as const;

/** What a client may claim about itself or an earlier proxy; the trusted values are set below. */
const CLAIMED = ["forwarded", "x-forwarded-for", "x-forwarded-port", "x-forwarded-server"] as const;

/** Never removed, whatever `Connection` names: taking these away would change the message itself. */
const KEPT = new Set([
  "host",
  "content-length",
  "content-type",
  "content-encoding",
  "cookie",
  "authorization",
]);

/** True if this balancer has seen the request before. */
export function isLoop(request: Request, balancer: string): boolean {
  const via = request.headers.get(LOOP_HEADER);
  return via?.split(",").some((name) => name.trim() === balancer) ?? false;
}

/** Makes of the client's headers those that an attempt sends. */
export function forwardHeaders(headers: Headers, edge: EdgeRequest, balancer: string): void {
  stripHopByHop(headers);
  for (const name of CLAIMED) headers.delete(name);
  if (headers.get("upgrade")?.toLowerCase() !== "websocket") headers.delete("upgrade");
  if (edge.clientIp !== "") headers.set("x-forwarded-for", edge.clientIp);
  headers.set("x-forwarded-proto", edge.scheme);
  headers.set("x-forwarded-host", edge.host);
  headers.set("x-request-id", edge.id);
  headers.append(LOOP_HEADER, balancer);
}

/** The origin's response as the client gets it. Passed on as it is where nothing must change. */
export function clientResponse(response: Response): Response {
  const headers = response.headers;
  if (response.status === 101 || !HOP_BY_HOP.some((name) => headers.has(name))) return response;
  // Re-wrapping keeps the unread body, its encoding and its length (PLATFORM: body passthrough).
  const copy = new Response(response.body, response);
  stripHopByHop(copy.headers);
  copy.headers.delete("upgrade");
  return copy;
}

function stripHopByHop(headers: Headers): void {
  const named = headers.get("connection");
  if (named !== null) {
    for (const name of named
      .toLowerCase()
      .split(",")
      .map((part) => part.trim())) {
      // `Connection: upgrade` is how a WebSocket handshake begins; the callers decide about that one.
      if (name !== "upgrade" && !KEPT.has(name) && /^[\w!#$%&'*+.^`|~-]+$/.test(name)) headers.delete(name);
    }
  }
  for (const name of HOP_BY_HOP) headers.delete(name);
}
