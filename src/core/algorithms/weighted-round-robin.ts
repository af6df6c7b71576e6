/** Smooth weighted round robin. @module */

import { CountingCursor, type CursorSource } from "../cursor/cursor.ts";
import type { Candidates } from "../server/candidates.ts";
import type { Server } from "../server/server.ts";
import {
  type Algorithm,
  type AlgorithmOptions,
  type CandidateSource,
  canSkipLimitScan,
  isFailover,
  isOpen,
  nowOf,
  type PickContext,
  toCandidates,
} from "./algorithm.ts";
import { PrioritySchedules } from "./priority-schedules.ts";
import type { RoundRobinOptions } from "./round-robin.ts";

/** Shares by weight without bursts: weights 5, 1, 1 give a a b a c a a. */
export class WeightedRoundRobin<S extends Server = Server> implements Algorithm<S> {
  readonly name = "weighted_round_robin";
  readonly #candidates: Candidates<S>;
  readonly #cursor: CursorSource;
  readonly #options: AlgorithmOptions;
  readonly #schedules: PrioritySchedules<S>;
  /** A position that was taken by a pick that found no server. The next pick uses it, or a server would be skipped. */
  #pendingPosition: number | null = null;

  constructor(servers: CandidateSource<S>, options: RoundRobinOptions = {}) {
    this.#candidates = toCandidates(servers);
    this.#cursor = options.cursor ?? new CountingCursor();
    this.#options = options;
    this.#schedules = new PrioritySchedules(this.#candidates, (server) => server.effectiveWeight);
  }

  next(context: PickContext<S> = {}): S | null {
    const nowMs = nowOf(context, this.#options);
    if (canSkipLimitScan(this.#candidates, context)) {
      const { primary } = this.#candidates;
      const server = primary.length === 0 ? undefined : this.#schedules.primary.at(primary, this.#position());
      if (server !== undefined && isOpen(this.#candidates, context, server, nowMs))
        return this.#commit(server);
    }
    const eligible = this.#candidates.list(context, nowMs);
    if (eligible.length === 0) {
      this.#schedules.noteRefused(context, eligible, nowMs, this.#schedules.nextUnserved());
      return null;
    }
    const available = this.#candidates.available(eligible);
    const schedule = this.#schedules.of(available);
    if (isFailover(context)) return schedule.nextEligible(eligible, available);
    const position = this.#position();
    this.#schedules.noteRefused(context, eligible, nowMs, position);
    return this.#commit(schedule.scheduled(eligible, available, position));
  }

  prepare(): void {
    const { primary } = this.#candidates;
    if (primary.length > 0) this.#schedules.primary.at(primary, 0);
  }

  #position(): number {
    this.#pendingPosition ??= this.#cursor.next();
    return this.#pendingPosition;
  }

  #commit(server: S | null): S | null {
    this.#pendingPosition = null;
    return server;
  }
}
