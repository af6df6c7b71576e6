/**
 * An origin's rate limit as the picks of a strict pool meet it. A pick counts until a second after its request has
 * started: until it has been heard when that was, until a second after it can last have started.
 * @module
 */
import { PICK_VALID_MS } from "../contract/strict.ts";
import type { RateShares } from "../core/rate-shares.ts";
import type { Limiter } from "../core/server.ts";

export class PickLimit implements Limiter {
  readonly #shares: RateShares;
  readonly #given: (validMs: number, nowMs: number) => void;
  #lastTaken: number | null = null;

  /** @param given is told of each pick, and for how long its request may start */
  constructor(shares: RateShares, given: (validMs: number, nowMs: number) => void) {
    this.#shares = shares;
    this.#given = given;
  }

  allows(nowMs: number): boolean {
    return this.#shares.allowsOne(nowMs);
  }

  take(nowMs: number): boolean {
    this.#lastTaken = this.#shares.takeOne(PICK_VALID_MS, nowMs);
    if (this.#lastTaken === null) return false;
    this.#given(PICK_VALID_MS, nowMs);
    return true;
  }

  /** Names what `take` took last. */
  get lastTaken(): number | null {
    return this.#lastTaken;
  }

  /** The request of a pick had started by then. */
  started(taken: number, byMs: number): void {
    this.#shares.started(taken, byMs);
  }

  retryAfterMs(nowMs: number): number {
    return this.#shares.retryAfterMs(nowMs);
  }
}
