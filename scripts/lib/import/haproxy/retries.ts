/**
 * `retries`, `retry-on`, `option redispatch` and `timeout` as the failover of a pool.
 * @module
 */
import { ownValue } from "../../../../src/core/own-value.ts";
import type { Findings } from "../findings.ts";
import { clamp } from "../numbers.ts";
import type { FailoverDocument } from "../result.ts";
import { WHOLE } from "../routes.ts";
import { lastLine, linesWith, type ProxySection, written } from "./sections.ts";
import { requireCount, requireSeconds } from "./values.ts";

type Condition = NonNullable<FailoverDocument["retry_on"]>[number];

const DEFAULT_RETRIES = 3;
const MAX_ATTEMPTS = 10;
const MAX_TIMEOUT = 600;

/** HAProxy's words for why a request is sent again. */
const CONDITIONS: Readonly<Record<string, readonly Condition[]>> = {
  none: [],
  "0rtt-rejected": [],
  "conn-failure": ["connect_failure"],
  "empty-response": ["connect_failure"],
  "junk-response": ["connect_failure"],
  "response-timeout": ["timeout"],
  "all-retryable-errors": ["connect_failure", "timeout", 500, 502, 503, 504],
};

export function failoverOf(proxy: ProxySection, findings: Findings): FailoverDocument {
  const retries = lastLine(proxy, "retries");
  const count = retries === null ? DEFAULT_RETRIES : requireCount(retries, retries.words[1] ?? "", "retries");
  if (retries !== null && count >= MAX_ATTEMPTS)
    findings.changed(retries.at, `${written(retries)}: at most ${MAX_ATTEMPTS} attempts`);
  const { conditions, isSafe } = conditionsOf(proxy, findings);
  const attempts = conditions.length === 0 ? 1 : clamp(count + 1, 1, MAX_ATTEMPTS);
  reportRetries(attempts > 1, isSafe, proxy, findings);
  const perAttempt = clamp(serverTimeout(proxy, findings), 0.1, MAX_TIMEOUT);
  return {
    max_attempts: attempts,
    retry_on: conditions,
    attempt_timeout: perAttempt,
    total_timeout: clamp(perAttempt * attempts, perAttempt, MAX_TIMEOUT),
    ...(isSafe ? {} : { retry_non_idempotent: true }),
  };
}

function reportRetries(isRetried: boolean, isSafe: boolean, proxy: ProxySection, findings: Findings): void {
  if (!isRetried) return;
  if (lastLine(proxy, "option", "redispatch") === null) {
    const message = 'without "option redispatch" a retry went to the same server; here it goes to another';
    findings.changed(WHOLE, message);
  }
  if (isSafe) {
    const message =
      "a POST that failed to reach an origin is not sent again unless it has an Idempotency-Key";
    findings.changed(WHOLE, message);
  }
}

/** @returns `isSafe`: nothing but what never reached a server is sent again, or no POST */
function conditionsOf(proxy: ProxySection, findings: Findings): { conditions: Condition[]; isSafe: boolean } {
  const line = lastLine(proxy, "retry-on");
  const words = line?.words.slice(1) ?? ["conn-failure"];
  const conditions = words.flatMap((word): readonly Condition[] => {
    if (/^[45]\d\d$/.test(word)) return [Number(word)];
    const known = ownValue(CONDITIONS, word);
    if (known === undefined && line !== null)
      findings.changed(line.at, `${written(line)}: ${word} has no counterpart`);
    return known ?? [];
  });
  const keepsPosts = linesWith(proxy, "http-request", "disable-l7-retry").length > 0;
  const isSafe = keepsPosts || words.every((word) => word === "conn-failure" || word === "none");
  return { conditions: [...new Set(conditions)], isSafe };
}

function serverTimeout(proxy: ProxySection, findings: Findings): number {
  const line = lastLine(proxy, "timeout", "server");
  const connect = lastLine(proxy, "timeout", "connect");
  if (connect !== null) {
    const message = "attempt_timeout, which is timeout server's, is for connecting and for the headers";
    findings.changed(connect.at, `${written(connect)}: ${message}`);
  }
  if (line === null) {
    findings.changed(
      proxy.at,
      `backend ${proxy.name}: has no timeout server; an attempt may take ${MAX_TIMEOUT} s here`,
    );
    return MAX_TIMEOUT;
  }
  const seconds = requireSeconds(line, line.words[2] ?? "", "timeout server");
  const isLong = seconds > MAX_TIMEOUT || seconds === 0;
  if (isLong)
    findings.changed(line.at, `${written(line)}: at most ${MAX_TIMEOUT} s, and only until the headers`);
  return isLong ? MAX_TIMEOUT : seconds;
}
