/** Least connections. @module */

import { CountingCursor, type CursorSource } from "../cursor/cursor.ts";
import type { Candidates } from "../server/candidates.ts";
import type { Server } from "../server/server.ts";
import {
  type Algorithm,
  type AlgorithmOptions,
  type CandidateSource,
  isFailover,
  noteAllRefused,
  nowOf,
  type PickContext,
  toCandidates,
} from "./algorithm.ts";
import { InFlightLoad } from "./in-flight-load.ts";
import { PrioritySchedules } from "./priority-schedules.ts";
import type { RoundRobinOptions } from "./round-robin.ts";

/**
 * Picks the server with the fewest requests in flight per weight. An idle pool has nothing but ties. Ties go in
 * round-robin order, beginning where the cursor says; if weights or slow starts differ, in the order of smooth weighted
 * round robin. Failover picks have turns of their own: otherwise the server behind a failing one would get that one's
 * share and never its own turn.
 */
export class LeastConnections<S extends Server = Server> implements Algorithm<S> {
  readonly name = "least_connections";
  readonly #candidates: Candidates<S>;
  readonly #cursor: CursorSource;
  readonly #options: AlgorithmOptions;
  readonly #load = new InFlightLoad<S>();
  readonly #schedules: PrioritySchedules<S>;
  /** The turn of the last pick; null: there was none. */
  #turn: number | null = null;
  #last: S | null = null;
  #lastFailover: S | null = null;

  constructor(servers: CandidateSource<S>, options: RoundRobinOptions = {}) {
    this.#candidates = toCandidates(servers);
    this.#cursor = options.cursor ?? new CountingCursor();
    this.#options = options;
    this.#schedules = new PrioritySchedules(this.#candidates, (server) => server.effectiveWeight);
  }

  next(context: PickContext<S> = {}): S | null {
    const nowMs = nowOf(context, this.#options);
    const eligible = this.#candidates.list(context, nowMs);
    if (eligible.length === 0) {
      const turn = this.#schedules.nextUnserved();
      this.#noteRefused(context, eligible, nowMs, turn, () => turn);
      return null;
    }
    if (isFailover(context)) {
      const start = this.#behind(this.#lastFailover ?? this.#last, eligible);
      this.#lastFailover = this.#least(eligible, nowMs, start, null);
      return this.#lastFailover;
    }
    const turn = this.#turn === null ? this.#cursor.next() : this.#turn + 1;
    const startIn = (servers: readonly S[]): number =>
      this.#turn === null ? turn : this.#behind(this.#last, servers);
    this.#noteRefused(context, eligible, nowMs, turn, startIn);
    const picked = this.#least(eligible, nowMs, startIn(eligible), turn);
    this.#turn = turn;
    this.#last = picked;
    return picked;
  }

  /** A request ended. A failure counts as one in flight for a while: failing fast is not being idle. */
  observe(server: S, _rttMs: number, failed: boolean, nowMs: number): void {
    if (failed) this.#load.recordFailure(server, nowMs);
  }

  #noteRefused(
    context: PickContext<S>,
    eligible: readonly S[],
    nowMs: number,
    turn: number,
    startIn: (servers: readonly S[]) => number,
  ): void {
    noteAllRefused(this.#candidates, context, eligible, nowMs, (available) =>
      this.#least(available, nowMs, startIn(available), turn),
    );
  }

  /**
   * The index of the server whose turn it is among equals: the first one after `last`, whether or not `last` is
   * eligible.
   */
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

  /**
   * @param start index in `servers` of the server whose turn it is, for servers of the same weight
   * @param turn number of the turn, for servers of different weights; null: a failover takes no turn
   */
  #least(servers: readonly S[], nowMs: number, start: number, turn: number | null): S | null {
    const available = this.#candidates.available(servers);
    const schedule = this.#schedules.of(available);
    if (schedule.isEven(available)) return this.#firstLeastLoaded(servers, start, nowMs);
    const tied = this.#leastLoaded(servers, nowMs);
    if (tied.length < 2) return tied[0] ?? null;
    return turn === null ? schedule.nextEligible(tied, available) : schedule.scheduled(tied, available, turn);
  }

  #leastLoaded(servers: readonly S[], nowMs: number): readonly S[] {
    let least: S[] = [];
    let leastLoad = Number.POSITIVE_INFINITY;
    for (const server of servers) {
      const load = this.#load.get(server, nowMs);
      if (load > leastLoad) continue;
      if (load < leastLoad) least = [];
      leastLoad = load;
      least.push(server);
    }
    return least;
  }

  #firstLeastLoaded(servers: readonly S[], start: number, nowMs: number): S | null {
    const { length } = servers;
    let best: S | null = null;
    let bestLoad = Number.POSITIVE_INFINITY;
    for (let i = 0, at = start % length; i < length; i++) {
      const server = servers[at];
      at = at + 1 === length ? 0 : at + 1;
      if (server === undefined) continue;
      const load = this.#load.get(server, nowMs);
      if (best !== null && load >= bestLoad) continue;
      // No server has fewer than 0 in flight, so the first idle one from `start` on is the pick.
      if (load === 0) return server;
      best = server;
      bestLoad = load;
    }
    return best;
  }
}
