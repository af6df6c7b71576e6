/**
 * A clock that runs as usual and that a test can move forward. It replaces `Date.now` and `scheduler.wait` for
 * everything in this isolate, the Worker and its objects. So a test about seconds does not take seconds, and does not
 * depend on how many pass on a busy machine. It is never set back, because later tests of a file use state of earlier
 * ones.
 *
 * Not moved: `setTimeout`, which belongs to the request that set it, and the platform's alarms: run those by
 * `runDurableObjectAlarm`.
 * @module
 */
import { afterAll } from "vitest";

/** Of `pass`: less than any time-out of a call by so much that the calls in between are answered in time. */
const STEP_MS = 50;
/** Of `until`. */
const SKIP_MS = 500;
const TRIES_PER_SKIP = 8;
const TRY_MS = 10;
/** How soon a wait notices that the clock was moved. It looks by itself, as nobody may wake another request's code. */
const LOOK_MS = 5;

export class TestClock {
  readonly #realNow = Date.now;
  readonly #realWait = scheduler.wait.bind(scheduler);
  #offsetMs = 0;
  #frozenMs: number | null = null;

  /** In force from here to the end of the file. */
  constructor() {
    Date.now = () => this.nowMs;
    scheduler.wait = (ms, options) => this.#wait(ms, options);
    afterAll(() => {
      Date.now = this.#realNow;
      scheduler.wait = this.#realWait;
    });
  }

  get nowMs(): number {
    return this.#frozenMs ?? this.#realNow() + this.#offsetMs;
  }

  /** As if so many milliseconds had passed: whoever waits for less goes on. */
  skip(ms: number): void {
    if (this.#frozenMs === null) this.#offsetMs += ms;
    else this.#frozenMs += ms;
  }

  /**
   * Repeats `check` until it passes, and skips time now and then. Between two skips there are several tries, so that calls
   * have the time to be answered on a slow machine before a time-out ends them.
   * @throws the last error of `check`, after `mostMs` of this clock
   */
  async until(check: () => unknown, mostMs = 60_000): Promise<void> {
    const untilMs = this.nowMs + mostMs;
    for (let tries = 1; ; tries++) {
      try {
        return void (await check());
      } catch (error) {
        if (this.nowMs > untilMs) throw error;
      }
      await this.#realWait(TRY_MS);
      if (tries % TRIES_PER_SKIP === 0) this.skip(SKIP_MS);
    }
  }

  /** No time passes while `act` is under way, however long it takes, but for what is skipped; nor is any wait over. */
  async still<T>(act: () => Promise<T>): Promise<T> {
    this.#frozenMs = this.nowMs;
    try {
      return await act();
    } finally {
      this.#offsetMs = this.#frozenMs - this.#realNow();
      this.#frozenMs = null;
    }
  }

  /** Skips until `done`, so that what comes by and by comes now. @throws Error after `mostMs` of this clock */
  async pass(done: Promise<unknown>, mostMs = 60_000): Promise<void> {
    let isDone = false;
    const end = done.finally(() => {
      isDone = true;
    });
    for (const untilMs = this.nowMs + mostMs; !isDone; this.skip(STEP_MS)) {
      if (this.nowMs > untilMs) throw new Error(`not over within ${mostMs} ms`);
      await this.#realWait(LOOK_MS);
    }
    await end;
  }

  async #wait(ms: number, options?: SchedulerWaitOptions): Promise<void> {
    const dueMs = this.nowMs + ms;
    do {
      await this.#realWait(Math.min(Math.max(0, dueMs - this.nowMs), LOOK_MS), options);
    } while (this.nowMs < dueMs);
  }
}
