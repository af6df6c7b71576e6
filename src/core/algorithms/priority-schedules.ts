/**
 * The turns of the servers of both priorities, for algorithms that give turns by the position of a cursor.
 * @module
 */

import type { Candidates } from "../server/candidates.ts";
import type { Server } from "../server/server.ts";
import { noteAllRefused, type PickContext } from "./algorithm.ts";
import { ScheduleCache } from "./schedule-cache.ts";

/** A schedule for each priority, since limits may send every other pick to the backups. */
export class PrioritySchedules<S extends Server> {
  readonly #candidates: Candidates<S>;
  readonly #backup: ScheduleCache<S>;
  /** The schedule of the servers that are no backups. */
  readonly primary: ScheduleCache<S>;
  /** Number of picks that found no server; they take no turn. */
  #unserved = 0;

  /** @param weightOf gives the weight to which a server's share of the turns is proportional */
  constructor(candidates: Candidates<S>, weightOf: (server: S) => number) {
    this.#candidates = candidates;
    this.primary = new ScheduleCache(weightOf);
    this.#backup = new ScheduleCache(weightOf);
  }

  /** The schedule of a priority. @param available all of its available servers */
  of(available: readonly S[]): ScheduleCache<S> {
    return available[0]?.backup === true ? this.#backup : this.primary;
  }

  /**
   * Tells `refused` of the servers whose turn it is at `position`, of each priority that the pick considers, if they are
   * at their rate limits.
   * @param eligible the servers that the pick is made from
   */
  noteRefused(context: PickContext<S>, eligible: readonly S[], nowMs: number, position: number): void {
    noteAllRefused(this.#candidates, context, eligible, nowMs, (available) =>
      this.of(available).at(available, position),
    );
  }

  /** The number of the next pick that finds no server: in place of a turn, so that all servers are told of in turn. */
  nextUnserved(): number {
    return this.#unserved++;
  }
}
