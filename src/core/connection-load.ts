/**
 * How busy a server is, by its requests in flight. One that fails at once has none and would look idle, so that it
 * got nearly every request; so a failure counts as one more request in flight for a while. No server is charged
 * without end: it is only picked while it looks no busier than the others.
 * @module
 */
import type { Server } from "./server.ts";

/** Time in which a charge loses all but 1/e of its weight. As for peak EWMA, a failure counts for about a second. */
const DECAY_MS = 1_000;

interface Charge {
  readonly count: number;
  readonly atMs: number;
}

export class ConnectionLoad<S extends Server = Server> {
  readonly #charges = new WeakMap<S, Charge>();
  /** From then on no charge counts any more. */
  #untilMs = Number.NEGATIVE_INFINITY;

  /** A request to `server` failed. */
  failed(server: S, nowMs: number): void {
    const count = this.#left(server, nowMs) + 1;
    this.#charges.set(server, { count, atMs: nowMs });
    this.#untilMs = Math.max(this.#untilMs, nowMs + DECAY_MS * Math.log(2 * count));
  }

  /** Requests in flight, with those charged for failures, per unit of weight. */
  of(server: S, nowMs: number): number {
    // Whole ones: what is nearly forgotten must not break the ties of those that are otherwise equal.
    const charged = nowMs < this.#untilMs ? Math.round(this.#left(server, nowMs)) : 0;
    return (server.activeConnections - server.staleConnections + charged) / server.effectiveWeight;
  }

  #left(server: S, nowMs: number): number {
    const charge = this.#charges.get(server);
    return charge === undefined ? 0 : charge.count * Math.exp(-Math.max(0, nowMs - charge.atMs) / DECAY_MS);
  }
}
