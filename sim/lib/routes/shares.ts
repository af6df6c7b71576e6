/**
 * The clients that each pool of a route should get by the pools' statuses, beside those that it got.
 * @module
 */
import { compileRoutes } from "../../../src/config/routing.ts";
import type { RouteConfig } from "../../../src/config/schema.ts";
import { isSteered, viewPools } from "../../../src/config/steer.ts";
import { type PoolStatus, standingOf, UNKNOWN_POOL_STATUS } from "../../../src/contract/pool-status.ts";
import { loadsInOrder } from "../../../src/core/steering/choose-pool.ts";
import { clientPlace, placeOnGlobe } from "../../../src/core/steering/client-place.ts";
import { orderByDistance } from "../../../src/core/steering/great-circle.ts";
import type { ClientOrigin } from "./places.ts";
import type { Trail } from "./trails.ts";

/** Standard deviations of a pool's clients under independent draws: one in some 16,000 is farther off. */
const MOST_SIGMAS = 4;

/** Of the clients whose pool the shares alone decided. */
export interface ClientShare {
  readonly pool: string;
  clients: number;
  expected: number;
  /** Variance of their number, since each is drawn for itself. */
  variance: number;
}

/** Null: the route has one pool. @param trails of its clients */
export function clientShares(
  route: RouteConfig,
  statusOf: (pool: string) => PoolStatus | null,
  from: readonly ClientOrigin[],
  trails: Iterable<Trail>,
): ClientShare[] | null {
  const loadsAt = from.map(({ cf }) => loadsOf(route, statusOf, cf));
  if (loadsAt.includes(null)) return null;
  const shares = new Map<string, ClientShare>();
  const of = (pool: string): ClientShare => {
    const known = shares.get(pool) ?? { pool, clients: 0, expected: 0, variance: 0 };
    shares.set(pool, known);
    return known;
  };
  for (const { chosen, place } of trails) {
    if (chosen === null) continue;
    of(chosen).clients++;
    for (const [pool, load] of loadsAt[place] ?? []) {
      of(pool).expected += load;
      of(pool).variance += load * (1 - load);
    }
  }
  return [...shares.values()];
}

export function keepsShares(shares: readonly ClientShare[]): boolean {
  return shares.every(({ clients, expected, variance }) => {
    // Sums of loads are not exact.
    return Math.abs(clients - expected) <= MOST_SIGMAS * Math.sqrt(variance) + 1e-6 * Math.max(1, expected);
  });
}

/** Each pool's part of the clients of a place. */
function loadsOf(
  config: RouteConfig,
  statusOf: (pool: string) => PoolStatus | null,
  cf: ClientOrigin["cf"],
): Map<string, number> | null {
  const route = compileRoutes([{ ...config, host: null, path: null, where: null }]).match("", "/", {
    get where(): never {
      throw new RangeError("no conditions");
    },
  });
  if (route === null || !isSteered(route)) return null;
  const { pools, policy, spills } = route.steering;
  const view = viewPools(route.steering, (pool) => standingOf(statusOf(pool) ?? UNKNOWN_POOL_STATUS));
  const at = policy === "proximity" ? placeOnGlobe(clientPlace(cf)) : null;
  const places = view.standings.map(({ place }) => place);
  const order = at === null ? view.listed : orderByDistance(at, places);
  const loads = policy === "split" ? view.loads : loadsInOrder(order, view.standings, spills);
  return new Map(pools.map(({ pool }, position) => [pool, loads[position] ?? 0]));
}
