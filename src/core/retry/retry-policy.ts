/**
 * Decides whether a failed attempt may be repeated elsewhere: only if that is provably safe, useful, and within the
 * budget.
 * @module
 */

/** How an attempt failed. A status is the origin's own answer, except Cloudflare's (`isConnectFailureStatus`). */
export type RetryFailure = "connect_failure" | "timeout" | { readonly status: number };

/** How often and for how long a request may be tried. */
export interface AttemptLimits {
  /** Attempts per request, the first included: a whole number of at least 1. */
  maxAttempts: number;
  /** For all attempts together, from the request's arrival, or from the end of a body that is read first. */
  totalTimeoutMs: number;
}

/** What a pool allows to be retried. */
export interface RetryRules extends AttemptLimits {
  /** The kinds of failure that are retried. */
  retryOn: readonly ("connect_failure" | "timeout" | number)[];
  /** Methods that are not idempotent too, without an Idempotency-Key. */
  retryNonIdempotent: boolean;
}

/** A failed attempt, and its request. */
export interface RetrySituation {
  /** In capitals. */
  method: string;
  /** The origin gets an `Idempotency-Key`, so it recognises a repetition. */
  hasIdempotencyKey: boolean;
  /** True if there is no body, or it can be sent again whole. */
  bodyReplayable: boolean;
  /** Made so far: at least 1. */
  attempts: number;
  /** How the last attempt failed. */
  failure: RetryFailure;
  /** Since the moment that `totalTimeoutMs` counts from. */
  elapsedMs: number;
  /** Replaces the rules' own number if other rules were in force at first. */
  limits?: AttemptLimits;
}

/** Whether to retry, and the first reason against it. */
export type RetryVerdict =
  | { retry: true }
  | { retry: false; why: "not_retriable" | "not_idempotent" | "body_sent" | "attempts_spent" | "time_spent" };

/** RFC 9110, 9.2.2. A method that is not listed is treated like POST. */
const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/** Rules, applied to one situation at a time. Keeps no state. */
export class RetryPolicy {
  readonly #rules: RetryRules;

  constructor(rules: RetryRules) {
    this.#rules = rules;
  }

  /** True if a request may be sent twice at all, whatever goes wrong. */
  isRepeatable(method: string, hasIdempotencyKey: boolean): boolean {
    return IDEMPOTENT.has(method) || hasIdempotencyKey || this.#rules.retryNonIdempotent;
  }

  /** True for a failure, false for an answer that the client should get. */
  isRetriable(failure: RetryFailure): boolean {
    const { retryOn } = this.#rules;
    if (typeof failure === "string") return retryOn.includes(failure);
    if (isConnectFailureStatus(failure.status) && retryOn.includes("connect_failure")) return true;
    return retryOn.includes(failure.status);
  }

  /** Whether the attempt may be repeated at another server. The budget is asked apart (`RetryBudget`). */
  decide(situation: RetrySituation): RetryVerdict {
    const { method, hasIdempotencyKey, bodyReplayable, attempts, failure, elapsedMs } = situation;
    const { maxAttempts, totalTimeoutMs } = situation.limits ?? this.#rules;
    if (!this.isRetriable(failure)) return { retry: false, why: "not_retriable" };
    // A request that was never sent would be safe to repeat. But we cannot tell a refused connection from a request
    // that arrived and was answered with a reset.
    if (!this.isRepeatable(method, hasIdempotencyKey)) return { retry: false, why: "not_idempotent" };
    if (!bodyReplayable) return { retry: false, why: "body_sent" };
    if (attempts >= maxAttempts) return { retry: false, why: "attempts_spent" };
    if (elapsedMs >= totalTimeoutMs) return { retry: false, why: "time_spent" };
    return { retry: true };
  }
}

/**
 * Cloudflare answers with 520 to 527 for an origin that it cannot reach, and with 530 if its DNS fails; a direct
 * connection would simply have failed (developers.cloudflare.com, 5xx errors).
 */
export function isConnectFailureStatus(status: number): boolean {
  return (status >= 520 && status <= 527) || status === 530;
}
