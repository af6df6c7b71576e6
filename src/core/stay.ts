/**
 * How long requests stay in flight, and so for how long a count of them holds.
 *
 * An isolate hears of the others' connections about once a second. Where requests take milliseconds, what it heard of
 * is long over; and as all hear the same, all would run to the server that was idle in that moment, which is worse
 * than chance (Mitzenmacher, "How useful is old information?", IEEE TPDS 11(1), 2000). Where they last minutes the
 * count is as good as new.
 * @module
 */

/** Time constant of the averages. */
const MEMORY_MS = 10_000;

export class Stay {
  /** In-flight requests times milliseconds, and requests begun, both fading. */
  #inFlightMs = 0;
  #begun = 0;

  /** What was in flight, on average, and how many requests began, in the last `elapsedMs`. */
  observe(inFlight: number, begun: number, elapsedMs: number): void {
    const kept = Math.exp(-elapsedMs / MEMORY_MS);
    this.#inFlightMs = this.#inFlightMs * kept + inFlight * elapsedMs;
    this.#begun = this.#begun * kept + begun;
  }

  /** Mean time in flight by Little's law, in ms; Infinity if nothing begins and something stays. */
  get meanMs(): number {
    return this.#inFlightMs === 0 ? 0 : this.#inFlightMs / this.#begun;
  }

  /**
   * Share of those in flight at one moment that still are `ageMs` later, as if times in flight were exponential.
   * @returns 0 to 1
   */
  stillThere(ageMs: number): number {
    const meanMs = this.meanMs;
    return meanMs === 0 ? 0 : Math.exp(-ageMs / meanMs);
  }
}
