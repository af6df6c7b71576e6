/**
 * Probes one origin over HTTP or TCP and returns the result in words.
 * @module
 */
import { connect } from "cloudflare:sockets";
import type { HealthCheckConfig, OriginConfig } from "../../config/schema.ts";
import { parseStatusCodes } from "../../config/status-codes.ts";
import { originBinding } from "../../platform/origin-bindings.ts";
import { isRedirect, type ProbeRequest, redirected } from "./probe-redirect.ts";
import type { ProbeResult, RunProbe } from "./probe-result.ts";

/** How much of a body is searched for `expected_body`. */
const SEARCHED_BYTES = 65_536;
const MOST_REDIRECTS = 3;

type Send = (url: string, init: RequestInit) => Promise<Response>;

/** What a check of the type tcp says of an origin that only `fetch` reaches; a pool's own check is never one. */
const NO_SOCKET = "a connection by itself reaches no origin with a binding or resolve_override";

/** Probes origins as requests reach them. @param env the Worker's bindings */
export function proberThrough(env: object): RunProbe {
  return (check, origin) => probe(check, origin, env);
}

/** Runs one probe. Never throws; the time-out begins now. */
async function probe(check: HealthCheckConfig, origin: OriginConfig, env: object): Promise<ProbeResult> {
  const startedMs = Date.now();
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), check.timeout * 1_000);
  try {
    const problem =
      check.type === "tcp"
        ? await probeTcp(check, origin, abort.signal)
        : await probeHttp(check, origin, env, abort.signal);
    const detail = problem ?? "passed";
    return { passed: problem === null, detail, durationMs: Date.now() - startedMs, timedOut: false };
  } catch {
    const timedOut = abort.signal.aborted;
    const detail = timedOut ? `no answer within ${check.timeout} s` : "could not connect";
    return { passed: false, detail, durationMs: Date.now() - startedMs, timedOut };
  } finally {
    clearTimeout(timer);
  }
}

/** Null if it passed, else the problem. */
async function probeHttp(
  check: HealthCheckConfig,
  origin: OriginConfig,
  env: object,
  signal: AbortSignal,
): Promise<string | null> {
  const send = senderTo(origin, env);
  if (send === null) return `the Worker has no binding ${origin.binding}`;
  let request: ProbeRequest = {
    url: probeUrl(check, origin),
    method: check.method,
    headers: check.headers,
  };
  for (let redirects = 0; ; redirects++) {
    const response = await send(request.url, {
      method: request.method,
      headers: { "user-agent": "edge-balancer health check", ...request.headers },
      redirect: "manual",
      // A cached answer says nothing about the origin.
      cache: "no-store",
      signal,
    });
    const location = response.headers.get("location");
    if (!check.follow_redirects || location === null || !isRedirect(response.status)) {
      return await judge(check, response);
    }
    await response.body?.cancel();
    if (redirects === MOST_REDIRECTS) return "too many redirects";
    const next = redirected(request, response.status, location);
    if (typeof next === "string") return next;
    const leaves = new URL(next.url).origin !== new URL(request.url).origin;
    if (leaves && isReachedOtherwise(origin))
      return "a redirect away from an origin with a binding or resolve_override";
    request = next;
  }
}

/** True if more than its url says how it is reached. */
function isReachedOtherwise({ binding, resolve_override }: OriginConfig): boolean {
  // One that is being removed may have been stored by a version without these.
  return binding != null || resolve_override != null;
}

/** Null: the Worker lacks the origin's binding. */
function senderTo({ binding, resolve_override: resolveOverride }: OriginConfig, env: object): Send | null {
  if (binding != null) {
    const bound = originBinding(env, binding);
    return bound && ((url, init) => bound.fetch(url, init));
  }
  return resolveOverride == null ? fetch : (url, init) => fetch(url, { ...init, cf: { resolveOverride } });
}

async function judge(check: HealthCheckConfig, response: Response): Promise<string | null> {
  const expected = parseStatusCodes(check.expected_codes);
  if (expected === null || !expected(response.status)) {
    await response.body?.cancel();
    return `status ${response.status}, expected ${check.expected_codes}`;
  }
  if (check.expected_body === null) {
    await response.body?.cancel();
    return null;
  }
  const found = await contains(response.body, check.expected_body);
  return found ? null : "the expected text is not in the body";
}

async function contains(body: ReadableStream<Uint8Array> | null, text: string): Promise<boolean> {
  if (body === null) return false;
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let seen = "";
  let bytes = 0;
  try {
    while (bytes < SEARCHED_BYTES) {
      const { done, value } = await reader.read();
      if (done) return seen.includes(text);
      const part = value.subarray(0, SEARCHED_BYTES - bytes);
      bytes += part.length;
      seen += decoder.decode(part, { stream: true });
      if (seen.includes(text)) return true;
    }
    return false;
  } finally {
    await reader.cancel();
  }
}

async function probeTcp(
  check: HealthCheckConfig,
  origin: OriginConfig,
  signal: AbortSignal,
): Promise<string | null> {
  if (isReachedOtherwise(origin)) return NO_SOCKET;
  const url = new URL(origin.url);
  const port = check.port ?? (Number(url.port) || (url.protocol === "https:" ? 443 : 80));
  const socket = connect({ hostname: url.hostname, port });
  try {
    await Promise.race([socket.opened, aborted(signal)]);
    return null;
  } finally {
    // Not awaited: closing a socket that never opened may take as long as opening it.
    socket.close().catch(() => undefined);
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(new Error("aborted")), { once: true });
  });
}

function probeUrl(check: HealthCheckConfig, origin: OriginConfig): string {
  const url = new URL(origin.url);
  if (check.port !== null) url.port = String(check.port);
  return url.origin + url.pathname.replace(/\/+$/, "") + check.path;
}
