/**
 * The virtual clock: a queue of events in order of time. Events of the same time happen in the order in which they were
 * entered, so that each run is the same.
 * @module
 */

/** Node's event loop gets a turn after so many events that settle promises: a long run must not hold up all else. */
const SETTLED_PER_TURN = 1_024;
const SETTLED = Promise.resolve();

/** What happens at an event; an object is for those of which there are millions. */
export type Act = (() => void) | { happen(): void };

export class EventQueue {
  /** Milliseconds. The run begins at 0; the time before is the warm-up. */
  nowMs: number;
  /** Number of events so far. */
  events = 0;
  /** A binary heap in three columns. */
  readonly #times: number[] = [];
  readonly #orders: number[] = [];
  readonly #acts: Act[] = [];
  #entered = 0;
  #mustSettle = false;
  #settledCount = 0;

  constructor(startMs = 0) {
    this.nowMs = startMs;
  }

  /** @param atMs not before now */
  at(atMs: number, act: Act): void {
    const order = this.#entered++;
    let place = this.#times.length;
    const time = Math.max(atMs, this.nowMs);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (this.#precedes(time, order, parent)) this.#copy(parent, place);
      else break;
      place = parent;
    }
    this.#times[place] = time;
    this.#orders[place] = order;
    this.#acts[place] = act;
  }

  in(delayMs: number, act: Act): void {
    this.at(this.nowMs + delayMs, act);
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
    for (let time = this.#times[0]; time !== undefined && time < untilMs; time = this.#times[0]) {
      this.nowMs = time;
      this.events++;
      const act = this.#takeFirst();
      if (typeof act === "function") act();
      else act?.happen();
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

  #takeFirst(): Act | undefined {
    const first = this.#acts[0];
    const time = this.#times.pop();
    const order = this.#orders.pop();
    const act = this.#acts.pop();
    if (time === undefined || order === undefined || act === undefined || this.#times.length === 0)
      return first;
    let place = 0;
    for (let child = 1; child < this.#times.length; child = 2 * place + 1) {
      if (child + 1 < this.#times.length && this.#isBefore(child + 1, child)) child++;
      if (this.#precedes(time, order, child)) break;
      this.#copy(child, place);
      place = child;
    }
    this.#times[place] = time;
    this.#orders[place] = order;
    this.#acts[place] = act;
    return first;
  }

  #isBefore(a: number, b: number): boolean {
    return this.#precedes(this.#times[a] ?? 0, this.#orders[a] ?? 0, b);
  }

  #precedes(time: number, order: number, place: number): boolean {
    const other = this.#times[place] ?? 0;
    return time < other || (time === other && order < (this.#orders[place] ?? 0));
  }

  #copy(from: number, to: number): void {
    this.#times[to] = this.#times[from] ?? 0;
    this.#orders[to] = this.#orders[from] ?? 0;
    const act = this.#acts[from];
    if (act !== undefined) this.#acts[to] = act;
  }
}
