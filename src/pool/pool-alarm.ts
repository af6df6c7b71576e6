/**
 * The alarm of a pool's object, which must never stand still: a chain in which each alarm sets the next one.
 * @module
 */
import { AlarmTimes } from "./alarm-times.ts";

/** Where the next alarm is set before anything else is done, so that no error can end the chain. */
const SAFETY_ALARM_MS = 60_000;
/** An alarm this late is not waited for any longer: it was lost, and is set anew. */
const LOST_ALARM_MS = 5_000;

export class PoolAlarm {
  readonly #object: Pick<DurableObjectState, "storage" | "waitUntil">;
  readonly #times = new AlarmTimes();
  /** Spares a write where the alarm stands already. Infinity: there is none; null: unknown. */
  #standsMs: number | null = null;

  constructor(object: Pick<DurableObjectState, "storage" | "waitUntil">) {
    this.#object = object;
  }

  /** It rings. @param info what the platform says of it */
  rings(info: AlarmInvocationInfo | undefined): void {
    this.#times.rings(info);
    this.#set(Date.now() + SAFETY_ALARM_MS);
  }

  /** What was to be done when it rang is done; `arm` is called next. */
  over(): void {
    this.#standsMs = null;
  }

  /** Sets it for what is next, unless it already stands early enough. @param dueMs Infinity: nothing is next */
  arm(dueMs: number): void {
    // Of what is overdue too, the time is now: else each call made while an alarm runs would write it anew.
    const nextMs = this.#times.at(dueMs);
    const standsMs = this.#standsMs;
    if (standsMs !== null && standsMs <= nextMs && standsMs > Date.now() - LOST_ALARM_MS) return;
    if (nextMs < Number.POSITIVE_INFINITY) {
      this.#set(nextMs);
    } else {
      this.#standsMs = nextMs;
      this.#object.waitUntil(this.#object.storage.deleteAlarm());
    }
  }

  /** Has it ring now, even if this object, or the platform, believes that it stands; not if nothing is next. */
  ringNow(): void {
    if (this.#standsMs !== Number.POSITIVE_INFINITY) this.#set(this.#times.at(Date.now()));
  }

  #set(atMs: number): void {
    this.#standsMs = atMs;
    this.#object.waitUntil(this.#object.storage.setAlarm(atMs));
  }
}
