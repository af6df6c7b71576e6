/**
 * The answers made here rather than by an origin: `application/problem+json` (RFC 9457) with a stable `type`.
 * They never carry a stack or an origin's address.
 * @module
 */

/** Everything that can keep a request from an origin's answer. One entry each: wire status and human title. */
const PROBLEMS = {
  no_route: { status: 404, title: "No route matches this request" },
  no_origin_available: { status: 503, title: "No origin is available" },
  rate_limited: { status: 503, title: "All origins are at their rate limit" },
  origin_failed: { status: 502, title: "The origin could not be reached" },
  origin_timeout: { status: 504, title: "The origin did not answer in time" },
  loop: { status: 508, title: "The request came back to this balancer" },
  internal: { status: 500, title: "The balancer failed" },
} as const;

export type ProblemType = keyof typeof PROBLEMS;

/** @param retryAfterS sent as Retry-After, whole seconds */
export function problem(type: ProblemType, requestId: string, retryAfterS?: number): Response {
  const { status, title } = PROBLEMS[type];
  const headers = new Headers({
    "content-type": "application/problem+json",
    "cache-control": "no-store",
    "x-request-id": requestId,
  });
  if (retryAfterS !== undefined) headers.set("retry-after", String(Math.max(1, Math.ceil(retryAfterS))));
  return new Response(JSON.stringify({ type, title, status, request_id: requestId }), { status, headers });
}
