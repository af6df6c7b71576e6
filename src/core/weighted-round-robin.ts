/** Smooth weighted round robin. @module */
import {
  type Algorithm,
  type AlgorithmOptions,
  type Choice,
  CountingCursor,
  type CursorSource,
  candidatesOf,
  isFailover,
  nowOf,
  type PickContext,
  picksFirst,
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
  /** Kept apart, as limits may send every other pick to the backups. */
  readonly #primary = new Turns<S>();
  readonly #backup = new Turns<S>();
  /** A position that was taken for a pick that found nothing: the next one's, or a server would be skipped. */
  #held: number | null = null;
  /** Where in the schedule the last detour ended. */
  #detours = 0;

  constructor(servers: Choice<S>, options: RoundRobinOptions = {}) {
    this.#candidates = candidatesOf(servers);
    this.#cursor = options.cursor ?? new CountingCursor();
    this.#options = options;
  }

  next(context: PickContext<S> = {}): S | null {
    const nowMs = nowOf(context, this.#options);
    if (picksFirst(this.#candidates, context)) {
      const server = this.#itsTurn(this.#candidates.primary, this.#primary);
      if (server !== undefined && this.#candidates.isBelowLimits(server, nowMs)) return this.#taken(server);
    }
    const eligible = this.#candidates.list(context, nowMs);
    if (eligible.length === 0) return null;
    const standing = this.#candidates.standing(eligible);
    const turns = eligible[0]?.backup === true ? this.#backup : this.#primary;
    if (!isFailover(context)) {
      const server = this.#itsTurn(standing, turns);
      this.#held = null;
      if (server !== undefined && (eligible === standing || eligible.includes(server))) return server;
    }
    return this.#detour(eligible, standing, turns);
  }

  #itsTurn(servers: readonly S[], turns: Turns<S>): S | undefined {
    if (servers.length === 0) return undefined;
    this.#held ??= this.#cursor.next();
    return turns.at(servers, this.#held);
  }

  #taken(server: S): S {
    this.#held = null;
    return server;
  }

  prepare(): void {
    const { primary } = this.#candidates;
    if (primary.length > 0) this.#primary.at(primary, 0);
  }

  /** Another one, by the same schedule: what a server cannot take is shared by the others in their proportions. */
  #detour(eligible: readonly S[], standing: readonly S[], turns: Turns<S>): S | null {
    const allowed = new Set(eligible);
    for (let step = 0; step < LONGEST_WALK; step++) {
      const server = turns.at(standing, this.#detours++);
      if (server !== undefined && allowed.has(server)) return server;
    }
    return eligible[this.#detours % eligible.length] ?? null;
  }
}

/** The schedule over a list of servers, made once per list. */
class Turns<S extends Server> {
  #servers: readonly S[] = [];
  #schedule: Schedule = () => 0;

  at(servers: readonly S[], position: number): S | undefined {
    if (servers !== this.#servers) {
      this.#servers = servers;
      this.#schedule = smoothSchedule(servers.map((server) => server.effectiveWeight));
    }
    return servers[this.#schedule(position)];
  }
}
