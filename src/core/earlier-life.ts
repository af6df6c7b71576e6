/**
 * What an earlier life of the pool's object gave of a rate limit, and may still be used: all of what it can have given
 * counts, until it has run out or who holds it has named it.
 * @module
 */
import type { RateReport } from "./rate-lease.ts";

export interface EarlierLifeOptions {
  /** Until then something of it may be in use. */
  readonly untilMs: number;
  /** At most so much of the limit. */
  readonly most: number;
}

export class EarlierLife {
  readonly #options: EarlierLifeOptions | null;
  /** Leases of this life have this number, or a higher one. */
  readonly #firstNumber: number;
  /** Those who have named what they hold. */
  readonly #named = new Set<string>();
  #accounted = 0;

  /** @param options null: there was none */
  constructor(options: EarlierLifeOptions | null, firstNumber: number) {
    this.#options = options;
    this.#firstNumber = firstNumber;
  }

  /** When it ends; null if it has, or there was none. */
  untilMs(nowMs: number): number | null {
    return this.#options !== null && nowMs < this.#options.untilMs ? this.#options.untilMs : null;
  }

  /** What may be in use of which nobody has given account. */
  unknown(nowMs: number): number {
    if (this.#options === null || this.untilMs(nowMs) === null) return 0;
    return Math.max(0, this.#options.most - this.#accounted);
  }

  /** True, once for each isolate, if it names a lease of that life: it is to be counted by itself from now on. */
  names(isolate: string, { lease, share, left_ms }: RateReport, nowMs: number): boolean {
    if (this.untilMs(nowMs) === null || left_ms <= 0 || lease >= this.#firstNumber) return false;
    if (this.#named.has(isolate)) return false;
    this.#named.add(isolate);
    this.#accounted += share;
    return true;
  }
}
