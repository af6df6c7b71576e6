/**
 * One request's way through a pool: pick, send, and go on to another origin where that is provably safe.
 * @module
 */
import type { OutcomeKind, UnservedReason } from "../contract/sync.ts";
import type { DecisionReason } from "../core/load-balancer.ts";
import { backoffMs, type RetryFailure } from "../core/retry-policy.ts";
import { systemRandom } from "../core/system.ts";
import { type AttemptResult, attempt, discard, type PrepareHeaders } from "./attempt.ts";
import type { EdgePool, PoolView } from "./edge-pool.ts";
import type { EdgeRequest } from "./edge-request.ts";
import type { EdgeServer } from "./edge-server.ts";
import { Hold } from "./hold.ts";
import type { Pick, Picker } from "./picker.ts";
import { ReplayableBody } from "./replayable-body.ts";

export class Exchange {
  readonly #edge: EdgeRequest;
  readonly #pool: EdgePool;
  readonly #view: PoolView;
  readonly #prepare: PrepareHeaders;
  readonly #body: ReplayableBody;
  readonly #deadlineMs: number;
  readonly #picker: Picker;
  /** How often every origin has been tried. */
  #rounds = 0;
  #isOver = false;
  /** The attempt under way. */
  #inFlight: { hold: Hold; startedMs: number } | null = null;

  /** Attempts made so far. */
  attempts = 0;
  /** The origin tried last; null if none was eligible. */
  server: EdgeServer | null = null;
  /** Why that origin. */
  reason: DecisionReason | null = null;
  /** How the last attempt ended; null if none was made. */
  outcome: OutcomeKind | null = null;
  /** The last answer an origin gave. */
  response: Response | null = null;
  /** Counts the request at the origin of `response`; the caller releases it with the end of the answer. */
  hold: Hold | null = null;

  constructor(edge: EdgeRequest, pool: EdgePool, view: PoolView, prepare: PrepareHeaders, picker: Picker) {
    const { failover } = view.config;
    this.#edge = edge;
    this.#pool = pool;
    this.#view = view;
    this.#prepare = prepare;
    this.#picker = picker;
    const mayRepeat =
      failover.max_attempts > 1 && view.retryPolicy.isRepeatable(edge.method, hasIdempotencyKey(edge));
    this.#body = new ReplayableBody(edge.request, mayRepeat ? failover.max_body_bytes : 0);
    this.#deadlineMs = edge.startedAtMs + failover.total_timeout * 1_000;
  }

  /** Runs to the end; afterwards the fields say how it went. */
  async run(): Promise<void> {
    this.#pool.requests++;
    this.#pool.retryBudget.deposit(this.#edge.startedAtMs);
    await this.#tryOrigins();
    this.#isOver = true;
  }

  async #tryOrigins(): Promise<void> {
    for (;;) {
      const pick = await this.#pick();
      if (pick === null) return;
      const failure = await this.#send(pick);
      if (failure === null || !this.#mayRetry(failure)) return;
      this.#picker.failed(pick.server);
    }
  }

  /** Milliseconds until a rate limit lets a request through, if that is why no origin was eligible; else null. */
  get retryAfterMs(): number | null {
    return this.#picker.retryAfterMs;
  }

  /** Why there is no origin's answer; null if there is one. */
  get unserved(): UnservedReason | null {
    if (this.response !== null) return null;
    if (this.outcome === null) return this.retryAfterMs === null ? "no_origin_available" : "rate_limited";
    return this.outcome === "timeout" ? "origin_timeout" : "origin_failed";
  }

  /** The next origin: one not tried yet, or, when all are, after a back-off the first again. */
  async #pick(): Promise<Pick | null> {
    let pick = await this.#picker.next();
    if (pick !== null && this.#picker.hasTried(pick.server)) {
      pick.over?.(false, 0);
      // An origin that answered has had its say; only one that could not be reached is worth another round.
      if (this.outcome !== "connect_failure") return null;
      await scheduler.wait(backoffMs(++this.#rounds, systemRandom));
      this.#picker.startRound();
      pick = await this.#picker.next();
    }
    if (pick === null) return null;
    if (this.attempts > 0) this.#pool.ledger.retry(pick.server.id);
    this.server = pick.server;
    this.reason = this.attempts === 0 && pick.reason === "failover" ? "algorithm" : pick.reason;
    return pick;
  }

  /** One attempt. Returns what went wrong, or null if the answer is the client's. */
  async #send({ server, over }: Pick): Promise<RetryFailure | null> {
    const startedMs = Date.now();
    const { attempt_timeout } = this.#view.config.failover;
    const timeoutMs = Math.min(attempt_timeout * 1_000, this.#deadlineMs - startedMs);
    const hold = new Hold(server, over);
    this.attempts++;
    this.#inFlight = { hold, startedMs };
    const result = await attempt(this.#edge, server, this.#prepare, this.#body.take(), timeoutMs);
    this.#inFlight = null;
    const latencyMs = Date.now() - startedMs;
    this.outcome = outcomeOf(result);
    hold.note(this.outcome !== "success", latencyMs);
    if (result.kind === "response") this.#keep(result.response, hold);
    else hold.release();
    this.#pool.ended(server, this.outcome, latencyMs);
    return this.#failureOf(result);
  }

  /** A newer answer replaces an older one; at the end the client gets the last there was. */
  #keep(response: Response, hold: Hold): void {
    if (this.response !== null) discard(this.response);
    this.hold?.release();
    this.response = response;
    this.hold = hold;
  }

  #failureOf(result: AttemptResult): RetryFailure | null {
    if (result.kind !== "response") return result.kind;
    const failure = { status: result.response.status };
    return this.#view.retryPolicy.isRetriable(failure) ? failure : null;
  }

  /** The client has gone. The runtime cancels the attempt, and nothing after its `await` will run, not even `finally`. */
  clientLeft(): void {
    // Afterwards who reads the answer lets go of it.
    if (this.#isOver) return;
    this.hold?.release();
    if (this.#inFlight === null) return;
    const { hold, startedMs } = this.#inFlight;
    this.outcome = "client_closed";
    hold.release();
    this.#pool.ended(hold.server, this.outcome, Date.now() - startedMs);
  }

  #mayRetry(failure: RetryFailure): boolean {
    const { method, startedAtMs } = this.#edge;
    const verdict = this.#view.retryPolicy.decide({
      method,
      hasIdempotencyKey: hasIdempotencyKey(this.#edge),
      bodyReplayable: this.#body.isSendable,
      attempts: this.attempts,
      failure,
      elapsedMs: Date.now() - startedAtMs,
    });
    if (!verdict.retry) return false;
    if (this.#pool.retryBudget.withdraw(Date.now())) return true;
    if (this.server !== null) this.#pool.ledger.retryOverflow(this.server.id);
    return false;
  }
}

function hasIdempotencyKey({ request }: EdgeRequest): boolean {
  return request.headers.has("idempotency-key");
}

/** A failure of the origin is no answer, or one of 500 and above; 501 and 505 are about the request (HAProxy). */
function outcomeOf(result: AttemptResult): OutcomeKind {
  if (result.kind !== "response") return result.kind;
  const { status } = result.response;
  return status >= 500 && status !== 501 && status !== 505 ? "status" : "success";
}
