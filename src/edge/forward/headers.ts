/**
 * Decides which headers are not forwarded and which are added, and notices loops.
 * @module
 */
import { LOOP_HEADER } from "../model/seen-headers.ts";

/** Facts about the client that an origin is told. */
export interface ClientFacts {
  /** The trusted address; empty if there is none. */
  readonly clientIp: string;
  /** `http` or `https`. */
  readonly scheme: string;
  /** As the client named it, with the port if it named one. */
  readonly host: string;
  /** The request's id. */
  readonly id: string;
}

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

/** Set here; a client's own values are dropped. */
const SET_HERE: ReadonlySet<string> = new Set([
  LOOP_HEADER,
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-real-ip",
  "x-request-id",
]);

/**
 * Headers in which a client may claim something about itself or an earlier proxy. Any `X-Forwarded-NAME` is one more.
 */
const CLAIMED = [
  // Cloudflare writes these anew for an origin, but only under these very names.
  "cf-connecting-ip",
  "cf-connecting-ipv6",
  "cf-pseudo-ipv4",
  "client-ip",
  "forwarded",
  "forwarded-for",
  "true-client-ip",
  "x-client-ip",
  "x-cluster-client-ip",
  "x-forwarded",
] as const;

/** Never removed, whatever `Connection` names: taking these away would change the message itself. */
const KEPT = new Set([
  "host",
  "content-length",
  "content-type",
  "content-encoding",
  "cookie",
  "authorization",
]);

/** True if this balancer has seen the request before. @param via value of `LOOP_HEADER` */
export function isLoop(via: string | null, balancer: string): boolean {
  return via?.split(",").some((name) => name.trim() === balancer) ?? false;
}

/** Stands for a hyphen in `X_Real_IP`, which programs behind a gateway (CGI, WSGI, Rack) read as `X-Real-IP`; PHP so reads `X.Real.IP`. */
const HYPHEN = "[^a-z0-9,]";
// The runtime has met an `Expect` by then: the client sends its body.
const NOT_AS_IT_CAME = [...HOP_BY_HOP, ...SET_HERE, ...CLAIMED, "expect", "upgrade"]
  .join("|")
  .replaceAll("-", HYPHEN);
/** In a list of names with commas: those of headers that do not go on as they came. */
const OURS = new RegExp(`(?<![^,])(?:${NOT_AS_IT_CAME}|x${HYPHEN}forwarded${HYPHEN}[^,]*)(?![^,])`, "g");

/**
 * Makes the headers that an attempt sends from the client's headers.
 * @param names of the client's headers, in lower case, with commas between them
 */
export function forwardHeaders(headers: Headers, client: ClientFacts, balancer: string, names: string): void {
  // One look at all names: each look at a single header is a call into the runtime.
  for (const name of names.match(OURS) ?? []) {
    if (name === "connection") stripNamed(headers);
    if (!staysForNow(name, headers)) headers.delete(name);
  }
  if (client.clientIp === "") {
    headers.delete("x-forwarded-for");
    headers.delete("x-real-ip");
  } else {
    headers.set("x-forwarded-for", client.clientIp);
    headers.set("x-real-ip", client.clientIp);
  }
  headers.set("x-forwarded-proto", client.scheme);
  headers.set("x-forwarded-host", client.host);
  headers.set("x-request-id", client.id);
  headers.append(LOOP_HEADER, balancer);
}

/** It is set below, or begins a WebSocket. */
function staysForNow(name: string, headers: Headers): boolean {
  if (name === "upgrade") return headers.get(name)?.toLowerCase() === "websocket";
  return SET_HERE.has(name);
}

/**
 * True if the client vouches that its request may be run twice, and the origin gets the key: it is not empty, nor
 * (`""`) an empty string, nor meant for this hop alone.
 */
export function sendsIdempotencyKey(headers: Headers): boolean {
  const key = headers.get("idempotency-key");
  return key !== null && /[^\s,"]/.test(key) && !namedByConnection(headers).includes("idempotency-key");
}

/** The origin's response as the client gets it. Passed on unchanged if nothing must change. */
export function clientResponse(response: Response): Response {
  const headers = response.headers;
  if (response.status === 101 || !HOP_BY_HOP.some((name) => headers.has(name))) return response;
  // Re-wrapping keeps the unread body, its encoding and its length (docs/platform.md, body passthrough).
  const copy = new Response(response.body, response);
  stripHopByHop(copy.headers);
  copy.headers.delete("upgrade");
  return copy;
}

function stripHopByHop(headers: Headers): void {
  stripNamed(headers);
  for (const name of HOP_BY_HOP) headers.delete(name);
}

/** Removes the headers that `Connection` names, which are for one hop. */
function stripNamed(headers: Headers): void {
  for (const name of namedByConnection(headers)) {
    // `Connection: upgrade` is how a WebSocket handshake begins; the callers decide about that one.
    if (name !== "upgrade" && !KEPT.has(name) && /^[\w!#$%&'*+.^`|~-]+$/.test(name)) headers.delete(name);
  }
}

function namedByConnection(headers: Headers): string[] {
  const named = headers.get("connection");
  return named === null
    ? []
    : named
        .toLowerCase()
        .split(",")
        .map((part) => part.trim());
}
