/**
 * One attempt: send to one origin, wait for its headers, and say how it ended.
 * @module
 */
import { isConnectFailureStatus } from "../core/retry-policy.ts";
import type { EdgeRequest } from "./edge-request.ts";
import type { EdgeServer } from "./edge-server.ts";

export type AttemptResult =
  | { kind: "response"; response: Response }
  /** Refused, reset, unresolvable, or one of Cloudflare's own statuses for that. */
  | { kind: "connect_failure" }
  /** No headers within the attempt's time. */
  | { kind: "timeout" };

/** Changes the headers of a request that is about to be sent. */
export type PrepareHeaders = (headers: Headers) => void;

/**
 * @param prepare makes of the client's headers those to send
 * @param timeoutMs until the headers must have come; the body may take longer
 * @param body the request's own stream or a replay of it; null if there is none
 */
export async function attempt(
  edge: EdgeRequest,
  server: EdgeServer,
  prepare: PrepareHeaders,
  body: ReadableStream | null,
  timeoutMs: number,
): Promise<AttemptResult> {
  // Not AbortSignal.timeout(): that one would also cut the body off (PLATFORM: time-outs).
  const abort = new AbortController();
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    abort.abort();
  }, timeoutMs);
  try {
    const request = new Request(server.base + edge.target, {
      method: edge.method,
      headers: edge.request.headers,
      body,
      redirect: "manual",
      // As it came: a body that is piped on must not be decoded and encoded again.
      encodeResponseBody: "manual",
      signal: abort.signal,
    });
    // In the request's own headers: those handed to `fetch` would be copied once more.
    prepare(request.headers);
    const response = await fetch(request);
    // Cloudflare answers with these for an origin it cannot reach, instead of an exception.
    if (!isConnectFailureStatus(response.status)) return { kind: "response", response };
    discard(response);
    return { kind: "connect_failure" };
  } catch {
    return { kind: timedOut ? "timeout" : "connect_failure" };
  } finally {
    clearTimeout(timer);
  }
}

/** Lets go of a response nobody will read, so that it does not hold a connection. */
export function discard(response: Response): void {
  response.body?.cancel().catch(() => {
    // The origin was faster in closing it: that is all we wanted.
  });
}
