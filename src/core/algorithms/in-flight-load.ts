/**
 * Measures how busy a server is by its requests in flight. A server that fails at once has none in flight, would look
 * idle and get nearly every request. So a failure counts as one more request in flight for a while. The charge cannot
 * grow without end, because a server is picked only while it looks no busier than the others.
 * @module
 */
import type { Server } from "../server/server.ts";

/** Milliseconds in which a charge decays to 1/e. As for peak EWMA, a failure counts for about a second. */
const DECAY_MS = 1_000;

interface Charge {
  readonly count: number;
  readonly atMs: number;
}

export class InFlightLoad<S extends Server = Server> {
  readonly #charges = new WeakMap<S, Charge>();
  /** The time at which the last charge stops counting. */
  #untilMs = Number.NEGATIVE_INFINITY;

  /** A request to `server` failed. */
  recordFailure(server: S, nowMs: number): void {
    const count = this.#left(server, nowMs) + 1;
    this.#charges.set(server, { count, atMs: nowMs });
    this.#untilMs = Math.max(this.#untilMs, nowMs + DECAY_MS * Math.log(2 * count));
  }

  /** Requests in flight and charges for failures, per unit of weight. */
  get(server: S, nowMs: number): number {
    // Rounded to whole charges, so that a nearly decayed charge does not break a tie between equal servers.
    const charged = nowMs < this.#untilMs ? Math.round(this.#left(server, nowMs)) : 0;
    return (server.activeConnections - server.staleConnections + charged) / server.effectiveWeight;
  }

  #left(server: S, nowMs: number): number {
    const charge = this.#charges.get(server);
    return charge === undefined ? 0 : charge.count * Math.exp(-Math.max(0, nowMs - charge.atMs) / DECAY_MS);
  }
}
