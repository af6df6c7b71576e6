/**
 * Slows down guesses at tokens. The counts are in an isolate's memory, so they bound each isolate, not the world; the
 * length of the tokens is the protection.
 * @module
 */
import { clientKey } from "../../core/affinity/client-ip.ts";
import { backoffAfter } from "../../core/retry/backoff.ts";

/** Failures in a row that cost nothing: an operator's typing errors. */
const FREE_FAILURES = 10;
const WAITS = { firstMs: 1_000, longestMs: 300_000 };
/** After this long without a failure an address is forgotten. */
const FORGOTTEN_MS = 900_000;
const MOST_ADDRESSES = 10_000;

interface Failures {
  count: number;
  lastMs: number;
}

export class LoginThrottle {
  /** Oldest failure first. */
  readonly #failures = new Map<string, Failures>();

  /** How long `address` must wait before it may try again, in ms; 0: it need not. */
  waitMs(address: string, nowMs: number): number {
    const known = this.#failures.get(clientKey(address));
    if (known === undefined || known.count <= FREE_FAILURES) return 0;
    const waitMs = backoffAfter(known.count - FREE_FAILURES, WAITS);
    return Math.max(0, known.lastMs + waitMs - nowMs);
  }

  failed(address: string, nowMs: number): void {
    const key = clientKey(address);
    const known = this.#failures.get(key);
    const count = known === undefined || nowMs - known.lastMs > FORGOTTEN_MS ? 1 : known.count + 1;
    this.#failures.delete(key);
    this.#failures.set(key, { count, lastMs: nowMs });
    const oldest = this.#failures.size > MOST_ADDRESSES ? this.#failures.keys().next().value : undefined;
    if (oldest !== undefined) this.#failures.delete(oldest);
  }

  /**
   * Forgets the failures of an address. Only for tokens of scope `admin`: a lesser token must not buy further guesses
   * at a better one.
   */
  forgive(address: string): void {
    this.#failures.delete(clientKey(address));
  }
}
