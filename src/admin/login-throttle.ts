/**
 * Slows down who guesses tokens. In an isolate's memory, so a bound on each place, not on the world: the tokens
 * themselves are what cannot be guessed.
 * @module
 */
import { clientKey } from "../core/client-ip.ts";

/** Failures in a row that cost nothing: an operator's typing errors. */
const FREE_FAILURES = 10;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 300_000;
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
    const waitMs = Math.min(FIRST_WAIT_MS * 2 ** (known.count - FREE_FAILURES - 1), LONGEST_WAIT_MS);
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

  succeeded(address: string): void {
    this.#failures.delete(clientKey(address));
  }
}
