/**
 * Maps the end of the last attempt to the problem that a client without an answer gets, and to the failure that another
 * attempt depends on.
 * @module
 */
import type { UnservedReason } from "../../contract/sync.ts";
import type { RetryFailure, RetryPolicy } from "../../core/retry/retry-policy.ts";
import type { ProblemType } from "../response/problem.ts";
import type { AttemptResult } from "./attempt.ts";
import type { AttemptEnd } from "./blame.ts";

export type ExchangeProblem = UnservedReason | Extract<ProblemType, "request_timeout" | "bad_request_body">;

/** The problem that the client gets if the last attempt ended so and there is no answer. */
const PROBLEMS = {
  success: "origin_failed",
  status: "origin_failed",
  connect_failure: "origin_failed",
  timeout: "origin_timeout",
  unclear: "origin_timeout",
  connection_lost: "origin_failed",
  hung_up: "origin_failed",
  internal: "origin_failed",
  client_closed: "origin_failed",
  body_stalled: "request_timeout",
  body_broken: "bad_request_body",
} as const satisfies Record<AttemptEnd, ExchangeProblem>;

export function problemAfter(end: AttemptEnd): ExchangeProblem {
  return PROBLEMS[end];
}

/** Why there is no origin's answer, if that is not the client's doing; else null. */
export function unservedBy(problem: ExchangeProblem | null): UnservedReason | null {
  return problem === "request_timeout" || problem === "bad_request_body" ? null : problem;
}

/** The failure, if another origin may do better; null if there is nothing more to try. */
export function failureOf(
  { end, response, status }: AttemptResult,
  policy: RetryPolicy,
): RetryFailure | null {
  if (end === "timeout") return "timeout";
  if (end === "connect_failure" && status === null) return "connect_failure";
  // Nobody is blamed, and another origin may be there.
  if (end === "connection_lost") return "connect_failure";
  const failed = response?.status ?? status;
  return failed !== null && policy.isRetriable({ status: failed }) ? { status: failed } : null;
}
