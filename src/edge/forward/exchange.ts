/**
 * One request's way through a pool: pick, send, and go on to another origin where that is provably safe. Owns
 * everything that it opens on the way, and releases it when the answer is handed over, or when it is closed.
 * @module
 */
import type { DecisionReason } from "../../core/load-balancer.ts";
import type { RetryFailure } from "../../core/retry/retry-policy.ts";
import type { EdgeRequest } from "../model/edge-request.ts";
import type { EdgeServer } from "../model/edge-server.ts";
import { InFlightRequest } from "../model/in-flight.ts";
import type { ActivePool, EdgePool } from "../pool/edge-pool.ts";
import { Attempt, type AttemptResult, type PrepareHeaders } from "./attempt.ts";
import { AttemptPicks } from "./attempt-picks.ts";
import { type AttemptEnd, isOrigins, outcomeFor } from "./blame.ts";
import { type ExchangeProblem, failureOf, problemAfter } from "./exchange-problem.ts";
import { HeldAnswer } from "./held-answer.ts";
import type { OriginPick, Picker } from "./picker.ts";
import type { RequestContext } from "./request-context.ts";
import { type Carried, type Entry, RetryAllowance } from "./retry-allowance.ts";

/** Bodies of requests that are never sent twice are read first only if they are that small. */
const SMALL_BODY_BYTES = 65_536;

/** An attempt under way. */
interface Open {
  readonly attempt: Attempt;
  readonly inFlight: InFlightRequest;
  /** Why its origin. */
  readonly reason: DecisionReason;
  /** Ends the attempt, and its answer. */
  readonly abort: AbortController;
  readonly startedMs: number;
  /** Null: it has not ended. */
  end: AttemptEnd | null;
}

export class Exchange {
  readonly #context: RequestContext;
  readonly #edge: EdgeRequest;
  readonly #pool: EdgePool;
  readonly #activePool: ActivePool;
  readonly #prepare: PrepareHeaders;
  readonly #picker: Picker;
  readonly #retries: RetryAllowance;
  readonly #picks: AttemptPicks;
  /** The attempt under way. */
  #current: Open | null = null;
  /** The last attempt that an origin answered, or, while none did, the last. */
  #best: Open | null = null;

  /** Attempts made so far. */
  attempts = 0;
  /** How the last attempt ended; null if none was made, or the client's body did not come. */
  end: AttemptEnd | null = null;
  readonly answer = new HeldAnswer();
  #isTimeUp = false;
  /** The last attempt's failure, if another origin may do better; null: there is none. */
  #failure: RetryFailure | null = null;

  constructor(
    context: RequestContext,
    pool: EdgePool,
    activePool: ActivePool,
    prepare: PrepareHeaders,
    picker: Picker,
    entry: Entry,
  ) {
    this.#context = context;
    this.#edge = context.edge;
    this.#pool = pool;
    this.#activePool = activePool;
    this.#prepare = prepare;
    this.#picker = picker;
    this.#retries = new RetryAllowance(context, pool, activePool, entry);
    this.#picks = new AttemptPicks(context, pool, picker, this.#retries.budget);
  }

  /** Runs to the end; afterwards the fields say how it went. @throws ClientLeft */
  async run(): Promise<void> {
    this.#pool.requests++;
    this.#pool.retryBudget.deposit(this.#context.now());
    if (this.#isBodyReadFirst && !(await this.#readBody())) return;
    for (;;) {
      const picking = this.#isRetry ? this.#picks.another() : this.#picks.next();
      const pick = picking instanceof Promise ? await picking : picking;
      const open = pick === null ? null : this.#open(pick);
      if (open === "too_late") continue;
      if (pick === null || open === null) return;
      let result: AttemptResult;
      try {
        result = open.attempt.answered(await open.attempt.send());
      } catch (error) {
        result = open.attempt.failed(error);
      }
      this.#failure = this.#received(result, open);
      if (this.#failure === null) return;
      if (!this.#retries.allowsRetry(this.#failure, this.attempts, this.#context.now())) return;
      this.#picks.failed(pick.server, this.end);
    }
  }

  /** The pool as it was when the last origin was picked. */
  get activePool(): ActivePool {
    return this.#picker.activePool;
  }

  get #shown(): Open | null {
    return this.#current ?? this.#best;
  }

  /** Whose answer the client gets; without an answer, the origin tried last. Null: none was eligible. */
  get server(): EdgeServer | null {
    return this.#shown?.inFlight.server ?? null;
  }

  /** The client gets that origin's answer, and it is no failure, whatever was tried after it. */
  get isAnsweredWell(): boolean {
    return this.#shown?.end === "success";
  }

  /** Why that origin. */
  get reason(): DecisionReason | null {
    return this.#shown?.reason ?? null;
  }

  /** Milliseconds until a rate limit lets a request through, if that is why no origin was eligible; else null. */
  get retryAfterMs(): number | null {
    return this.#picker.retryAfterMs;
  }

  /** True if no origin got the request, and the client's body was not the reason: another pool may serve it. */
  get isUntried(): boolean {
    return this.server === null && this.end === null;
  }

  /** All its attempts failed, and another pool may be asked: the request may be sent twice, and its time is not over. */
  get mayGoOn(): boolean {
    return this.#failure !== null && this.#retries.allowsNextPool(this.#failure, this.#context.now());
  }

  /** For the next pool. */
  carry(): Carried {
    return this.#retries.carry(this.attempts);
  }

  /** This attempt is beyond the request's first, wherever that was. */
  get #isRetry(): boolean {
    return this.attempts > 0 || this.#retries.isCarried;
  }

  /** The problem that the client gets instead of an origin's answer; null if there is an answer. */
  get problem(): ExchangeProblem | null {
    if (this.answer.current !== null) return null;
    if (this.end !== null) return problemAfter(this.end);
    if (this.#isTimeUp) return "origin_timeout";
    return this.retryAfterMs === null ? "no_origin_available" : "rate_limited";
  }

  get #isBodyReadFirst(): boolean {
    return this.#context.body.isReadFirst(this.#mostReadBytes, this.#retries.mayRepeat);
  }

  get #mostReadBytes(): number {
    const { max_body_bytes } = this.#activePool.config.failover;
    return this.#retries.mayRepeat ? max_body_bytes : Math.min(max_body_bytes, SMALL_BODY_BYTES);
  }

