/**
 * Limits retries to a share of the recent requests, so that a pool in trouble is not buried under retries (Finagle's
 * RetryBudget): of the last 10 s, retries <= reserve + percent of the requests. O(1) memory.
 * @module
 */
import { RollingCounter } from "../metrics/rolling-counter.ts";

/** Counts are forgotten a slot at a time, after 9 to 10 s. */
const SLOT_MS = 1_000;
const SLOTS = 10;
/** Retries a second that are always allowed; without them a quiet pool could never fail over. Finagle's default. */
const RESERVE_PER_SECOND = 10;
const RESERVE = (RESERVE_PER_SECOND * SLOTS * SLOT_MS) / 1_000;

/** How many retries the requests of the last 10 s allow. */
export class RetryBudget {
  readonly #percent: number;
  readonly #requests = new RollingCounter(SLOT_MS, SLOTS);
  readonly #retries = new RollingCounter(SLOT_MS, SLOTS);

  /** @param percent retries per hundred requests, at least 0; 0: no retries at all, not even the reserve */
  constructor(percent: number) {
    this.#percent = percent;
  }

  /** A request arrived. */
  deposit(nowMs: number): void {
    this.#requests.add(nowMs);
  }

  /** True if there is a retry to withdraw. */
  isLeft(nowMs: number): boolean {
    const allowed = this.#percent > 0 ? RESERVE + (this.#percent * this.#requests.sum(nowMs)) / 100 : 0;
    return this.#retries.sum(nowMs) + 1 <= allowed;
  }

  /** Takes one retry from the budget; false if it is spent. */
  withdraw(nowMs: number): boolean {
    if (!this.isLeft(nowMs)) return false;
    this.#retries.add(nowMs);
    return true;
  }
}
