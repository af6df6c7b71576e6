/**
 * Estimates how long requests stay in flight, and so for how long a count of them stays true.
 *
 * An isolate learns of the others' connections about once a second. If requests take milliseconds, the counted ones are
 * over by then. All isolates learn the same counts, so all would run to the server that was idle at that moment, which
 * is worse than chance (Mitzenmacher, "How useful is old information?", IEEE TPDS 11(1), 2000). If requests last
 * minutes, the count is as good as new.
 * @module
 */

/** Time constant of the averages. */
const MEMORY_MS = 10_000;

export class ResidenceTime {
  /** In-flight requests times milliseconds, and requests begun, both fading. */
  #inFlightMs = 0;
  #begun = 0;

  /** Adds the mean number of requests in flight, and the number of requests begun, in the last `elapsedMs`. */
  observe(inFlight: number, begun: number, elapsedMs: number): void {
    const kept = Math.exp(-elapsedMs / MEMORY_MS);
    this.#inFlightMs = this.#inFlightMs * kept + inFlight * elapsedMs;
    this.#begun = this.#begun * kept + begun;
  }

  /** Mean time in flight by Little's law, in ms; Infinity if requests are in flight and none begins. */
  get meanMs(): number {
    return this.#inFlightMs === 0 ? 0 : this.#inFlightMs / this.#begun;
  }

  /**
   * Share of the requests in flight at one moment that still are `ageMs` later, assuming exponential times in flight.
   * @returns 0 to 1
   */
  survivalShare(ageMs: number): number {
    const meanMs = this.meanMs;
    return meanMs === 0 ? 0 : Math.exp(-ageMs / meanMs);
  }
}
