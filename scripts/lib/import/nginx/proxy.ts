/**
 * The `proxy_*` directives that hold where a request is passed on (ngx_http_proxy_module).
 * @module
 */
import { ownValue } from "../../../../src/core/own-value.ts";
import type { Findings } from "../findings.ts";
import { clamp } from "../numbers.ts";
import type { FailoverDocument } from "../result.ts";
import type { Settings } from "./scope.ts";
import { requireCount, requireSeconds } from "./values.ts";

/** Bodies are streamed and connections kept by the runtime; the others here are spoken of elsewhere. */
const NOT_NEEDED: ReadonlySet<string> = new Set([
  "proxy_buffer_size",
  "proxy_buffering",
  "proxy_buffers",
  "proxy_busy_buffers_size",
  "proxy_no_cache",
  "proxy_connect_timeout",
  "proxy_cache_bypass",
  "proxy_cache_key",
  "proxy_cache_lock",
  "proxy_cache_methods",
  "proxy_cache_min_uses",
  "proxy_cache_path",
  "proxy_cache_revalidate",
  "proxy_cache_use_stale",
  "proxy_cache_valid",
  "proxy_force_ranges",
  "proxy_headers_hash_bucket_size",
  "proxy_headers_hash_max_size",
  "proxy_hide_header",
  "proxy_http_version",
  "proxy_ignore_client_abort",
  "proxy_ignore_headers",
  "proxy_max_temp_file_size",
  "proxy_next_upstream",
  "proxy_next_upstream_timeout",
  "proxy_next_upstream_tries",
  "proxy_pass",
  "proxy_pass_header",
  "proxy_pass_request_body",
  "proxy_pass_request_headers",
  "proxy_read_timeout",
  "proxy_request_buffering",
  "proxy_send_lowat",
  "proxy_send_timeout",
  "proxy_set_header",
  "proxy_socket_keepalive",
  "proxy_ssl_ciphers",
  "proxy_ssl_protocols",
  "proxy_ssl_server_name",
  "proxy_ssl_session_reuse",
  "proxy_temp_file_write_size",
  "proxy_temp_path",
]);
const DEFAULT_TIMEOUT = 60;
const DEFAULT_ATTEMPTS = 3;
const MAX_ATTEMPTS = 10;
const MAX_TIMEOUT = 600;

/** What was in force and has no counterpart. */
export function reportSettings(settings: Settings, findings: Findings): void {
  for (const [name, directives] of settings) {
    if (!name.startsWith("proxy_") || NOT_NEEDED.has(name)) continue;
    for (const { at, args } of directives) {
      if (name === "proxy_redirect" && /^(off|default)$/.test(args[0] ?? "")) continue;
      if (name === "proxy_intercept_errors" && args[0] === "off") continue;
      const message = ownValue(OTHERWISE, name) ?? "has no counterpart: see whether the origin depends on it";
      findings.todo(at, `${[name, ...args].join(" ")}: ${message}`);
    }
  }
}

const OTHERWISE: Readonly<Record<string, string>> = {
  proxy_cache: "nothing is kept here: origins get every request",
  proxy_method: "origins get the client's method",
  proxy_redirect: "the Location of answers stays as it is, but where a path was changed",
  proxy_set_body: "origins get the client's body",
};

/** @param origins how many there are: nginx tries each of them once */
export function failoverOf(settings: Settings, origins: number, findings: Findings): FailoverDocument {
  const { conditions, isSafe } = conditionsOf(settings, findings);
  const given = countIn(settings, "proxy_next_upstream_tries");
  const tries = given === 0 ? origins : given;
  if (tries > MAX_ATTEMPTS)
    report(settings, "proxy_next_upstream_tries", `at most ${MAX_ATTEMPTS} attempts`, findings);
  const attempts = conditions.length === 0 ? 1 : clamp(tries, 1, MAX_ATTEMPTS);
  const readTimeout = secondsIn(settings, "proxy_read_timeout") ?? DEFAULT_TIMEOUT;
  const perAttempt = clamp(readTimeout, 0.1, MAX_TIMEOUT);
  if (readTimeout > MAX_TIMEOUT) {
    const instead = `at most ${MAX_TIMEOUT} s, and only until the headers: what is open after them stays open`;
    report(settings, "proxy_read_timeout", instead, findings);
  }
  const instead = "attempt_timeout, which is proxy_read_timeout's, is for connecting and for the headers";
  report(settings, "proxy_connect_timeout", instead, findings);
  const budget = secondsIn(settings, "proxy_next_upstream_timeout") ?? 0;
  const total = budget > 0 ? budget + perAttempt : perAttempt * attempts;
  // With fewer origins than the default has attempts, a number would only be in the way of the next origin.
  const isDefault = given === 0 && conditions.length > 0 && attempts <= DEFAULT_ATTEMPTS;
  return {
    ...(isDefault ? {} : { max_attempts: attempts }),
    retry_on: conditions,
    attempt_timeout: perAttempt,
    total_timeout: clamp(total, perAttempt, MAX_TIMEOUT),
    ...(isSafe ? {} : { retry_non_idempotent: true }),
  };
}

type Condition = NonNullable<FailoverDocument["retry_on"]>[number];

/** nginx's words for why a request is passed to the next server. */
function conditionsOf(settings: Settings, findings: Findings): { conditions: Condition[]; isSafe: boolean } {
  const directive = settings.get("proxy_next_upstream")?.[0];
  const words = directive?.args ?? ["error", "timeout"];
  const conditions = new Set<Condition>();
  for (const word of words) {
    const status = /^http_(\d{3})$/.exec(word)?.[1];
    if (status !== undefined) conditions.add(Number(status));
    else if (word === "error" || word === "invalid_header") conditions.add("connect_failure");
    else if (word === "timeout") conditions.add("timeout");
    else if (word !== "off" && word !== "non_idempotent" && directive !== undefined) {
      findings.changed(directive.at, `proxy_next_upstream ${word}: has no counterpart`);
    }
  }
  if (words.includes("off")) conditions.clear();
  return { conditions: [...conditions], isSafe: !words.includes("non_idempotent") };
}

function countIn(settings: Settings, name: string): number {
  const directive = settings.get(name)?.[0];
  return directive === undefined ? 0 : requireCount(directive, directive.args[0] ?? "");
}

function secondsIn(settings: Settings, name: string): number | null {
  const directive = settings.get(name)?.[0];
  return directive === undefined ? null : requireSeconds(directive, directive.args[0] ?? "");
}

function report(settings: Settings, name: string, message: string, findings: Findings): void {
  const directive = settings.get(name)?.[0];
  if (directive !== undefined) findings.changed(directive.at, `${name}: ${message}`);
}
