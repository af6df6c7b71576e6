/**
 * Chooses the pool of a route that takes a client, and the next one if that pool cannot serve it.
 * @module
 */
import { drawByShare } from "./draw.ts";
import type { UnitVector } from "./great-circle.ts";
import { type PoolIntake, priorityLoads, takenShare } from "./priority-load.ts";

/**
 * Why a request came to a pool. `affinity`: its session is there. `first`: the pool stands first in the client's order.
 * `spill`: the first was available and did not take it. `unavailable`: the first was not, or an earlier one could not
 * serve it after all. `retry`: it failed in an earlier one. `split`: by the weights of a split. `fallback`: the route's
 * last resort.
 */
export const ARRIVALS = ["affinity", "first", "spill", "unavailable", "retry", "split", "fallback"] as const;
export type Arrival = (typeof ARRIVALS)[number];

/** The properties of a pool that the choice depends on. */
export interface PoolStanding extends PoolIntake {
  readonly available: boolean;
  /** Part of its clients that goes elsewhere by hand, 0 to 1; `accept` holds it too. */
  readonly shed: number;
  /** The same for clients that have a session there. */
  readonly shedSessions: number;
  /** Null: not known. */
  readonly place: UnitVector | null;
}

/** A pool's position in the route, and how the request came to it. */
export interface Chosen {
  readonly position: number;
  readonly arrival: Arrival;
}

/**
 * Each pool's part of the clients, by position in the route. Without spill the first available pool takes all clients
 * except those it sheds, however weak it is.
 * @param order positions, the preferred first
 * @returns all 0 if none is available; else they add up to 1
 */
export function loadsInOrder(
  order: readonly number[],
  standings: readonly PoolStanding[],
  spills: boolean,
): number[] {
  const loads = new Array<number>(standings.length).fill(0);
  const available = order.filter((position) => standings[position]?.available === true);
  const intakes = available
    .map((position) => standings[position])
    .filter((standing) => standing !== undefined)
    .map((standing) => (spills ? standing : { share: 1, accept: 1 - standing.shed, overprovisioning: 1 }));
  for (const [index, load] of priorityLoads(intakes).entries()) loads[available[index] ?? 0] = load;
  return loads;
}

/**
 * The pool of a client that has no session.
 * @param loads see `loadsInOrder`
 * @param point where the client falls, 0 to 1, exclusive
 * @returns null: no pool is available
 */
export function chooseInOrder(
  order: readonly number[],
  standings: readonly PoolStanding[],
  loads: readonly number[],
  point: number,
): Chosen | null {
  const drawn = drawByShare(
    order.map((position) => loads[position] ?? 0),
    point,
  );
  const position = drawn === null ? undefined : order[drawn];
  if (position === undefined) return null;
  const first = order[0] ?? position;
  if (position === first) return { position, arrival: "first" };
  return { position, arrival: standings[first]?.available === true ? "spill" : "unavailable" };
}

/**
 * The pools that may serve a request that another pool could not, the preferred first. Only available pools; those that
 * take no clients come last.
 */
export function restInOrder(order: readonly number[], standings: readonly PoolStanding[]): number[] {
  const rest = order.filter((position) => standings[position]?.available === true);
  const takes = (position: number): boolean => {
    const standing = standings[position];
    return standing !== undefined && takenShare(standing) > 0;
  };
  return [...rest.filter(takes), ...rest.filter((position) => !takes(position))];
}
