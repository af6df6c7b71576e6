/**
 * Answers of the admin API to requests that fail: `application/problem+json` (RFC 9457) with a stable `type`. Never a
 * stack.
 * @module
 */
import { problemAnswer, retryAfter } from "../../platform/problem.ts";

/** One entry each: wire status and human title. */
export const PROBLEMS = {
  // The prefix does not exist without a token: the same answer as the data plane's.
  no_route: { status: 404, title: "No route matches this request" },
  bad_request: { status: 400, title: "The request cannot be understood" },
  unauthorized: { status: 401, title: "A valid token is needed" },
  https_required: { status: 403, title: "The admin API takes tokens over https only" },
  forbidden: { status: 403, title: "The token may not do this" },
  not_found: { status: 404, title: "There is no such thing" },
  method_not_allowed: { status: 405, title: "This cannot be done here" },
  conflict: { status: 409, title: "The pool is not in a state for this" },
  precondition_failed: { status: 412, title: "It has changed since you read it" },
  too_large: { status: 413, title: "The document is too large" },
  invalid: { status: 422, title: "The document has errors" },
  too_many_attempts: { status: 429, title: "Too many failed logins from this address" },
  internal: { status: 500, title: "The admin API failed" },
  not_implemented: { status: 501, title: "This is not available in this version" },
  access_unavailable: { status: 503, title: "Cloudflare Access cannot be asked who this is" },
  pool_unavailable: { status: 503, title: "The object that knows cannot be reached" },
} as const;

export type ProblemType = keyof typeof PROBLEMS;

export interface ProblemDetails {
  /** The error in this case. */
  detail?: string;
  /** Errors with their paths, for documents. */
  errors?: readonly { path: string; message: string }[];
  /** Whole seconds, sent as Retry-After. */
  retryAfterS?: number;
  headers?: Record<string, string>;
}

/** Thrown anywhere below the app, which answers with it. */
export class Problem extends Error {
  readonly type: ProblemType;
  readonly details: ProblemDetails;

  constructor(type: ProblemType, details: ProblemDetails = {}) {
    super(details.detail ?? PROBLEMS[type].title);
    this.type = type;
    this.details = details;
  }
}

export function problemResponse({ type, details }: Problem, requestId: string): Response {
  const { detail, errors, retryAfterS, headers } = details;
  const problem = { type, ...PROBLEMS[type], detail, errors, requestId };
  return problemAnswer(problem, { ...retryAfter(retryAfterS), ...headers });
}
