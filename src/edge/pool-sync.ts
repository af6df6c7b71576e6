/**
 * An isolate's line to the pool's object: waits, calls, and tells `sync-state.ts`, which decides. A request waits only
 * where the isolate knows nothing fresh: it is cold, or was idle for so long that a change may have passed it by.
 * @module
 */
import { poolKey } from "../config/documents.ts";
import { parseJson } from "../config/json.ts";
import { parsePool } from "../config/parse.ts";
import { configTokens } from "../platform/affinity-tokens.ts";
import { readDocument } from "../platform/config-source.ts";
import type { Env } from "../platform/env.ts";
import { logLine } from "../platform/log.ts";
import { callPool } from "../platform/object-client.ts";
import type { EdgePool } from "./edge-pool.ts";
import type { RouteCache } from "./route-cache.ts";
import { CALL_TIMEOUT_MS, FIRST_SYNC_WAIT_MS, SyncState } from "./sync-state.ts";

/** How often a request that waits for another request's sync looks whether it is there. */
const POLL_MS = 5;
/** An answer that takes longer is spoken of while it lasts, or its count would lapse. */
const LONG_ANSWER_MS = 4_000;

export class PoolSync {
  readonly #pool: EdgePool;
  readonly #state: SyncState;
  readonly #routes: Pick<RouteCache, "heard">;

  constructor(pool: EdgePool, isolate: string, routes: Pick<RouteCache, "heard">) {
    this.#pool = pool;
    this.#routes = routes;
    this.#state = new SyncState(pool, isolate);
  }

  /** See `SyncState.isStale`. */
  isStale(nowMs: number): boolean {
    return this.#state.isStale(nowMs);
  }

  /** See `SyncState.isDue`. */
  isDue(nowMs: number): boolean {
    return this.#state.isDue(nowMs);
  }

  /** Sees to it that what happens now is reported within a pace, even if no other request comes. */
  promise(env: Env, ctx: ExecutionContext): void {
    if (this.#state.needsPromise(Date.now())) ctx.waitUntil(this.#reportInTime(env));
  }

  /** Reports now and then while a long answer is under way, and once more when it is over. */
  async accompany(over: Promise<void>, env: Env): Promise<void> {
    const end = new AbortController();
    const ended = over.then(() => end.abort());
    while (!end.signal.aborted) {
      await scheduler.wait(LONG_ANSWER_MS, { signal: end.signal }).catch(() => undefined);
      if (!end.signal.aborted && this.#state.isDue(Date.now())) await this.#call(env);
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
    const nowMs = Date.now();
    if (this.#state.mayCall(nowMs)) {
      const call = this.#call(env);
      this.#state.await(nowMs);
      ctx.waitUntil(call);
      await Promise.race([call, scheduler.wait(FIRST_SYNC_WAIT_MS)]);
    } else {
      // Another request's promise must not be awaited; its effect can be watched.
      while (this.#state.isAwaited(Date.now())) await scheduler.wait(POLL_MS);
    }
    if (this.#pool.view === null) await this.#adoptConfig(env);
    if (this.#pool.view === null) this.#state.missing(Date.now());
  }

  /**
   * Calls when it is due, unless another call has begun by then, or a later promise was made; and again while requests
   * wait for their origins, whose count would lapse otherwise.
   */
  async #reportInTime(env: Env): Promise<void> {
    do {
      const promisedMs = Date.now();
      this.#state.promise(promisedMs);
      while (!this.#state.isDue(Date.now())) {
        await scheduler.wait(this.#state.waitMs(Date.now()));
        if (!this.#state.isPromised(promisedMs)) return;
      }
      await this.#call(env);
    } while (this.#pool.isServing && this.#state.needsPromise(Date.now()));
  }

  async #call(env: Env): Promise<void> {
    const startedMs = Date.now();
    const report = this.#state.begin(startedMs);
    const called = callPool(env, this.#pool.id, (stub) => stub.sync(report));
    // An answer that is late is of no use: a later one may be in force by then.
    const answer = await Promise.race([called, scheduler.wait(CALL_TIMEOUT_MS)]);
    if (answer?.ok) {
      this.#routes.heard(answer.value.routes_mark ?? 0);
      return this.#state.answered(report, answer.value, startedMs, Date.now());
    }
    const failure = answer?.failure ?? "timeout";
    const backoff_ms = this.#state.failed(startedMs, Date.now(), failure === "overloaded");
    logLine({ pool: this.#pool.id, event: "sync_failed", failure, detail: answer?.detail, backoff_ms });
  }

  async #adoptConfig(env: Env): Promise<void> {
    if (this.#pool.isRemoved) return;
    const document = await readDocument(env, poolKey(this.#pool.id)).catch(() => null);
    if (document === null) return;
    const parsed = parsePool(parseJson(document.text), { allowIpOrigins: env.ALLOW_IP_ORIGINS === "1" });
    if (!parsed.ok) return;
    const tokens = await configTokens(env, this.#pool.id, parsed.value);
    if (this.#pool.view === null) this.#pool.adoptConfig(parsed.value, tokens);
  }
}
