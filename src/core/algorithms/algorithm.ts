/**
 * The interface of an algorithm, which chooses one of the eligible servers, and helpers that several algorithms share.
 * Each algorithm has its own file; `load-balancer.ts` puts them together with limits and affinity.
 * @module
 */
import { Candidates, type PassedOver } from "../server/candidates.ts";
import type { Server } from "../server/server.ts";
import { type Clock, systemClock } from "../system.ts";

/** The facts, beside the servers themselves, that one pick may depend on. */
export interface PickContext<S extends Server = Server> extends PassedOver<S> {
  /** Milliseconds; default: the algorithm's clock. */
  now?: number;
  /** The key of a consistent hash. Absent or empty: round robin. */
  key?: string | null;
  /**
   * Called with the server that a first pick would have chosen had its rate limit allowed it. If no server of a
   * priority can take the request, it is called with one server of each priority that was considered.
   */
  refused?: ((server: S) => void) | undefined;
}

/** Chooses a server for each request. */
export interface Algorithm<S extends Server = Server> {
  /** The algorithm's name in the table (index.ts). */
  readonly name: string;
  /** The chosen server, or null if none is eligible. */
  next(context?: PickContext<S>): S | null;
  /** Makes the tables that picks need, so that no request waits for them. */
  prepare?(): void;
  /** A request ended, `rttMs` after it was sent. Only algorithms that go by load have this. */
  observe?(server: S, rttMs: number, failed: boolean, nowMs: number): void;
}

/** The servers that an algorithm chooses from: a list, or candidates shared with others. */
export type CandidateSource<S extends Server> = readonly S[] | Candidates<S>;

export function toCandidates<S extends Server>(source: CandidateSource<S>): Candidates<S> {
  return source instanceof Candidates ? source : new Candidates(source);
}

/** Options every algorithm takes. */
export interface AlgorithmOptions {
  /** Milliseconds; called only if the context of a pick has no `now`. */
  now?: Clock;
}

/** True if this request has failed at another server. Such a pick takes no turn from the requests that follow. */
export function isFailover<S extends Server>(context: PickContext<S>): boolean {
  return context.tried !== undefined && context.tried.size > 0;
}

/** The time of a pick, in ms. */
export function nowOf<S extends Server>(context: PickContext<S>, options: AlgorithmOptions): number {
  return context.now ?? (options.now ?? systemClock)();
}

/**
 * True if a pick may choose from the primary servers and look at the limits of the chosen one alone, not of all of
 * them: most picks find no server at its limit. If the chosen server is at its limit, and in a failover, the whole list
 * is needed.
 */
export function canSkipLimitScan<S extends Server>(
  candidates: Candidates<S>,
  context: PickContext<S>,
): boolean {
  return candidates.limited && !isFailover(context);
}

/** True if a pick that looked at the limits of the chosen server alone may keep it. */
export function isOpen<S extends Server>(
  candidates: Candidates<S>,
  context: PickContext<S>,
  server: S,
  nowMs: number,
): boolean {
  return context.avoid?.has(server) !== true && candidates.isBelowLimits(server, nowMs);
}

/** Tells `refused` if `preferred`, which a first pick would have been, is at its rate limit. */
export function noteRefused<S extends Server>(
  candidates: Candidates<S>,
  context: PickContext<S>,
  preferred: S | null | undefined,
  nowMs: number,
): void {
  if (context.refused === undefined || preferred === null || preferred === undefined || isFailover(context))
    return;
  if (candidates.isRateLimited(preferred, nowMs)) context.refused(preferred);
}

/**
 * The same for a pick that needs the whole list.
 * @param eligible the servers that the pick is made from
 * @param preferredOf gives the pick among all servers of a priority, whatever their limits
 */
export function noteAllRefused<S extends Server>(
  candidates: Candidates<S>,
  context: PickContext<S>,
  eligible: readonly S[],
  nowMs: number,
  preferredOf: (available: readonly S[]) => S | null | undefined,
): void {
  if (context.refused === undefined || !candidates.limited) return;
  for (const available of candidates.consideredPriorities(eligible)) {
    if (available !== eligible) noteRefused(candidates, context, preferredOf(available), nowMs);
  }
}