  get #attemptTimeoutMs(): number {
    return this.#activePool.config.failover.attempt_timeout * 1_000;
  }

  /** False: it did not come whole, which is the client's doing. */
  async #readBody(): Promise<boolean> {
    const reading = await this.#context.body.read(this.#mostReadBytes, this.#attemptTimeoutMs, this.#context);
    this.#context.checkPresence();
    if (reading === "read") return true;
    this.end = reading;
    return false;
  }

  /**
   * An attempt that is to be sent; null: its time is up, or the budget for retries is spent; `too_late`: its token went to
   * another request, and it must be picked for again.
   */
  #open(pick: OriginPick): Open | "too_late" | null {
    const startedMs = this.#context.now();
    const leftMs = this.#retries.leftMs(startedMs);
    this.#isTimeUp = leftMs <= 0 && this.end === null;
    if (leftMs <= 0 || (this.#isRetry && !this.#picks.mayRetry())) {
      pick.onRelease?.("not_sent");
      return null;
    }
    // Not sooner: what is not sent takes neither a token nor a retry.
    if (!pick.take()) return "too_late";
    if (this.#isRetry) this.#picks.startRetry(pick);
    const { server, reason } = pick;
    const abort = new AbortController();
    const attempt = new Attempt({
      edge: this.#edge,
      server,
      prepare: this.#prepare,
      body: this.#context.body.take(),
      timeoutMs: Math.min(this.#attemptTimeoutMs, leftMs),
      longestPauseMs: this.#attemptTimeoutMs,
      abort,
      timers: this.#context,
      surroundings: this.#context.surroundings,
    });
    this.#current = {
      attempt,
      inFlight: new InFlightRequest(server, pick.onRelease),
      reason: this.attempts === 0 && reason === "failover" ? "algorithm" : reason,
      abort,
      startedMs,
      end: null,
    };
    this.attempts++;
    return this.#current;
  }

  /** Records how an attempt ended. Returns the failure, or null if there is nothing more to try. */
  #received(result: AttemptResult, open: Open): RetryFailure | null {
    this.#context.checkPresence();
    this.#ended(open, result.end, result.response?.status ?? null);
    const { inFlight, abort } = open;
    if (result.response === null) inFlight.release();
    else this.answer.keep({ response: result.response, inFlight, abort });
    return failureOf(result, this.#activePool.retryPolicy);
  }

  /** Reports the attempt to the pool; the blame decides the outcome. Nothing else reports attempts. */
  #ended(open: Open, end: AttemptEnd, status: number | null = null): void {
    const { inFlight, startedMs } = open;
    const latencyMs = this.#context.now() - startedMs;
    const outcome = outcomeFor(end);
    this.end = open.end = end;
    this.#current = null;
    if (status !== null || this.answer.current === null) this.#best = open;
    if (isOrigins(end)) inFlight.settle(end !== "success", latencyMs);
    if (outcome !== null) this.#pool.ended(inFlight.server, outcome, latencyMs, status);
  }

  /** Releases everything that is open: the client has left, or we have failed. */
  close(): void {
    const current = this.#current;
    if (current !== null) {
      this.#ended(current, this.#context.hasLeft ? "client_closed" : "internal");
      current.inFlight.release();
      current.abort.abort();
    }
    this.#picker.close();
    this.answer.close();
  }
}
