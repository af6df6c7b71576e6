/**
 * Maps positions of a cursor to servers, in the order of smooth weighted round robin.
 * @module
 */

import type { Server } from "../server/server.ts";
import { type Schedule, smoothSchedule } from "./swrr-schedule.ts";

/** Steps of a search after which any eligible server is taken: reached only by tiny weights beside huge ones. */
const MOST_SEARCH_STEPS = 1_000;

/** The schedule over a list of servers, made once per list. */
export class ScheduleCache<S extends Server> {
  readonly #weightOf: (server: S) => number;
  #servers: readonly S[] = [];
  #schedule: Schedule = () => 0;
  #even = true;
  /** Position in the schedule at which the last search ended. */
  #searchPosition = 0;

  /** @param weightOf gives the weight to which a server's share of the positions is proportional */
  constructor(weightOf: (server: S) => number) {
    this.#weightOf = weightOf;
  }

  at(servers: readonly S[], position: number): S | undefined {
    this.#make(servers);
    return servers[this.#schedule(position)];
  }

  /** True if all of them have the same share. */
  isEven(servers: readonly S[]): boolean {
    this.#make(servers);
    return this.#even;
  }

  /**
   * The server at `position` of the schedule of `available`; if it is not in `eligible`, a subset of it, another one.
   */
  scheduled(eligible: readonly S[], available: readonly S[], position: number): S | null {
    const server = this.at(available, position);
    if (server !== undefined && (eligible === available || eligible.includes(server))) return server;
    return this.nextEligible(eligible, available);
  }

  /**
   * One of `eligible`, by the same schedule: the others share the turns of a server that cannot take them, in their
   * proportions.
   */
  nextEligible(eligible: readonly S[], available: readonly S[]): S | null {
    const allowed = new Set(eligible);
    for (let step = 0; step < MOST_SEARCH_STEPS; step++) {
      const server = this.at(available, this.#searchPosition++);
      if (server !== undefined && allowed.has(server)) return server;
    }
    return eligible[this.#searchPosition % eligible.length] ?? null;
  }

  #make(servers: readonly S[]): void {
    if (servers === this.#servers) return;
    const weights = servers.map(this.#weightOf);
    this.#servers = servers;
    this.#even = weights.every((weight) => weight === weights[0]);
    this.#schedule = smoothSchedule(weights);
  }
}
