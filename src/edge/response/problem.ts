/**
 * The answers made here rather than by an origin: `application/problem+json` (RFC 9457) with a stable `type`.
 * They never carry a stack or an origin's address.
 * @module
 */
import { problemAnswer, retryAfter } from "../../platform/problem.ts";

/** Everything that can keep a request from an origin's answer. One entry each: wire status and human title. */
export const PROBLEMS = {
  no_route: { status: 404, title: "No route matches this request" },
  no_origin_available: { status: 503, title: "No origin is available" },
  rate_limited: { status: 503, title: "All origins are at their rate limit" },
  origin_failed: { status: 502, title: "The origin could not be reached" },
  origin_timeout: { status: 504, title: "The origin did not answer in time" },
  request_timeout: { status: 408, title: "The request's body did not come in time" },
  bad_request_body: { status: 400, title: "The request's body broke off or is malformed" },
  bad_websocket_handshake: { status: 400, title: "A WebSocket begins with a GET and a key" },
  websocket_version: { status: 426, title: "Only version 13 of WebSocket is spoken here" },
  config_unavailable: { status: 503, title: "The configuration cannot be read" },
  loop: { status: 508, title: "The request came back to this balancer" },
  internal: { status: 500, title: "The balancer failed" },
} as const;

export type ProblemType = keyof typeof PROBLEMS;

/** @param retryAfterS sent as Retry-After, whole seconds */
export function problem(type: ProblemType, requestId: string, retryAfterS?: number): Response {
  const version = type === "websocket_version" ? { "sec-websocket-version": "13" } : {};
  return problemAnswer({ type, ...PROBLEMS[type], requestId }, { ...version, ...retryAfter(retryAfterS) });
}
