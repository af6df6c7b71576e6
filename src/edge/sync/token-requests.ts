/**
 * Tokens are requested from the object on behalf of a client's request for which no origin has one left. It waits for
 * that, or for a place of the isolate's own share, but not for long, unless the object withholds a part of a limit
 * because it has restarted. Requests that come meanwhile wait for the same answer, and the first that finds nothing left
 * of it makes the next call. `pool-rates.ts` decides what to request, and `token-waits.ts` how long to wait.
 * @module
 */
import type { Background, Surroundings } from "../model/surroundings.ts";
import type { EdgePool } from "../pool/edge-pool.ts";
import type { TokenCall } from "../pool/pool-rates.ts";
import { type LimitedOrigin, LONGEST_CALL_WAIT_MS, type TokenSeeker } from "../pool/token-waits.ts";

/** The result of a request for tokens. */
export type TokenRequestResult =
  /** Tokens may have come, or a place may be free; or they are gone again. */
  | "waited"
  /** Asking or waiting is useless now. */
  | "useless";

export class TokenRequests {
  readonly #pool: EdgePool;
  readonly #isolate: string;
  readonly #surroundings: Surroundings;

  constructor(pool: EdgePool, isolate: string, surroundings: Surroundings) {
    this.#pool = pool;
    this.#isolate = isolate;
    this.#surroundings = surroundings;
  }

  /** Requests tokens on behalf of one request, or waits for those that another has requested. */
  async request(background: Background, seeker: TokenSeeker): Promise<TokenRequestResult> {
    const { rates } = this.#pool;
    const leftMs = rates.waits.leftMs(seeker, this.#surroundings.now());
    if (leftMs <= 0) return "useless";
    rates.waits.seekers.add(seeker);
    try {
      return await this.#request(background, seeker, leftMs);
    } finally {
      rates.waits.seekers.delete(seeker);
    }
  }

  async #request(background: Background, seeker: TokenSeeker, leftMs: number): Promise<TokenRequestResult> {
    const { rates } = this.#pool;
    const surroundings = this.#surroundings;
    const nowMs = surroundings.now();
    const spent = rates.spent(nowMs);
    // Something else keeps the request from all origins, which no token changes.
    if (spent.length === 0) return "useless";
    const begun = rates.beginCall(spent, nowMs);
    if (begun !== null) {
      const call = this.#call(begun);
      background.waitUntil(call);
      await Promise.race([call, surroundings.wait(Math.min(leftMs, LONGEST_CALL_WAIT_MS))]);
      return "waited";
    }
    if (rates.waits.pollMs(spent, nowMs) !== null) {
      await this.#callIsOver(spent, leftMs);
      return "waited";
    }
    const withheldMs = rates.waits.withheldLeftMs(seeker, nowMs);
    const waitMs =
      withheldMs > 0
        ? Math.min(withheldMs, rates.waits.lookAgainMs(nowMs))
        : rates.waits.placeMs(spent, leftMs, nowMs);
    if (waitMs === null) return "useless";
    await surroundings.wait(waitMs);
    return "waited";
  }

  /** Resolves when no call for `spent` is under way, or when `leftMs` are over. */
  async #callIsOver(spent: readonly LimitedOrigin[], leftMs: number): Promise<void> {
    const surroundings = this.#surroundings;
    const { now } = surroundings;
    const { waits } = this.#pool.rates;
    const startedMs = now();
    let pollMs = waits.pollMs(spent, startedMs);
    // Another request's promise must not be awaited; its effect can be watched.
    for (let waitedMs = 0; pollMs !== null && waitedMs < leftMs; waitedMs = Math.abs(now() - startedMs)) {
      await surroundings.wait(Math.min(pollMs, leftMs - waitedMs));
      pollMs = waits.pollMs(spent, now());
    }
  }

  /** Resolves when the answer is applied, at the latest when the longest wait is over. */
  async #call(begun: TokenCall): Promise<void> {
    const report = { isolate: this.#isolate, rates: begun.reports };
    const answer = await this.#surroundings.callPool(
      this.#pool.id,
      (stub) => stub.acquire(report),
      LONGEST_CALL_WAIT_MS,
    );
    this.#pool.rates.endCall(begun, answer, this.#surroundings.now());
    if (answer.ok) return;
    const { failure, detail } = answer;
    this.#pool.failedCalls++;
    this.#surroundings.log({ pool: this.#pool.id, event: "acquire_failed", failure, detail });
  }
}
