/**
 * A request for which no origin has a token left asks the object once. It waits for that, but not for long; requests
 * that come meanwhile wait for the same answer. What to ask for, and when, `pool-rates.ts` decides.
 * @module
 */
import type { Env } from "../platform/env.ts";
import { logLine } from "../platform/log.ts";
import { callPool } from "../platform/object-client.ts";
import type { EdgePool } from "./edge-pool.ts";
import { LONGEST_TOKEN_WAIT_MS, type TokenCall } from "./pool-rates.ts";

/** How often a request that waits for another's answer looks whether it is there. */
const POLL_MS = 5;

export class RateTokens {
  readonly #pool: EdgePool;
  readonly #isolate: string;

  constructor(pool: EdgePool, isolate: string) {
    this.#pool = pool;
    this.#isolate = isolate;
  }

  /** Asks for tokens on behalf of one request; false: there is no use in picking again. */
  async ask(env: Env, ctx: ExecutionContext): Promise<boolean> {
    const nowMs = Date.now();
    const begun = this.#pool.rates.beginCall(nowMs);
    if (begun !== null) {
      const call = this.#call(env, begun);
      ctx.waitUntil(call);
      await Promise.race([call, scheduler.wait(LONGEST_TOKEN_WAIT_MS)]);
      return true;
    }
    const spent = this.#pool.rates.spent(nowMs);
    const isAsking = () => spent.some(({ limiter }) => limiter.isAsking(Date.now()));
    if (!isAsking()) return false;
    // Another request's promise must not be awaited; its effect can be watched.
    while (isAsking() && Date.now() - nowMs < LONGEST_TOKEN_WAIT_MS) await scheduler.wait(POLL_MS);
    return true;
  }

  /** Resolves when the answer is taken over, or at the latest when nobody waits for it any more. */
  async #call(env: Env, begun: TokenCall): Promise<void> {
    const report = { isolate: this.#isolate, rates: begun.reports };
    const answered = callPool(env, this.#pool.id, (stub) => stub.acquire(report));
    const answer = await Promise.race([answered, scheduler.wait(LONGEST_TOKEN_WAIT_MS)]);
    if (answer?.ok) return this.#pool.rates.endCall(begun, answer.value, Date.now());
    const failure = answer?.failure ?? "timeout";
    this.#pool.rates.endCall(begun, null, Date.now(), failure === "overloaded");
    this.#pool.failedCalls++;
    logLine({ pool: this.#pool.id, event: "acquire_failed", failure, detail: answer?.detail });
  }
}
