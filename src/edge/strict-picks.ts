/**
 * Picks of a strict pool: one call to the object before each attempt, one after its answer. If the object does not
 * answer, requests are picked for here, from the last snapshot, and the object is left alone for a while; then one of
 * them finds out whether it is back.
 * @module
 */
import { PICK_VALID_MS, type PickReply, type PickRequest, type ReleaseReport } from "../contract/strict.ts";
import type { Random } from "../core/system.ts";
import type { Env } from "../platform/env.ts";
import { logLine } from "../platform/log.ts";
import { callPool } from "../platform/object-client.ts";
import { Backoff } from "./backoff.ts";
import type { EdgePool } from "./edge-pool.ts";

export class StrictPicks {
  readonly #pool: EdgePool;
  readonly #isolate: string;
  readonly #backoff: Backoff;
  #attempts = 0;
  /** When a call last began that finds out whether the object is back. */
  #triedMs = Number.NEGATIVE_INFINITY;

  constructor(pool: EdgePool, isolate: string, random: Random) {
    this.#pool = pool;
    this.#isolate = isolate;
    this.#backoff = new Backoff(random);
  }

  /** A name for the next attempt: not the request's id, which may be its client's. */
  nextAttempt(): string {
    return String(++this.#attempts);
  }

  /** Null: the object does not answer. */
  async pick(env: Env, request: Omit<PickRequest, "isolate">): Promise<PickReply | null> {
    const askedMs = Date.now();
    if (!this.#mayCall(askedMs)) return null;
    const call = callPool(env, this.#pool.id, (stub) => {
      if (stub.pick === undefined) throw new TypeError("the object has no pick");
      return stub.pick({ ...request, isolate: this.#isolate });
    });
    const answer = await Promise.race([call, scheduler.wait(PICK_VALID_MS)]);
    // An isolate that is busy may come to an answer late that was there in time.
    if (answer?.ok && Date.now() - askedMs < PICK_VALID_MS) {
      this.#backoff.answered();
      this.#pool.rates.answered();
      if (answer.value.origin !== null) this.#pool.strictPicks.set(request.attempt, answer.value.origin);
      return answer.value;
    }
    const { failure, detail } = answer?.ok === false ? answer : { failure: "timeout", detail: undefined };
    const backoff_ms = this.#failed(failure === "overloaded");
    this.#pool.failedCalls++;
    logLine({ pool: this.#pool.id, event: "pick_failed", failure, detail, backoff_ms });
    return null;
  }

  /** @returns for how long the object is left alone, in ms */
  #failed(isOverloaded: boolean): number {
    const leftMs = this.#backoff.untilMs - Date.now();
    // Calls of requests that came at once fail at once: that is one failure.
    return leftMs > 0 ? leftMs : this.#backoff.failed(Date.now(), isOverloaded);
  }

  #mayCall(nowMs: number): boolean {
    if (!this.#backoff.isFailing) return true;
    if (nowMs < this.#backoff.untilMs || nowMs - this.#triedMs < PICK_VALID_MS) return false;
    this.#triedMs = nowMs;
    return true;
  }

  /** Never rejects: what the object misses, it learns from the next sync's account. */
  async release(env: Env, report: Omit<ReleaseReport, "isolate">): Promise<void> {
    this.#pool.strictPicks.delete(report.attempt);
    await callPool(env, this.#pool.id, async (stub) => stub.release?.({ ...report, isolate: this.#isolate }));
  }
}
