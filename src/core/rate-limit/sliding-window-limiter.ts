/**
 * At most N in any one-second window: not per aligned second, and not N plus a burst.
 * @module
 */
import { countStarts, type Limiter, limitsChanged } from "../server/server.ts";

const WINDOW_MS = 1_000;
/** Takes within this time of each other may share an entry of the log. */
const MERGE_MS = 20;
/** Entries of the log. More would lose less under overload and cost more memory. */
const CAPACITY = 64;

/**
 * A log of the last second in at most 64 entries of (time, count), whatever N.
 *
 * Up to N = 64 each take has an entry of its own, and the limit is exact. Above, takes within 20 ms share an entry that
 * stays until its newest is a second old. So the count is never lower than the number of takes in the window: no
 * half-open window of one second, [t, t + 1 s), ever holds more than N. The count may be too high by the takes of the
 * oldest 20 ms: under steady overload at least N per 1.02 s get through, 98%. Entries that count begin within 1,020 ms,
 * 20 ms apart, so there are at most 51; only a limit raised in mid-window can need more, and then they are merged,
 * which is late but safe.
 */
export class SlidingWindowLimiter implements Limiter {
  #limit: number;
  readonly #windowMs: number;
  /** A ring: when the newest take of an entry was, and how many it holds. */
  readonly #times = new Float64Array(CAPACITY);
  readonly #counts = new Float64Array(CAPACITY);
  #oldest = 0;
  #size = 0;
  /** When the newest entry began. */
  #beganMs = 0;
  #sum = 0;
  #newestMs = Number.NEGATIVE_INFINITY;

  /**
   * @param limit most requests in any one second; a whole number of at least 1
   * @param windowMs length of the window; above 1,000 if the clock cannot be trusted to the millisecond
   * @throws RangeError for anything else: "one in two seconds" needs another window, not another limit
   */
  constructor(limit: number, windowMs = WINDOW_MS) {
    this.#limit = checked(limit);
    this.#windowMs = windowMs;
  }

  /** Most requests in any window. */
  get limit(): number {
    return this.#limit;
  }

  /** Changes the limit. Requests that were let through go on counting. @throws RangeError as the constructor */
  setLimit(limit: number): void {
    if (checked(limit) < this.#limit) limitsChanged();
    this.#limit = limit;
  }

  /** True if a request may start at `nowMs`; takes nothing. */
  allows(nowMs: number): boolean {
    return this.spentInWindow(nowMs) < this.#limit;
  }

  /**
   * Takes `n` at once, or nothing.
   * @param n a whole number of at least 1
   */
  take(nowMs: number, n = 1): boolean {
    const atMs = this.#advance(nowMs);
    if (this.#sum + n > this.#limit) return false;
    if (!this.#joinsNewest(atMs)) {
      this.#counts[this.#index(this.#size)] = 0;
      this.#size++;
      this.#beganMs = atMs;
    }
    const newest = this.#index(this.#size - 1);
    this.#times[newest] = atMs;
    this.#counts[newest] = (this.#counts[newest] ?? 0) + n;
    this.#sum += n;
    countStarts(n);
    return true;
  }

  /** The count only falls with time, so the answer does not depend on an end time. */
  headroom(nowMs: number): number {
    return this.#limit - this.spentInWindow(nowMs);
  }

  /** The count against the limit at `nowMs`: everything taken in the last second, and in at most 20 ms before it. */
  spentInWindow(nowMs: number): number {
    this.#advance(nowMs);
    return this.#sum;
  }

  /** How many requests could start from now until `untilMs`, most in one window: free places, and those that come free. */
  placesBy(untilMs: number, nowMs: number): number {
    const atMs = this.#advance(nowMs);
    const goneMs = atMs + Math.max(0, untilMs - nowMs) - this.#windowMs;
    let places = this.#limit - this.#sum;
    for (let age = 0; age < this.#size; age++) {
      const entry = this.#index(age);
      if ((this.#times[entry] ?? 0) > goneMs) break;
      places += this.#counts[entry] ?? 0;
    }
    return Math.max(0, places);
  }

  /** Milliseconds until one request may start; 0 if it may now. */
  retryAfterMs(nowMs: number): number {
    const atMs = this.#advance(nowMs);
    let spent = this.#sum;
    let waitMs = 0;
    for (let age = 0; age < this.#size && spent >= this.#limit; age++) {
      const entry = this.#index(age);
      spent -= this.#counts[entry] ?? 0;
      waitMs = (this.#times[entry] ?? 0) + this.#windowMs - atMs;
    }
    return waitMs;
  }

  #joinsNewest(atMs: number): boolean {
    if (this.#size === 0) return false;
    return this.#size === CAPACITY || (this.#limit > CAPACITY && atMs - this.#beganMs < MERGE_MS);
  }

  /** Drops entries that have left the window. A clock that steps back a little is taken to stand still. */
  #advance(nowMs: number): number {
    // A step back by more than the window would block for that long. Then the counted takes start their second anew.
    if (nowMs < this.#newestMs - this.#windowMs) this.#rebase(nowMs);
    else if (nowMs > this.#newestMs) this.#newestMs = nowMs;
    const atMs = this.#newestMs;
    while (this.#size > 0 && (this.#times[this.#oldest] ?? 0) <= atMs - this.#windowMs) {
      this.#sum -= this.#counts[this.#oldest] ?? 0;
      this.#oldest = this.#index(1);
      this.#size--;
    }
    return atMs;
  }

  #rebase(nowMs: number): void {
    this.#newestMs = nowMs;
    this.#beganMs = nowMs;
    this.#times.fill(nowMs);
  }

  #index(age: number): number {
    return (this.#oldest + age) % CAPACITY;
  }
}

function checked(limit: number): number {
  if (!Number.isInteger(limit) || limit < 1) {
    throw new RangeError(`a rate limit must be a whole number of at least 1, got ${limit}`);
  }
  return limit;
}
