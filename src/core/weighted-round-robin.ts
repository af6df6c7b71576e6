/** Smooth weighted round robin. @module */
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
import type { RoundRobinOptions } from "./round-robin.ts";
import { type Schedule, smoothSchedule } from "./schedule.ts";
import type { Server } from "./server.ts";

/** Steps of a detour before any eligible server will do: only reached by tiny weights beside huge ones. */
const LONGEST_WALK = 1_000;

/** Shares by weight without bursts: weights 5, 1, 1 give a a b a c a a. */
export class WeightedRoundRobin<S extends Server = Server> implements Algorithm<S> {
  readonly name = "weighted_round_robin";
  readonly #candidates: Candidates<S>;
  readonly #cursor: CursorSource;
  readonly #options: AlgorithmOptions;
  #scheduled: readonly S[] = [];
  #schedule: Schedule = () => 0;
  /** Where in the schedule the last detour ended. */
  #detours = 0;

  constructor(servers: Choice<S>, options: RoundRobinOptions = {}) {
    this.#candidates = candidatesOf(servers);
    this.#cursor = options.cursor ?? new CountingCursor();
    this.#options = options;
  }

  next(context: PickContext<S> = {}): S | null {
    const eligible = eligibleFor(this.#candidates, context, this.#options);
    if (eligible.length === 0) return null;
    const standing = this.#scheduleFor(eligible);
    if (!isFailover(context)) {
      const server = standing[this.#schedule(this.#cursor.next())];
      if (server !== undefined && (eligible === standing || eligible.includes(server))) return server;
    }
    return this.#detour(eligible);
  }

  prepare(): void {
    const eligible = eligibleFor(this.#candidates, {}, this.#options);
    if (eligible.length > 0) this.#scheduleFor(eligible);
  }

  /** @returns those that are on the schedule */
  #scheduleFor(eligible: readonly S[]): readonly S[] {
    const standing = this.#candidates.standing(eligible);
    if (standing !== this.#scheduled) {
      this.#scheduled = standing;
      this.#schedule = smoothSchedule(standing.map((server) => server.effectiveWeight));
    }
    return standing;
  }

  /** Another one, by the same schedule: what a server cannot take is shared by the others in their proportions. */
  #detour(eligible: readonly S[]): S | null {
    const allowed = new Set(eligible);
    for (let step = 0; step < LONGEST_WALK; step++) {
      const server = this.#scheduled[this.#schedule(this.#detours++)];
      if (server !== undefined && allowed.has(server)) return server;
    }
    return eligible[this.#detours % eligible.length] ?? null;
  }
}
