/**
 * Whether a failed attempt may be repeated elsewhere: only if that is provably safe, useful, and within the budget.
 * @module
 */

/** How an attempt failed. A status is the origin's own answer, but for Cloudflare's `isConnectFailureStatus`. */
export type RetryFailure = "connect_failure" | "timeout" | { readonly status: number };

export interface RetryRules {
  /** Attempts per request, the first included. */
  maxAttempts: number;
  /** What is retried at all. */
  retryOn: readonly ("connect_failure" | "timeout" | number)[];
  /** POST and PATCH too, without an Idempotency-Key. */
  retryNonIdempotent: boolean;
  /** For all attempts together, from the request's arrival. */
  totalTimeoutMs: number;
}

export interface RetrySituation {
  method: string;
  hasIdempotencyKey: boolean;
  /** True if there is no body, or it can be sent again whole. */
  bodyReplayable: boolean;
  /** Made so far. */
  attempts: number;
  failure: RetryFailure;
  elapsedMs: number;
}

export type RetryVerdict =
  | { retry: true }
  | { retry: false; why: "not_retriable" | "not_idempotent" | "body_sent" | "attempts_spent" | "time_spent" };

/** RFC 9110, 9.2.2. A method not known here is treated like POST. */
const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

export class RetryPolicy {
  readonly #rules: RetryRules;

  constructor(rules: RetryRules) {
    this.#rules = rules;
  }

  /** True if a request may be sent twice at all, whatever goes wrong. */
  isRepeatable(method: string, hasIdempotencyKey: boolean): boolean {
    return IDEMPOTENT.has(method) || hasIdempotencyKey || this.#rules.retryNonIdempotent;
  }

  /** True if this is a failure at all, as opposed to an answer for the client. */
  isRetriable(failure: RetryFailure): boolean {
    const { retryOn } = this.#rules;
    if (typeof failure === "string") return retryOn.includes(failure);
    if (isConnectFailureStatus(failure.status) && retryOn.includes("connect_failure")) return true;
    return retryOn.includes(failure.status);
  }

  decide(situation: RetrySituation): RetryVerdict {
    const { method, hasIdempotencyKey, bodyReplayable, attempts, failure, elapsedMs } = situation;
    if (!this.isRetriable(failure)) return { retry: false, why: "not_retriable" };
    // Never sent would be safe to repeat, but a refused connection may as well have been a request that arrived and
    // a reset that followed: we cannot tell.
    if (!this.isRepeatable(method, hasIdempotencyKey)) return { retry: false, why: "not_idempotent" };
    if (!bodyReplayable) return { retry: false, why: "body_sent" };
    if (attempts >= this.#rules.maxAttempts) return { retry: false, why: "attempts_spent" };
    if (elapsedMs >= this.#rules.totalTimeoutMs) return { retry: false, why: "time_spent" };
    return { retry: true };
  }
}

/**
 * Cloudflare answers for an origin it cannot reach with 520 to 527, and 530 for its DNS, where a connection of one's
 * own would have failed (developers.cloudflare.com, 5xx errors).
 */
export function isConnectFailureStatus(status: number): boolean {
  return (status >= 520 && status <= 527) || status === 530;
}

/** What is counted is forgotten a slot at a time, after 9 to 10 s. */
const SLOT_MS = 1_000;
const SLOTS = 10;
/** Retries a second that are always allowed, or a quiet pool could never fail over. Finagle's default. */
const RESERVE_PER_SECOND = 10;
const RESERVE = (RESERVE_PER_SECOND * SLOTS * SLOT_MS) / 1_000;

/**
 * Retries as a share of the recent requests, so that a pool in trouble is not buried under them (Finagle's
 * RetryBudget): of the last 10 s, retries <= reserve + percent of the requests. O(1) memory.
 */
export class RetryBudget {
  readonly #percent: number;
  readonly #requests = new Float64Array(SLOTS);
  readonly #retries = new Float64Array(SLOTS);
  /** Sums over the slots. */
  #requestCount = 0;
  #retryCount = 0;
  /** Number of the newest slot. */
  #newest = Number.NEGATIVE_INFINITY;

  /** @param percent retries per hundred requests, at least 0; 0: no retries at all, not even the reserve */
  constructor(percent: number) {
    this.#percent = percent;
  }

  /** A request arrived. */
  deposit(nowMs: number): void {
    const slot = this.#advance(nowMs);
    this.#requests[slot] = (this.#requests[slot] ?? 0) + 1;
    this.#requestCount++;
  }

  /** Takes one retry from the budget; false if it is spent. */
  withdraw(nowMs: number): boolean {
    const slot = this.#advance(nowMs);
    const allowed = this.#percent > 0 ? RESERVE + (this.#percent * this.#requestCount) / 100 : 0;
    if (this.#retryCount + 1 > allowed) return false;
    this.#retries[slot] = (this.#retries[slot] ?? 0) + 1;
    this.#retryCount++;
    return true;
  }

  /** Forgets the slots that have left the window. A clock that steps back is taken to stand still. */
  #advance(nowMs: number): number {
    const now = Math.max(Math.floor(nowMs / SLOT_MS), this.#newest);
    for (let number = Math.max(this.#newest + 1, now - SLOTS + 1); number <= now; number++) {
      const slot = number % SLOTS;
      this.#requestCount -= this.#requests[slot] ?? 0;
      this.#retryCount -= this.#retries[slot] ?? 0;
      this.#requests[slot] = 0;
      this.#retries[slot] = 0;
    }
    this.#newest = now;
    return now % SLOTS;
  }
}

const BACKOFF_BASE_MS = 25;
const LONGEST_BACKOFF_MS = 250;

/**
 * Milliseconds to wait before all servers are tried once more: uniform in [0, (2^round - 1) * 25 ms), at most 250 ms
 * (Envoy's full jitter).
 * @param round 1 for the first repetition
 */
export function backoffMs(round: number, random: () => number): number {
  return random() * Math.min((2 ** round - 1) * BACKOFF_BASE_MS, LONGEST_BACKOFF_MS);
}
