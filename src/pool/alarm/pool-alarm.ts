/**
 * The alarm of a pool's object, which must never stand still: a chain in which each alarm sets the next one. Each time
 * it is set is a row written (docs/platform.md, alarms), so it is set once, after the work is done. A crash before that
 * ends no chain: the platform repeats an alarm that did not end, and when it has given up, the watchdog or the next
 * call sets it anew.
 * @module
 */
import type { ObjectClock } from "../object-clock.ts";
import { AlarmTimes } from "./alarm-times.ts";

/** An alarm this late is not waited for any longer: it was lost, and is set anew. */
const LOST_ALARM_MS = 5_000;
/** A round takes half a minute and a time-out of at most one. A longer one was cut off. */
const LONGEST_RUN_MS = 120_000;

export class PoolAlarm {
  readonly #object: Pick<DurableObjectState, "storage" | "waitUntil">;
  readonly #clock: ObjectClock;
  readonly #times: AlarmTimes;
  /** Spares a write where the alarm is set already. By the platform's clock; Infinity: there is none; null: unknown. */
  #scheduledMs: number | null = null;
  /** Since when it runs; null: it does not. */
  #startedMs: number | null = null;

  constructor(object: Pick<DurableObjectState, "storage" | "waitUntil">, clock: ObjectClock) {
    this.#object = object;
    this.#clock = clock;
    this.#times = new AlarmTimes(clock);
  }

  /** The alarm has fired. @param info from the platform */
  started(info: AlarmInvocationInfo | undefined): void {
    this.#times.started(info);
    this.#startedMs = this.#clock.now();
  }

  /** The work of the alarm is done; `arm` is called next. */
  finished(): void {
    this.#startedMs = null;
    this.#scheduledMs = null;
  }

  /**
   * Sets the alarm for the next due time, unless it is set early enough already. While the handler runs this does
   * nothing: the next alarm fires only after this one has ended.
   * @param dueMs Infinity: nothing is due
   */
  arm(dueMs: number): void {
    if (this.#isRunning) return;
    // For overdue work the time is now; otherwise each call would write it anew.
    const nextMs = this.#times.at(dueMs);
    const scheduledMs = this.#scheduledMs;
    if (scheduledMs !== null && scheduledMs <= nextMs && !this.#isLost(scheduledMs)) return;
    this.#scheduledMs = nextMs;
    const { storage } = this.#object;
    const done = nextMs < Number.POSITIVE_INFINITY ? storage.setAlarm(nextMs) : storage.deleteAlarm();
    this.#object.waitUntil(done);
  }

  /** For the watchdog. Has it fire now if, against what this object believes, it is not set, or is overdue. */
  async rescue(): Promise<void> {
    if (this.#isRunning || this.#scheduledMs === Number.POSITIVE_INFINITY) return;
    const scheduledMs = await this.#object.storage.getAlarm();
    if (scheduledMs !== null && !this.#isLost(scheduledMs)) return;
    this.#scheduledMs = null;
    this.arm(this.#clock.now());
  }

  #isLost(scheduledMs: number): boolean {
    const clock = this.#clock;
    return scheduledMs <= clock.platformMs(clock.now()) - LOST_ALARM_MS;
  }

  get #isRunning(): boolean {
    return this.#startedMs !== null && this.#clock.now() - this.#startedMs < LONGEST_RUN_MS;
  }
}
