/**
 * A request for which no origin has a token left asks the object once. It waits for that, but not for long; requests
 * that come meanwhile wait for the same answer.
 * @module
 */
import type { RateReport } from "../core/rate-lease.ts";
import type { Env } from "../platform/env.ts";
import { logLine } from "../platform/log.ts";
import { callPool } from "../platform/object-client.ts";
import type { LimitedOrigin, PoolRates } from "./pool-rates.ts";

/** Longest a request waits for tokens. */
const LONGEST_WAIT_MS = 250;
/** How often a request that waits for another's answer looks whether it is there. */
const POLL_MS = 5;

export class RateTokens {
  readonly #pool: string;
  readonly #rates: PoolRates;
  readonly #isolate: string;
  /** Where to begin among the origins, so that tokens of all of them are used. */
  #turn = 0;

  constructor(pool: string, rates: PoolRates, isolate: string) {
    this.#pool = pool;
    this.#rates = rates;
    this.#isolate = isolate;
  }

  /** Asks for tokens on behalf of one request; false: there is no use in picking again. */
  async ask(env: Env, ctx: ExecutionContext): Promise<boolean> {
    const nowMs = Date.now();
    const spent = this.#rates.spent(nowMs);
    const asked = spent.filter(({ limiter }) => limiter.mayAsk(nowMs));
    if (asked.length > 0) {
      const call = this.#call(env, this.#rotated(asked));
      ctx.waitUntil(call);
      await Promise.race([call, scheduler.wait(LONGEST_WAIT_MS)]);
      return true;
    }
    const isAsking = () => spent.some(({ limiter }) => limiter.isAsking(Date.now()));
    if (!isAsking()) return false;
    // Another request's promise must not be awaited; its effect can be watched.
    while (isAsking() && Date.now() - nowMs < LONGEST_WAIT_MS) await scheduler.wait(POLL_MS);
    return true;
  }

  #rotated<T>(items: T[]): T[] {
    const start = this.#turn++ % items.length;
    return [...items.slice(start), ...items.slice(0, start)];
  }

  /** Resolves when the answer is taken over, or at the latest when nobody waits for it any more. */
  async #call(env: Env, asked: LimitedOrigin[]): Promise<void> {
    const sentMs = Date.now();
    const rates: Record<string, RateReport> = {};
    for (const { server, limiter } of asked)
      rates[server.id] = limiter.ask(sentMs, this.#rates.roundTrip.boundMs);
    const answered = callPool(env, this.#pool, (stub) => stub.acquire({ isolate: this.#isolate, rates }));
    const answer = await Promise.race([answered, scheduler.wait(LONGEST_WAIT_MS)]);
    const nowMs = Date.now();
    for (const { limiter } of asked) limiter.askEnded(nowMs, !answer?.ok);
    if (answer?.ok) {
      this.#rates.roundTrip.observe(nowMs - sentMs);
      this.#rates.apply(answer.value.rates, sentMs, nowMs);
    } else {
      this.#rates.unanswered();
      const failure = answer?.failure ?? "timeout";
      logLine({ pool: this.#pool, event: "acquire_failed", failure, detail: answer?.detail });
    }
  }
}
