/**
 * The virtual clock: a queue of events in order of time. Events of the same time happen in the order in which they were
 * entered, so that each run is the same.
 * @module
 */
import { type Act, Calendar } from "./calendar.ts";

/** Node's event loop gets a turn after so many events that settle promises: a long run must not hold up all else. */
const SETTLED_PER_TURN = 1_024;
const SETTLED = Promise.resolve();

export class EventQueue {
  /** Milliseconds. The run begins at 0; the time before is the warm-up. */
  nowMs: number;
  /** Number of events so far. */
  events = 0;
  readonly #calendar: Calendar;
  #mustSettle = false;
  #settledCount = 0;

  constructor(startMs = 0) {
    this.nowMs = startMs;
    this.#calendar = new Calendar(startMs);
  }

  /** @param atMs not before now @param about is given to an act that is an object */
  at(atMs: number, act: Act, about = 0): void {
    this.#calendar.add(Math.max(atMs, this.nowMs), act, about);
  }

  in(delayMs: number, act: Act, about = 0): void {
    this.at(this.nowMs + delayMs, act, about);
  }

  /** Promises that this event settles run to their end before the next event. */
  settle(): void {
    this.#mustSettle = true;
  }

  /** Runs all events that are due before `untilMs`. Rejects if one of them throws. */
  run(untilMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const goOn = (): void => {
        try {
          if (this.#runToSettle(untilMs)) this.#whenSettled(goOn, tick);
          else resolve();
        } catch (error) {
          reject(error);
        }
      };
      const tick = (): void => process.nextTick(goOn);
      goOn();
    });
  }

  /** @returns true if promises must settle before the next event; false: there is none before `untilMs` */
  #runToSettle(untilMs: number): boolean {
    const calendar = this.#calendar;
    for (let { firstMs } = calendar; firstMs < untilMs; { firstMs } = calendar) {
      this.nowMs = firstMs;
      this.events++;
      calendar.happen();
      if (this.#mustSettle) return true;
    }
    this.nowMs = untilMs;
    return false;
  }

  /**
   * A turn of Node's event loop and a tick that a microtask asks for both come after all microtasks; ticks are cheaper.
   * @param tick has `act` called in the next tick
   */
  #whenSettled(act: () => void, tick: () => void): void {
    this.#mustSettle = false;
    if (this.#settledCount++ % SETTLED_PER_TURN === 0) setImmediate(act);
    else void SETTLED.then(tick);
  }
}
