/**
 * For when an object's alarm is set. An alarm set to the very time of the one that runs is taken for that one, and
 * never fires (docs/platform.md, alarms); so none ever is.
 * @module
 */
import type { ObjectClock } from "../object-clock.ts";

export class AlarmTimes {
  readonly #clock: ObjectClock;
  /** The time that the last alarm to fire, perhaps running still, was set to. */
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(clock: ObjectClock) {
    this.#clock = clock;
  }

  /** The alarm has fired. @param info from the platform; absent in some tests */
  started(info: { readonly scheduledTime: number } | undefined): void {
    this.#lastMs = info?.scheduledTime ?? this.#lastMs;
  }

  /**
   * The time by the platform's clock to set the alarm to, for work that is due at `dueMs` by the object's. Overdue work is
   * due now. The platform keeps whole milliseconds, so a fraction would fire too early. Infinity stays Infinity.
   */
  at(dueMs: number): number {
    const clock = this.#clock;
    const atMs = Math.ceil(clock.platformMs(Math.max(dueMs, clock.now())));
    return atMs === this.#lastMs ? atMs + 1 : atMs;
  }
}
