/** Round robin. @module */

import { CountingCursor, type CursorSource } from "../cursor/cursor.ts";
import type { Candidates } from "../server/candidates.ts";
import type { Server } from "../server/server.ts";
import {
  type Algorithm,
  type AlgorithmOptions,
  type CandidateSource,
  isFailover,
  nowOf,
  type PickContext,
  toCandidates,
} from "./algorithm.ts";
import { PrioritySchedules } from "./priority-schedules.ts";

/** Options of algorithms that take turns. */
export interface RoundRobinOptions extends AlgorithmOptions {
  /** Where turns are counted. Default: a counter of its own, from 0. */
  cursor?: CursorSource;
}

/**
 * The cursor counts up; the pick is `eligible[cursor % eligible.length]`. During slow starts turns go by the servers'
 * factors instead, as weights of a smooth weighted round robin. Failover picks have a counter of their own: with one
 * cursor, the whole share of a failing server would go to the one after it.
 */
export class RoundRobin<S extends Server = Server> implements Algorithm<S> {
  readonly name = "round_robin";
  readonly #candidates: Candidates<S>;
  readonly #cursor: CursorSource;
  readonly #failoverCursor = new CountingCursor();
  readonly #options: AlgorithmOptions;
  readonly #schedules: PrioritySchedules<S>;

  constructor(servers: CandidateSource<S>, options: RoundRobinOptions = {}) {
    this.#candidates = toCandidates(servers);
    this.#cursor = options.cursor ?? new CountingCursor();
    this.#options = options;
    this.#schedules = new PrioritySchedules(this.#candidates, (server) => server.weightFactor);
  }

  next(context: PickContext<S> = {}): S | null {
    const nowMs = nowOf(context, this.#options);
    const eligible = this.#candidates.list(context, nowMs);
    // The cursor must not move if no server can be picked, or the next pick would skip one.
    if (eligible.length === 0) {
      this.#schedules.noteRefused(context, eligible, nowMs, this.#schedules.nextUnserved());
      return null;
    }
    const available = this.#candidates.available(eligible);
    const schedule = this.#schedules.of(available);
    const isEven = schedule.isEven(available);
    if (isFailover(context) && !isEven) return schedule.nextEligible(eligible, available);
    const position = (isFailover(context) ? this.#failoverCursor : this.#cursor).next();
    this.#schedules.noteRefused(context, eligible, nowMs, position);
    if (isEven) return eligible[position % eligible.length] ?? null;
    return schedule.scheduled(eligible, available, position);
  }

  prepare(): void {
    const { primary } = this.#candidates;
    if (primary.length > 0) this.#schedules.primary.isEven(primary);
  }
}
