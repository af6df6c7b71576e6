/**
 * Measures an origin: for how long it had how many requests, and how long its workers were in use.
 * @module
 */
export interface OriginMeasures {
  /** Share of the time by number of requests there, waiting or served. */
  readonly shares: number[];
  /** Share of its workers' time in use, 0 to 1. */
  readonly utilisation: number;
}

export class OriginMeter {
  readonly #workers: number;
  /** By number of requests: the time in ms with this number. */
  #timeAt: number[] = [];
  #changedMs: number;
  #busyMs = 0;

  constructor(workers: number, nowMs: number) {
    this.#workers = workers;
    this.#changedMs = nowMs;
  }

  /** To be called before each change. @param here requests there until now @param serving how many of them are served */
  count(nowMs: number, here: number, serving: number): void {
    const elapsedMs = nowMs - this.#changedMs;
    this.#timeAt[here] = (this.#timeAt[here] ?? 0) + elapsedMs;
    this.#busyMs += elapsedMs * serving;
    this.#changedMs = nowMs;
  }

  /** Discards the measurements so far. */
  restart(): void {
    this.#timeAt = [];
    this.#busyMs = 0;
  }

  measured(): OriginMeasures {
    const totalMs = this.#timeAt.reduce((sum, ms) => sum + (ms ?? 0), 0);
    const shares = Array.from(this.#timeAt, (ms) => (totalMs === 0 ? 0 : (ms ?? 0) / totalMs));
    return { shares, utilisation: totalMs === 0 ? 0 : this.#busyMs / totalMs / this.#workers };
  }
}
