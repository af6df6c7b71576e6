/**
 * Chooses the pool that a route sends a request to, and the next one after a failure. The data path and `explain` both
 * use this.
 * @module
 */
import {
  type Arrival,
  type Chosen,
  chooseInOrder,
  loadsInOrder,
  type PoolStanding,
  restInOrder,
} from "../core/steering/choose-pool.ts";
import { drawByRank, drawByShare, pointOf } from "../core/steering/draw.ts";
import { orderByDistance, type UnitVector } from "../core/steering/great-circle.ts";
import type { CompiledRoute, Steering } from "./routing.ts";

/** Makes the draw of the sessions that a pool sheds independent of the draw of its clients. */
const SHED_SEED = 0x5e55_1075;

/** A route that has several pools. */
export interface SteeredRoute extends CompiledRoute {
  readonly steering: Steering;
}

/** The present state of a route's pools. Valid until the state of one of them changes. */
export interface PoolsInView {
  readonly standings: readonly PoolStanding[];
  /** Positions in the order of the document, and each pool's part of the clients in that order. */
  readonly listed: readonly number[];
  readonly loads: readonly number[];
}

export interface SteeringFacts {
  /** The client's key (core/affinity/client-ip.ts); empty: unknown. */
  readonly client: string;
  /** The client's place; null: not known, or the route does not use it. */
  readonly place: UnitVector | null;
  /** Position of the pool that the client has a session in; null: in none of the route's. */
  readonly sessionAt: number | null;
}

/** The decision about a request, and the facts it was made from. */
export interface Steered {
  /** Positions, the preferred first. */
  readonly order: readonly number[];
  /** Each pool's part of the clients that have this order, by position. */
  readonly loads: readonly number[];
  /** Where the client falls, 0 to 1, exclusive. */
  readonly point: number;
  /** Null: no pool is available. */
  readonly chosen: Chosen | null;
  /**
   * Position of the pool that the request would go to if all were well: the first of the order; for a split the one
   * that the weights give.
   */
  readonly preferred: number;
}

export function isSteered(route: CompiledRoute): route is SteeredRoute {
  return route.steering !== null;
}

export function viewPools(steering: Steering, standingOf: (pool: string) => PoolStanding): PoolsInView {
  const standings = steering.pools.map(({ pool }) => standingOf(pool));
  const listed = [...standings.keys()];
  return { standings, listed, loads: loadsOf(steering, listed, standings) };
}

/** @param random stands in for clients without an address; 0 to 1, exclusive */
export function steer(
  route: SteeredRoute,
  view: PoolsInView,
  facts: SteeringFacts,
  random: () => number,
): Steered {
  const { steering, seed } = route;
  const order = orderOf(steering, view, facts.place);
  const loads = order === view.listed ? view.loads : loadsOf(steering, order, view.standings);
  // A split counts all clients without an address as one; other routes spread them.
  const isOne = facts.client !== "" || steering.policy === "split";
  const point = isOne ? pointOf(facts.client, seed) : random();
  const preferred = (steering.policy === "split" ? drawByShare(loads, point) : order[0]) ?? 0;
  const found = { order, loads, point, preferred };
  if (steering.policy === "split") return { ...found, chosen: ofSplit(route, view, facts.client, preferred) };
  const { sessionAt } = facts;
  const standing = sessionAt === null ? undefined : view.standings[sessionAt];
  if (sessionAt === null || standing?.available !== true) {
    return { ...found, chosen: chooseInOrder(order, view.standings, loads, point) };
  }
  const others = isShed(standing, seed, facts, random) ? without(steering, view, order, sessionAt) : null;
  if (others === null) return { ...found, chosen: { position: sessionAt, arrival: "affinity" } };
  return { ...found, loads: others, chosen: chooseInOrder(order, view.standings, others, point) };
}

/** The pool that a request goes to first, and why. */
interface EntryPool {
  readonly pool: string;
  readonly arrival: Arrival;
  /** The pool that would have had it if all were well. */
  readonly preferred: string;
}

/** Where no pool is available: the fallback, and without one the preferred, whose panic threshold may let it serve. */
export function entryPool(route: SteeredRoute, { chosen, preferred: position }: Steered): EntryPool {
  const { fallbackPool, steering } = route;
  const preferred = poolAt(route, position);
  if (chosen !== null) return { pool: poolAt(route, chosen.position), arrival: chosen.arrival, preferred };
  if (fallbackPool !== null) return { pool: fallbackPool, arrival: "fallback", preferred };
  return { pool: preferred, arrival: steering.policy === "split" ? "split" : "first", preferred };
}

/** Position of the session that decides: the first whose pool is available. Null: there is none. */
export function availableSession({ standings }: PoolsInView, sessions: readonly number[]): number | null {
  return sessions.find((position) => standings[position]?.available === true) ?? null;
}

/** The pool at a position in the route. */
export function poolAt({ steering }: SteeredRoute, position: number): string {
  return steering.pools[position]?.pool ?? "";
}

/**
 * The pool that a request goes on to after the pools that it was in could not serve it; null: none is left, except the
 * route's fallback.
 * @param asked pools by id
 */
export function nextPool(
  route: SteeredRoute,
  view: PoolsInView,
  { order }: Pick<Steered, "order">,
  client: string,
  asked: ReadonlySet<string>,
): string | null {
  const rest = restInOrder(order, view.standings).filter((position) => !asked.has(poolAt(route, position)));
  const position = route.steering.policy === "split" ? byRank(route, client, rest) : (rest[0] ?? null);
  return position === null ? null : poolAt(route, position);
}

function orderOf({ policy }: Steering, view: PoolsInView, place: UnitVector | null): readonly number[] {
  if (policy !== "proximity" || place === null) return view.listed;
  return orderByDistance(
    place,
    view.standings.map((standing) => standing.place),
  );
}

function loadsOf(
  { policy, pools, spills }: Steering,
  order: readonly number[],
  standings: readonly PoolStanding[],
): number[] {
  if (policy !== "split") return loadsInOrder(order, standings, spills);
  const total = pools.reduce((sum, { weight }) => sum + weight, 0);
  return pools.map(({ weight }) => weight / total);
}

/** The member that the weights give the client; if it is not available, another one. No other client moves. */
function ofSplit(
  route: SteeredRoute,
  { standings, listed }: PoolsInView,
  client: string,
  drawn: number,
): Chosen | null {
  if (standings[drawn]?.available === true) return { position: drawn, arrival: "split" };
  const available = listed.filter((position) => standings[position]?.available === true);
  const position = byRank(route, client, available);
  return position === null ? null : { position, arrival: "unavailable" };
}

function byRank({ steering: { pools }, seed }: SteeredRoute, client: string, positions: readonly number[]) {
  const members = positions.map((position) => pools[position]).filter((member) => member !== undefined);
  const drawn = drawByRank(members, client, seed);
  return positions.find((position) => pools[position]?.pool === drawn) ?? null;
}

function isShed(
  { shedSessions }: PoolStanding,
  seed: number,
  { client }: SteeringFacts,
  random: () => number,
): boolean {
  if (shedSessions <= 0) return false;
  return (client === "" ? random() : pointOf(client, seed ^ SHED_SEED)) < shedSessions;
}

/** The loads without the pool at `position`; null: no other pool is available. */
function without(
  steering: Steering,
  { standings }: PoolsInView,
  order: readonly number[],
  position: number,
): number[] | null {
  const others = order.filter((each) => each !== position);
  const loads = loadsOf(steering, others, standings);
  return loads.some((load) => load > 0) ? loads : null;
}
