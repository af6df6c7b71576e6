/**
 * The clock of a file's tests. It stands in for `Date.now` and `scheduler.wait`, for everything in this isolate: the
 * tests, the Worker and its objects. `fresh.ts` puts it in force.
 *
 * It goes with the platform's, but never further in one turn of the event loop than a turn takes on a machine with
 * nothing else to do. So a machine that is slow, or busy with others, ends no wait of the Worker's for its objects, for KV
 * or for tokens: in the turns of such a wait all that has been asked for inside the runtime is answered. A test can move
 * it forward, so that one about seconds does not take seconds; it is never set back, because later tests of a file use
 * state of earlier ones.
 *
 * It begins ahead of the platform's, by which alarms ring: they ring when a test says so (`runDurableObjectAlarm`), and
 * not by chance beside it. Not moved either: `setTimeout`, which belongs to the request that set it. Origins are another
 * process, whose answers take what they take.
 */

/** How often the clock notices that a turn is over, and a wait that the clock was moved. */
const LOOK_MS = 5;
/** All waits together look no more often, or thousands of them would leave no time for anything else. */
const LOOKS_PER_MS = 20;
/** The clock goes no further in one turn, however long that takes. */
const LONGEST_TURN_MS = 10;
/** More than a run of all tests takes. */
const LEAD_MS = 3 * 3_600_000;
/** Of `until`. */
const SKIP_MS = 500;
const TRIES_PER_SKIP = 8;
const TRY_MS = 10;
/** Of `eventually`: half a minute on any machine. */
const MOST_TRIES = 3_000;
/** The most that `until` and `pass` let go by, unless told otherwise: for what never comes about. */
const PATIENCE_MS = 600_000;

interface Platform {
  readonly now: () => number;
  readonly wait: typeof scheduler.wait;
  /** The clock that stands in for it; null: none does. */
  standIn: TestClock | null;
}

/** As they were before any clock. Outlives the modules. */
const platform: Platform = Reflect.get(globalThis, "platformTime") ?? notePlatform();

function notePlatform(): Platform {
  const noted = { now: Date.now, wait: scheduler.wait.bind(scheduler), standIn: null };
  Reflect.set(globalThis, "platformTime", noted);
  return noted;
}

class TestClock {
  /** The time, and the platform's, when the last turn began. */
  #turnMs = platform.now() + LEAD_MS;
  #platformMs = platform.now();
  #isFrozen = false;
  #waits = 0;

  /** Puts it in force, in place of the clock of the file before. */
  begin(): void {
    platform.standIn = this;
    const turns = setInterval(() => {
      if (platform.standIn === this) this.#turn();
      else clearInterval(turns);
    }, LOOK_MS);
    Date.now = () => this.nowMs;
    scheduler.wait = (ms, options) => this.#wait(ms, options);
  }

  /** Puts the platform's own in force again. */
  end(): void {
    platform.standIn = null;
    Date.now = platform.now;
    scheduler.wait = platform.wait;
  }

  get nowMs(): number {
    return this.#turnMs + this.#sinceTurnMs;
  }

  /** As if so many milliseconds had passed: whoever waits for less goes on. */
  skip(ms: number): void {
    this.#turnMs += ms;
  }

  /**
   * Repeats `check` until it passes, and skips time now and then. Between two skips there are several tries, so that calls
   * have the time to be answered before a time-out ends them.
   * @throws the last error of `check`, after `mostMs` of this clock
   */
  async until(check: () => unknown, mostMs = PATIENCE_MS): Promise<void> {
    const untilMs = this.nowMs + mostMs;
    await repeated(check, (tries) => {
      if (tries % TRIES_PER_SKIP === 0) this.skip(SKIP_MS);
      return this.nowMs <= untilMs;
    });
  }

  /** No time passes while `act` is under way, however long it takes, but for what is skipped; nor is any wait over. */
  async still<T>(act: () => Promise<T>): Promise<T> {
    this.#turn();
    this.#isFrozen = true;
    try {
      return await act();
    } finally {
      this.#isFrozen = false;
      this.#platformMs = platform.now();
    }
  }

  /**
   * Skips until `done`, so that what comes by and by comes now.
   * @param steps how far it skips, and how often by the platform's clock: the calls in between must be answered in time
   * @throws Error after ten minutes of this clock
   */
  async pass(done: Promise<unknown>, steps = { stepMs: 50, everyMs: LOOK_MS }): Promise<void> {
    let isDone = false;
    const end = done.finally(() => {
      isDone = true;
    });
    for (const untilMs = this.nowMs + PATIENCE_MS; !isDone; this.skip(steps.stepMs)) {
      if (this.nowMs > untilMs) throw new Error(`not over within ${PATIENCE_MS} ms`);
      await platform.wait(steps.everyMs);
    }
    await end;
  }

  #turn(): void {
    this.#turnMs = this.nowMs;
    this.#platformMs = platform.now();
  }

  get #sinceTurnMs(): number {
    if (this.#isFrozen) return 0;
    return Math.min(Math.max(0, platform.now() - this.#platformMs), LONGEST_TURN_MS);
  }

  /** It looks by itself whether it is over, as nobody may wake another request's code. */
  async #wait(ms: number, options?: SchedulerWaitOptions): Promise<void> {
    const dueMs = this.nowMs + ms;
    this.#waits++;
    try {
      do {
        const lookMs = Math.max(LOOK_MS, this.#waits / LOOKS_PER_MS);
        await platform.wait(Math.min(Math.max(0, dueMs - this.nowMs), lookMs), options);
      } while (this.nowMs < dueMs);
    } finally {
      this.#waits--;
    }
  }
}

/**
 * Repeats `check` until it passes, while the clock goes on or stands still: for what needs no time, but that somebody does
 * it. Its patience is counted in tries, so that it is longer on a slow machine.
 * @returns what `check` returned
 * @throws the last error of `check`
 */
export function eventually<T>(check: () => T): Promise<Awaited<T>> {
  return repeated(check, (tries) => tries < MOST_TRIES);
}

async function repeated<T>(check: () => T, mayGoOn: (tries: number) => boolean): Promise<Awaited<T>> {
  for (let tries = 1; ; tries++) {
    try {
      return await check();
    } catch (error) {
      if (!mayGoOn(tries)) throw error;
    }
    await platform.wait(TRY_MS);
  }
}

/** Of the file. */
export const clock = new TestClock();
