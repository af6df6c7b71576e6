/**
 * For when an object's alarm is set. An alarm set to the very time of the one that runs is taken for that one, and
 * never rings (seen in workerd 1.20261117: it is stored, and lost); so none ever is.
 * @module
 */

export class AlarmTimes {
  /** The time that the last alarm to ring, perhaps running still, was set to. */
  #lastMs = Number.NEGATIVE_INFINITY;

  /** The alarm rings. @param info what the platform says of it; absent in some tests */
  rings(info: { readonly scheduledTime: number } | undefined): void {
    this.#lastMs = info?.scheduledTime ?? this.#lastMs;
  }

  /**
   * The time to set the alarm to for what is due at `dueMs`: what is overdue is due now, and the platform keeps whole
   * milliseconds, so a fraction would ring before it is due. Infinity stays Infinity.
   */
  at(dueMs: number): number {
    return Math.max(Math.ceil(dueMs), Date.now(), this.#lastMs + 1);
  }
}
