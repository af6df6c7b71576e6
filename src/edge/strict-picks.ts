/**
 * Picks of a strict pool: one call to the object before each attempt, one after its answer. If the object does not
 * answer, requests are picked for here, from the last snapshot, and the object is left alone for a while.
 * @module
 */
import type { PickReply, PickRequest, ReleaseReport } from "../contract/strict.ts";
import type { Env } from "../platform/env.ts";
import { logLine } from "../platform/log.ts";
import { callPool } from "../platform/object-client.ts";

/** Longest a request waits for its pick. */
const LONGEST_WAIT_MS = 1_000;
/** How long requests are picked for here after a call without an answer. */
const BACKOFF_MS = 1_000;

export class StrictPicks {
  readonly #pool: string;
  readonly #isolate: string;
  readonly #open: Map<string, string>;
  #attempts = 0;
  #backoffUntilMs = Number.NEGATIVE_INFINITY;

  /** @param open keeps account of attempts that were picked for and are not released, with the origin of each */
  constructor(pool: string, isolate: string, open: Map<string, string>) {
    this.#pool = pool;
    this.#isolate = isolate;
    this.#open = open;
  }

  /** A name for the next attempt: not the request's id, which may be its client's. */
  nextAttempt(): string {
    return String(++this.#attempts);
  }

  /** Null: the object does not answer. */
  async pick(env: Env, request: Omit<PickRequest, "isolate">): Promise<PickReply | null> {
    if (Date.now() < this.#backoffUntilMs) return null;
    const call = callPool(env, this.#pool, (stub) => {
      if (stub.pick === undefined) throw new TypeError("the object has no pick");
      return stub.pick({ ...request, isolate: this.#isolate });
    });
    const answer = await Promise.race([call, scheduler.wait(LONGEST_WAIT_MS)]);
    if (answer?.ok) {
      if (answer.value.origin !== null) this.#open.set(request.attempt, answer.value.origin);
      return answer.value;
    }
    this.#backoffUntilMs = Date.now() + BACKOFF_MS;
    const failure = answer?.failure ?? "timeout";
    logLine({ pool: this.#pool, event: "pick_failed", failure, detail: answer?.detail });
    return null;
  }

  /** Never rejects: what the object misses, it learns from the next sync's account. */
  async release(env: Env, report: Omit<ReleaseReport, "isolate">): Promise<void> {
    this.#open.delete(report.attempt);
    await callPool(env, this.#pool, async (stub) => stub.release?.({ ...report, isolate: this.#isolate }));
  }
}
