/** Least connections. @module */
import {
  type Algorithm,
  type AlgorithmOptions,
  type Choice,
  CountingCursor,
  type CursorSource,
  candidatesOf,
  isFailover,
  type PickContext,
} from "./algorithm.ts";
import type { Candidates } from "./candidates.ts";
import { ConnectionLoad } from "./connection-load.ts";
import type { RoundRobinOptions } from "./round-robin.ts";
import type { Server } from "./server.ts";
import { systemClock } from "./system.ts";

/**
 * Fewest requests in flight per weight; ties in round-robin order, beginning where the cursor says. Turns of failover
 * picks are kept apart, or the server behind one that fails would get its share too and never a turn of its own.
 */
export class LeastConnections<S extends Server = Server> implements Algorithm<S> {
  readonly name = "least_connections";
  readonly #candidates: Candidates<S>;
  readonly #cursor: CursorSource;
  readonly #options: AlgorithmOptions;
  readonly #load = new ConnectionLoad<S>();
  #last: S | null = null;
  #lastFailover: S | null = null;

  constructor(servers: Choice<S>, options: RoundRobinOptions = {}) {
    this.#candidates = candidatesOf(servers);
    this.#cursor = options.cursor ?? new CountingCursor();
    this.#options = options;
  }

  next(context: PickContext<S> = {}): S | null {
    const now = context.now ?? (this.#options.now ?? systemClock)();
    const eligible = this.#candidates.list(context, now);
    if (eligible.length === 0) return null;
    if (isFailover(context)) {
      const start = this.#behind(this.#lastFailover ?? this.#last, eligible);
      this.#lastFailover = this.#leastLoaded(eligible, start, now);
      return this.#lastFailover;
    }
    const start = this.#last === null ? this.#cursor.next() : this.#behind(this.#last, eligible);
    this.#last = this.#leastLoaded(eligible, start, now);
    return this.#last;
  }

  /** A request ended. A failure counts as one in flight for a while: failing fast is not being idle. */
  observe(server: S, _rttMs: number, failed: boolean, nowMs: number): void {
    if (failed) this.#load.failed(server, nowMs);
  }

  /** The index of the one whose turn it is among equals: the first behind `last`, whether or not that is eligible. */
  #behind(last: S | null, eligible: readonly S[]): number {
    if (last === null) return 0;
    const index = eligible.indexOf(last);
    if (index >= 0) return index + 1;
    const { servers } = this.#candidates;
    const behind = new Set(servers.slice(servers.indexOf(last) + 1));
    return Math.max(
      0,
      eligible.findIndex((server) => behind.has(server)),
    );
  }

  /** A request to `server` begins. */
  connect(server: S): void {
    server.activeConnections++;
  }

  /** A request to `server` ends. Never counts below zero. */
  disconnect(server: S): void {
    if (server.activeConnections > 0) server.activeConnections--;
  }

  /** The first with the lowest load, going round from `start`. */
  #leastLoaded(servers: readonly S[], start: number, nowMs: number): S | null {
    const { length } = servers;
    let best: S | null = null;
    let bestLoad = Number.POSITIVE_INFINITY;
    for (let i = 0, at = start % length; i < length; i++) {
      const server = servers[at];
      at = at + 1 === length ? 0 : at + 1;
      if (server === undefined) continue;
      const load = this.#load.of(server, nowMs);
      if (best !== null && load >= bestLoad) continue;
      // Nobody has less than nothing in flight, and the first such has its turn.
      if (load === 0) return server;
      best = server;
      bestLoad = load;
    }
    return best;
  }
}
