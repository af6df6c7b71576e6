/** Round robin. @module */
import {
  type Algorithm,
  type AlgorithmOptions,
  type Choice,
  CountingCursor,
  type CursorSource,
  candidatesOf,
  eligibleFor,
  isFailover,
  type PickContext,
} from "./algorithm.ts";
import type { Candidates } from "./candidates.ts";
import type { Server } from "./server.ts";

export interface RoundRobinOptions extends AlgorithmOptions {
  cursor?: CursorSource;
}

/**
 * The cursor counts up; the pick is `eligible[cursor % eligible.length]`. Failover picks count on their own: with
 * one cursor, the share of a server that fails would all go to the one behind it.
 */
export class RoundRobin<S extends Server = Server> implements Algorithm<S> {
  readonly name = "round_robin";
  readonly #candidates: Candidates<S>;
  readonly #cursor: CursorSource;
  readonly #failoverCursor = new CountingCursor();
  readonly #options: AlgorithmOptions;

  constructor(servers: Choice<S>, options: RoundRobinOptions = {}) {
    this.#candidates = candidatesOf(servers);
    this.#cursor = options.cursor ?? new CountingCursor();
    this.#options = options;
  }

  next(context: PickContext<S> = {}): S | null {
    const eligible = eligibleFor(this.#candidates, context, this.#options);
    // A cursor that moved though nothing could be picked would skip a server afterwards.
    if (eligible.length === 0) return null;
    const cursor = isFailover(context) ? this.#failoverCursor : this.#cursor;
    return eligible[cursor.next() % eligible.length] ?? null;
  }
}
