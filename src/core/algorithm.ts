/**
 * What chooses among the eligible. One file per algorithm implements this; `load-balancer.ts` composes them.
 * @module
 */
import { Candidates } from "./candidates.ts";
import type { Server } from "./server.ts";
import { type Clock, systemClock } from "./system.ts";

export const ALGORITHMS = [
  "round_robin",
  "weighted_round_robin",
  "least_connections",
  "consistent_hash",
  "random",
  "p2c",
  "peak_ewma",
] as const;
export type AlgorithmName = (typeof ALGORITHMS)[number];

/** What one pick may depend on beyond the servers themselves. */
export interface PickContext<S extends Server = Server> {
  /** Milliseconds; default: the algorithm's clock. */
  now?: number;
  /** What a consistent hash hashes. Absent or empty: round robin. */
  key?: string | null;
  /** Servers already tried for this request: passed over while another is left. */
  tried?: ReadonlySet<S> | undefined;
}

export interface Algorithm<S extends Server = Server> {
  readonly name: AlgorithmName;
  /** The chosen server, or null if none is eligible. */
  next(context?: PickContext<S>): S | null;
  /** Makes the tables that picks go by, so that no request waits for that. */
  prepare?(): void;
  /** A request ended, `rttMs` after it was sent. Only for those that go by load. */
  observe?(server: S, rttMs: number, failed: boolean, nowMs: number): void;
}

/** What an algorithm chooses from: a list of servers, or candidates shared with others. */
export type Choice<S extends Server> = readonly S[] | Candidates<S>;

export function candidatesOf<S extends Server>(choice: Choice<S>): Candidates<S> {
  return choice instanceof Candidates ? choice : new Candidates(choice);
}

/** Options every algorithm takes. */
export interface AlgorithmOptions {
  /** Milliseconds; asked only where a pick's context brings no `now`. */
  now?: Clock;
}

/** True if this request has failed elsewhere. Such a pick takes no turn from the requests that follow. */
export function isFailover(context: PickContext): boolean {
  return context.tried !== undefined && context.tried.size > 0;
}

/** The time of a pick, in ms. */
export function nowOf(context: PickContext, options: AlgorithmOptions): number {
  return context.now ?? (options.now ?? systemClock)();
}

/**
 * True if a pick may choose from the primary servers and look at the limits of the chosen one alone, not of all of
 * them: with limits, most picks find nobody at one. Where the chosen one is at its limit, or in a failover, the whole
 * list is needed.
 */
export function picksFirst<S extends Server>(candidates: Candidates<S>, context: PickContext<S>): boolean {
  return candidates.limited && !isFailover(context);
}

/** The eligible servers for one pick. */
export function eligibleFor<S extends Server>(
  candidates: Candidates<S>,
  context: PickContext<S>,
  options: AlgorithmOptions,
): readonly S[] {
  return candidates.list(context, nowOf(context, options));
}

/**
 * Where round-robin positions come from: a plain counter in one process, a leased range of the pool's cursor at
 * the edge.
 */
export interface CursorSource {
  /** The next position: a whole number of at least 0. */
  next(): number;
}

/** A plain counter: the cursor of one process. */
export class CountingCursor implements CursorSource {
  #next = 0;

  next(): number {
    return this.#next++;
  }
}
