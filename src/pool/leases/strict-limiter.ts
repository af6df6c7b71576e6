/**
 * An origin's rate limit for the picks of a strict pool. A pick counts until a second after its request has started.
 * While that time is not reported, it counts until a second after the latest possible start. A pick that is not sent
 * counts until that is reported.
 * @module
 */
import { PICK_VALID_MS } from "../../contract/strict.ts";
import type { RateLimitAllocator } from "../../core/rate-limit/rate-allocator.ts";
import type { Limiter } from "../../core/server/server.ts";

export class StrictLimiter implements Limiter {
  readonly #allocator: RateLimitAllocator;
  readonly #onGrant: (validMs: number, nowMs: number) => void;
  #lastGrant: number | null = null;

  /** @param onGrant called with each pick, and with the time within which its request may start */
  constructor(allocator: RateLimitAllocator, onGrant: (validMs: number, nowMs: number) => void) {
    this.#allocator = allocator;
    this.#onGrant = onGrant;
  }

  allows(nowMs: number): boolean {
    return this.#allocator.allowsOne(nowMs);
  }

  take(nowMs: number): boolean {
    this.#lastGrant = this.#allocator.takeOne(PICK_VALID_MS, nowMs);
    if (this.#lastGrant === null) return false;
    this.#onGrant(PICK_VALID_MS, nowMs);
    return true;
  }

  /** Number of the last pick that `take` took. */
  get lastGrant(): number | null {
    return this.#lastGrant;
  }

  /** The request of a pick had started by then. */
  started(grant: number, byMs: number): void {
    this.#allocator.started(grant, byMs);
  }

  /** The request of a pick was not started, and will not be. */
  returned(grant: number): void {
    this.#allocator.returned(grant);
  }

  retryAfterMs(nowMs: number): number {
    return this.#allocator.retryAfterMs(nowMs);
  }
}
