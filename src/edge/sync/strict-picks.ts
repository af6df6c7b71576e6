/**
 * Picks of a strict pool: one call to the object before each attempt, one after its answer. If the object does not
 * answer, the isolate picks from the last snapshot, and leaves the object alone for a while; then one request finds out
 * whether it is back.
 * @module
 */
import {
  PICK_VALID_MS,
  type PickReply,
  type PickRequest,
  type ReleaseReport,
} from "../../contract/strict.ts";
import { CallBackoff } from "../../core/retry/backoff.ts";
import type { Surroundings } from "../model/surroundings.ts";
import type { EdgePool } from "../pool/edge-pool.ts";
import { OBJECT_BACKOFF } from "./object-backoff.ts";

export class StrictPicks {
  readonly #pool: EdgePool;
  readonly #isolate: string;
  readonly #surroundings: Surroundings;
  readonly #backoff: CallBackoff;
  #attempts = 0;
  /** When a call last began that finds out whether the object is back. */
  #triedMs = Number.NEGATIVE_INFINITY;

  constructor(pool: EdgePool, isolate: string, surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.#pool = pool;
    this.#isolate = isolate;
    this.#backoff = new CallBackoff({ ...OBJECT_BACKOFF, random: surroundings.random });
  }

  /** A name for the next attempt: not the request's id, which may be its client's. */
  nextAttempt(): string {
    return String(++this.#attempts);
  }

  /** Null: the object does not answer. */
  async pick(request: Omit<PickRequest, "isolate">): Promise<PickReply | null> {
    const { now } = this.#surroundings;
    const askedMs = now();
    if (!this.#claimsCall(askedMs)) return null;
    const pick = { ...request, isolate: this.#isolate };
    const answer = await this.#surroundings.callPool(this.#pool.id, (stub) => stub.pick(pick), PICK_VALID_MS);
    // On a busy isolate an answer may be read after the time-out although it arrived in time.
    if (answer.ok && now() - askedMs < PICK_VALID_MS) {
      this.#backoff.answered();
      this.#pool.rates.answered();
      if (answer.value.origin !== null) this.#pool.strictPicks.set(request.attempt, answer.value.origin);
      return answer.value;
    }
    const { failure, detail } = answer.ok ? { failure: "timeout", detail: undefined } : answer;
    const backoff_ms = this.#failed(failure === "overloaded");
    this.#pool.failedCalls++;
    this.#surroundings.log({ pool: this.#pool.id, event: "pick_failed", failure, detail, backoff_ms });
    return null;
  }

  /** @returns for how long the object is left alone, in ms */
  #failed(isOverloaded: boolean): number {
    const nowMs = this.#surroundings.now();
    const leftMs = this.#backoff.untilMs - nowMs;
    // Calls of requests that came at once fail at once: that is one failure.
    return leftMs > 0 ? leftMs : this.#backoff.failed(nowMs, isOverloaded);
  }

  /** True if this request is to call. While the object does not answer, one at a time does, after each back-off. */
  #claimsCall(nowMs: number): boolean {
    if (!this.#backoff.isFailing) return true;
    this.#backoff.watchClock(nowMs);
    if (nowMs < this.#backoff.untilMs || Math.abs(nowMs - this.#triedMs) < PICK_VALID_MS) return false;
    this.#triedMs = nowMs;
    return true;
  }

  /** Never rejects: the object learns of a missed end from the open attempts in the next sync. */
  async release(report: Omit<ReleaseReport, "isolate">): Promise<void> {
    this.#pool.strictPicks.delete(report.attempt);
    await this.#surroundings.callPool(this.#pool.id, (stub) =>
      stub.release({ ...report, isolate: this.#isolate }),
    );
  }
}
