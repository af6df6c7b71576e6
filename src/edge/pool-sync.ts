/**
 * When an isolate talks to the pool's object, and what becomes of a call that fails. A request waits only where
 * the isolate knows nothing fresh: it is cold, or was idle for so long that a change may have passed it by.
 * @module
 */
import { poolKey } from "../config/documents.ts";
import { parseJson } from "../config/json.ts";
import { parsePool } from "../config/parse.ts";
import type { OriginReport, SyncReport, UnservedCounts } from "../contract/sync.ts";
import { configTokens } from "../platform/affinity-tokens.ts";
import { readDocument } from "../platform/config-source.ts";
import type { Env } from "../platform/env.ts";
import { logLine } from "../platform/log.ts";
import { callPool } from "../platform/object-client.ts";
import type { EdgePool } from "./edge-pool.ts";
import type { RouteCache } from "./route-cache.ts";

/** Longest a request waits for the object before it goes on from what is there. */
const FIRST_SYNC_WAIT_MS = 250;
/** How often a request that waits for another request's sync looks whether it is there. */
const POLL_MS = 5;
/** The same where nobody waits. */
const LONG_POLL_MS = 50;
/** A call not answered by then was lost with the request that made it. */
const LOST_CALL_MS = 5_000;
const FIRST_BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 15_000;
/** Failures are told of before the pace, but not more often than this. */
const NEWS_INTERVAL_MS = 200;
/** An answer that takes longer is spoken of while it lasts, or its count would lapse. */
const LONG_ANSWER_MS = 4_000;
/** Pace assumed before the object has named one. */
const INITIAL_PACE_MS = 1_000;
/** Smallest lease asked for: a few requests of a quiet isolate. */
const SMALLEST_WANT = 8;
/** Leases cover this many paces of the recent demand; asked again at half, nobody runs dry. */
const PACES_PER_LEASE = 2;

/** A report under way: repeated as it is until the object has answered it. */
interface PendingReport {
  sequence: number;
  origins: Record<string, OriginReport>;
  sync_failures: number;
  unserved: UnservedCounts;
}

export class PoolSync {
  readonly #pool: EdgePool;
  readonly #isolate: string;
  readonly #routes: Pick<RouteCache, "heard">;
  #sequence = 0;
  #pending: PendingReport | null = null;
  #callStartedMs = Number.NEGATIVE_INFINITY;
  #answeredMs = Number.NEGATIVE_INFINITY;
  #paceMs = INITIAL_PACE_MS;
  #failures = 0;
  /** Failed calls that no report has told of yet. */
  #untoldFailures = 0;
  #backoffUntilMs = Number.NEGATIVE_INFINITY;
  /** When a report was promised that no later request need come for; see `accompany`. */
  #promisedMs = Number.NEGATIVE_INFINITY;

  constructor(pool: EdgePool, isolate: string, routes: Pick<RouteCache, "heard">) {
    this.#pool = pool;
    this.#isolate = isolate;
    this.#routes = routes;
  }

