/**
 * Probes one origin over HTTP or TCP and says what it saw.
 * @module
 */
import { connect } from "cloudflare:sockets";
import type { HealthCheckConfig, OriginConfig } from "../config/schema.ts";
import { parseStatusCodes } from "../config/status-codes.ts";

export interface ProbeResult {
  passed: boolean;
  /** For the operator; holds no address and nothing the origin sent. */
  detail: string;
  /** To the verdict, in ms. */
  durationMs: number;
  timedOut: boolean;
}

/** Looks at one origin. Never throws. */
export type Probe = (check: HealthCheckConfig, origin: OriginConfig) => Promise<ProbeResult>;

/** How much of a body is searched for `expected_body`. */
const SEARCHED_BYTES = 65_536;
const MOST_REDIRECTS = 3;

/** Runs one probe. Never throws; the time-out begins now. */
export async function probe(check: HealthCheckConfig, origin: OriginConfig): Promise<ProbeResult> {
  const startedMs = Date.now();
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), check.timeout * 1_000);
  try {
    const problem =
      check.type === "tcp"
        ? await probeTcp(check, origin, abort.signal)
        : await probeHttp(check, origin, abort.signal);
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

/** Null if it passed, else what was wrong. */
async function probeHttp(
  check: HealthCheckConfig,
  origin: OriginConfig,
  signal: AbortSignal,
): Promise<string | null> {
  let url = probeUrl(check, origin);
  for (let redirects = 0; ; redirects++) {
    const response = await fetch(url, {
      method: check.method,
      headers: { "user-agent": "edge-balancer health check", ...check.headers },
      redirect: "manual",
      // A cached answer says nothing about the origin.
      cache: "no-store",
      signal,
    });
    const location = response.headers.get("location");
    if (!check.follow_redirects || location === null || response.status < 300 || response.status > 399) {
      return await judge(check, response);
    }
    await response.body?.cancel();
    if (redirects === MOST_REDIRECTS) return "too many redirects";
    url = new URL(location, url).href;
  }
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
