/**
 * For when an object's alarm is set. An alarm set to the very time of the one that runs is taken for that one, and
 * never fires (docs/platform.md, alarms); so none ever is.
 * @module
 */

export class AlarmTimes {
  /** The time that the last alarm to fire, perhaps running still, was set to. */
  #lastMs = Number.NEGATIVE_INFINITY;

  /** The alarm has fired. @param info from the platform; absent in some tests */
  started(info: { readonly scheduledTime: number } | undefined): void {
    this.#lastMs = info?.scheduledTime ?? this.#lastMs;
  }

  /**
   * The time to set the alarm to for work that is due at `dueMs`. Overdue work is due now. The platform keeps whole
   * milliseconds, so a fraction would fire too early. Infinity stays Infinity.
   */
  at(dueMs: number): number {
    return Math.max(Math.ceil(dueMs), Date.now(), this.#lastMs + 1);
  }
}
