/**
 * Whether a request may be sent once more, in its pool or in the next, and how much time it has left. A request that
 * goes on to another pool keeps the limits and the budget of the first pool that it failed in.
 * @module
 */
import type { RetryBudget } from "../../core/retry/retry-budget.ts";
import type { AttemptLimits, RetryFailure } from "../../core/retry/retry-policy.ts";
import type { EdgeRequest } from "../model/edge-request.ts";
import type { ActivePool, EdgePool } from "../pool/edge-pool.ts";
import { sendsIdempotencyKey } from "./headers.ts";
import type { RequestContext } from "./request-context.ts";

/** What a request brings along from pools in which it failed. */
export interface Carried {
  /** How long all attempts together may take. */
  readonly totalTimeoutMs: number;
  /** Made so far, and most of them. One more pool makes at least one. */
  readonly attempts: number;
  readonly maxAttempts: number;
  readonly retryBudget: RetryBudget;
}

/**
 * True if no further pool may try the request: the time of all attempts is over, or the budget for retries is spent.
 * @param timedFromMs from when that time runs
 */
export function isSpent(
  { totalTimeoutMs, retryBudget }: Carried,
  timedFromMs: number,
  nowMs: number,
): boolean {
  return nowMs >= timedFromMs + totalTimeoutMs || !retryBudget.isLeft(nowMs);
}

/** The circumstances of a request's arrival at a pool that its attempts depend on. */
export interface Entry {
  /** Null: it failed in no pool before. */
  readonly carried: Carried | null;
  /** True: a request that fails here may be sent on to another pool. */
  readonly goesOn: boolean;
}

/** Of one request in one pool. */
export class RetryAllowance {
  readonly #context: RequestContext;
  readonly #activePool: ActivePool;
  readonly #entry: Entry;
  readonly #hasIdempotencyKey: boolean;
  readonly #totalTimeoutMs: number;
  readonly budget: RetryBudget;
  /** It may be sent more than once, unless its body can be sent only once. */
  readonly mayRepeat: boolean;

  constructor(context: RequestContext, pool: EdgePool, activePool: ActivePool, entry: Entry) {
    const { carried, goesOn } = entry;
    const { failover } = activePool.config;
    this.#context = context;
    this.#activePool = activePool;
    this.#entry = entry;
    this.#hasIdempotencyKey = hasIdempotencyKey(context.edge);
    this.#totalTimeoutMs = carried?.totalTimeoutMs ?? failover.total_timeout * 1_000;
    this.budget = carried?.retryBudget ?? pool.retryBudget;
    this.mayRepeat =
      (failover.max_attempts > 1 || goesOn) &&
      activePool.retryPolicy.isRepeatable(context.edge.method, this.#hasIdempotencyKey);
  }

  /** The request failed in another pool before. */
  get isCarried(): boolean {
    return this.#entry.carried !== null;
  }

  /** Milliseconds until the time of all attempts is over. */
  leftMs(nowMs: number): number {
    return this.#context.timedFromMs + this.#totalTimeoutMs - nowMs;
  }

  /** One more attempt in this pool is allowed. @param attempts made in this pool */
  allowsRetry(failure: RetryFailure, attempts: number, nowMs: number): boolean {
    return this.#allows(failure, attempts, this.#limits, nowMs);
  }

  /** All attempts in this pool failed, and another pool may be asked. */
  allowsNextPool(failure: RetryFailure, nowMs: number): boolean {
    const limits = { maxAttempts: 1, totalTimeoutMs: this.#totalTimeoutMs };
    return this.#entry.goesOn && this.#allows(failure, 0, limits, nowMs);
  }

  /** For the next pool. @param attempts made in this pool */
  carry(attempts: number): Carried {
    const { carried } = this.#entry;
    if (carried !== null) return { ...carried, attempts: carried.attempts + attempts };
    const { max_attempts: maxAttempts } = this.#activePool.config.failover;
    return { totalTimeoutMs: this.#totalTimeoutMs, attempts, maxAttempts, retryBudget: this.budget };
  }

  /** Undefined: the pool's own limits hold. */
  get #limits(): AttemptLimits | undefined {
    const { carried } = this.#entry;
    if (carried === null) return undefined;
    const { maxAttempts, attempts, totalTimeoutMs } = carried;
    return { maxAttempts: Math.max(1, maxAttempts - attempts), totalTimeoutMs };
  }

  #allows(
    failure: RetryFailure,
    attempts: number,
    limits: AttemptLimits | undefined,
    nowMs: number,
  ): boolean {
    const { edge, body, timedFromMs } = this.#context;
    return this.#activePool.retryPolicy.decide({
      method: edge.method,
      hasIdempotencyKey: this.#hasIdempotencyKey,
      bodyReplayable: body.isSendable,
      attempts,
      failure,
      elapsedMs: nowMs - timedFromMs,
      ...(limits && { limits }),
    }).retry;
  }
}

function hasIdempotencyKey({ headers, request }: EdgeRequest): boolean {
  return headers.idempotencyKey !== null && sendsIdempotencyKey(request.headers);
}