  /** True if the isolate's knowledge is too old to go by: cold, or idle for longer than a busy one ever is. */
  isStale(nowMs: number): boolean {
    if (this.#pool.view === null) return true;
    return nowMs - this.#answeredMs > 2 * this.#paceMs && nowMs >= this.#backoffUntilMs;
  }

  /** True if it is time to talk: the pace, half of the lease spent, or a failure to tell of. */
  isDue(nowMs: number): boolean {
    if (nowMs < this.#backoffUntilMs || this.#isCalling(nowMs)) return false;
    const sinceMs = nowMs - this.#answeredMs;
    const hasNews = this.#pool.hasNews && sinceMs >= NEWS_INTERVAL_MS;
    return hasNews || this.#pool.cursor.isLow || sinceMs >= this.#paceMs;
  }

  /**
   * Sees to it that what just happened is reported within a pace, even if no other request comes. One promise serves
   * all requests of that time.
   */
  promise(env: Env, ctx: ExecutionContext): void {
    const nowMs = Date.now();
    if (nowMs - this.#promisedMs < this.#paceMs + LOST_CALL_MS) return;
    ctx.waitUntil(this.#reportInTime(env));
  }

  /** Reports now and then while a long answer is under way, and once more when it is over. */
  async accompany(over: Promise<void>, env: Env): Promise<void> {
    const end = new AbortController();
    const ended = over.then(() => end.abort());
    while (!end.signal.aborted) {
      await scheduler.wait(LONG_ANSWER_MS, { signal: end.signal }).catch(() => undefined);
      if (!end.signal.aborted && this.isDue(Date.now())) await this.#call(env);
    }
    await ended;
    await this.#reportInTime(env);
  }

  /** One call in the background of the request that noticed it is due. */
  start(env: Env, ctx: ExecutionContext): void {
    ctx.waitUntil(this.#call(env));
  }

  /** Waits for fresh knowledge, but not for long; then serves from what there is, at worst from config alone. */
  async refresh(env: Env, ctx: ExecutionContext): Promise<void> {
    const deadlineMs = Date.now() + FIRST_SYNC_WAIT_MS;
    if (!this.#isCalling(Date.now()) && Date.now() >= this.#backoffUntilMs) {
      const call = this.#call(env);
      ctx.waitUntil(call);
      await Promise.race([call, scheduler.wait(FIRST_SYNC_WAIT_MS)]);
    } else {
      // Another request's promise must not be awaited; its effect can be watched.
      while (this.#isCalling(Date.now()) && Date.now() < deadlineMs) await scheduler.wait(POLL_MS);
    }
    if (this.#pool.view === null) await this.#adoptConfig(env);
  }

  /** Calls when it is due, unless another call has begun by then, or a later promise was made. */
  async #reportInTime(env: Env): Promise<void> {
    const promisedMs = Date.now();
    this.#promisedMs = promisedMs;
    while (!this.isDue(Date.now())) {
      // A call under way has left with its report: what ended since waits for the next.
      const dueMs = Math.max(this.#answeredMs + this.#paceMs, this.#backoffUntilMs);
      await scheduler.wait(Math.max(LONG_POLL_MS, dueMs - Date.now()));
      if (this.#promisedMs !== promisedMs) return;
    }
    await this.#call(env);
  }

  #isCalling(nowMs: number): boolean {
    return nowMs - this.#callStartedMs < LOST_CALL_MS;
  }

  async #call(env: Env): Promise<void> {
    const startedMs = Date.now();
    this.#callStartedMs = startedMs;
    // What ends from here on is not in this report: it needs a promise of its own.
    this.#promisedMs = Number.NEGATIVE_INFINITY;
    this.#pool.hasNews = false;
    const report = this.#report(startedMs);
    const answer = await callPool(env, this.#pool.id, (stub) => stub.sync(report));
    if (this.#callStartedMs === startedMs) this.#callStartedMs = Number.NEGATIVE_INFINITY;
    if (!answer.ok) return this.#failed(answer.failure, answer.detail);
    this.#failures = 0;
    this.#backoffUntilMs = Number.NEGATIVE_INFINITY;
    this.#answeredMs = Date.now();
    this.#paceMs = answer.value.next_sync_ms;
    if (this.#pending?.sequence === report.sequence) this.#pending = null;
    this.#pool.rates.roundTrip.observe(this.#answeredMs - startedMs);
    this.#pool.apply(answer.value, startedMs);
    this.#routes.heard(answer.value.routes_mark ?? 0);
  }

  #report(nowMs: number): SyncReport {
    this.#pending ??= this.#newReport();
    const elapsedMs = Math.min(Math.max(nowMs - this.#answeredMs, 1), 60_000);
    const requests = this.#pool.requests;
    this.#pool.requests = 0;
    const ahead = Math.ceil((requests / elapsedMs) * this.#paceMs * PACES_PER_LEASE);
    const want = Math.max(SMALLEST_WANT, ahead) - this.#pool.cursor.remaining;
    return {
      isolate: this.#isolate,
      ...this.#pending,
      snapshot: this.#pool.view?.version ?? 0,
      active: this.#activeGauge(),
      demand: { requests, elapsed_ms: elapsedMs },
      cursor: { want: Math.max(0, want), returned: [] },
      rates: this.#pool.rates.reports(nowMs),
    };
  }

  #newReport(): PendingReport {
    const sync_failures = this.#untoldFailures;
    this.#untoldFailures = 0;
    const { ledger } = this.#pool;
    const unserved = ledger.takeUnserved();
    return { sequence: ++this.#sequence, origins: ledger.take(), sync_failures, unserved };
  }

  #activeGauge(): Record<string, number> {
    const active: Record<string, number> = {};
    for (const server of this.#pool.servers) if (server.own > 0) active[server.id] = server.own;
    return active;
  }

  /** Fail static: the last snapshot stays in use, and the object is left alone for a while. */
  #failed(failure: string, detail: string): void {
    const backoffMs = Math.min(FIRST_BACKOFF_MS * 2 ** this.#failures, LONGEST_BACKOFF_MS);
    this.#failures++;
    this.#untoldFailures++;
    this.#backoffUntilMs = Date.now() + backoffMs;
    this.#pool.rates.unanswered();
    logLine({ pool: this.#pool.id, event: "sync_failed", failure, detail, backoff_ms: backoffMs });
  }

  async #adoptConfig(env: Env): Promise<void> {
    const document = await readDocument(env, poolKey(this.#pool.id)).catch(() => null);
    if (document === null) return;
    const parsed = parsePool(parseJson(document.text), { allowIpOrigins: env.ALLOW_IP_ORIGINS === "1" });
    if (!parsed.ok) return;
    const tokens = await configTokens(env, this.#pool.id, parsed.value);
    if (this.#pool.view === null) this.#pool.adoptConfig(parsed.value, tokens);
  }
}
