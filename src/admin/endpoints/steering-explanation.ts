/**
 * Explains which pool of a route a request would go to, by what the pools' objects tell now.
 * @module
 */
import type { StickyConfig } from "../../config/schema.ts";
import {
  availableSession,
  entryPool,
  nextPool,
  type PoolsInView,
  poolAt,
  type Steered,
  type SteeredRoute,
  steer,
  viewPools,
} from "../../config/steer.ts";
import type { SteeringExplanation } from "../../contract/explanation.ts";
import { type PoolStatus, standingOf, UNKNOWN_POOL_STATUS } from "../../contract/pool-status.ts";
import { clientKey } from "../../core/affinity/client-ip.ts";
import { DEFAULT_COOKIE_NAME } from "../../core/affinity/session-affinity.ts";
import { type ClientPlace, placeOnGlobe } from "../../core/steering/client-place.ts";
import { distanceKm, type UnitVector } from "../../core/steering/great-circle.ts";
import { sessionPools } from "../../platform/session-pools.ts";

/** Who asks, and when. */
export interface SteeredClient {
  /** Its address; empty: unknown. */
  readonly ip: string;
  readonly place: ClientPlace;
  /** Its Cookie header; null: none. */
  readonly cookie: string | null;
  /** ms since the epoch */
  readonly nowMs: number;
}

/** The properties of a pool that the choice goes by. */
export interface KnownPool {
  readonly status: Readonly<PoolStatus>;
  /** How it keeps sessions. Null: it keeps none; undefined: not known. */
  readonly sticky: StickyConfig | null | undefined;
}

/** @param pools by id; of an absent one nothing is known */
export function steeringOf(
  route: SteeredRoute,
  pools: ReadonlyMap<string, KnownPool>,
  client: SteeredClient,
): SteeringExplanation {
  const { policy } = route.steering;
  const statusFor = (pool: string) => pools.get(pool)?.status ?? UNKNOWN_POOL_STATUS;
  const view = viewPools(route.steering, (pool) => standingOf(statusFor(pool)));
  const from = policy === "proximity" ? placeOnGlobe(client.place) : null;
  const key = clientKey(client.ip);
  const sessionAt = availableSession(view, sessionsOf(route, pools, client));
  const steered = steer(route, view, { client: key, place: from, sessionAt }, () => 0);
  const { pool: chosen, arrival } = entryPool(route, steered);
  const after = poolsAfter(chosen, route, view, steered, key);
  return {
    policy,
    client_region: client.place.region,
    order: steered.order.map((position) =>
      shown(view, steered, position, poolAt(route, position), from, statusFor),
    ),
    point: key === "" && policy !== "split" ? null : steered.point,
    session_pool: sessionAt === null ? null : poolAt(route, sessionAt),
    chosen,
    arrival,
    next: after[0] ?? null,
    after,
  };
}

/** As the edge reads the cookie: under the default name, and those of the pools that are known. */
function sessionsOf(
  route: SteeredRoute,
  pools: ReadonlyMap<string, KnownPool>,
  { cookie, nowMs }: SteeredClient,
): readonly number[] {
  const own = [...pools.values()].flatMap(({ sticky }) => (sticky == null ? [] : [sticky.cookie_name]));
  const names = new Set([DEFAULT_COOKIE_NAME, ...own]);
  return sessionPools(route, cookie, nowMs, names, (pool) => pools.get(pool)?.sticky);
}

/** The pools that are asked after the first, in turn, while none can serve the request. */
function poolsAfter(
  first: string,
  route: SteeredRoute,
  view: PoolsInView,
  steered: Steered,
  client: string,
): string[] {
  const asked = new Set([first]);
  for (;;) {
    const next = nextPool(route, view, steered, client, asked) ?? route.fallbackPool;
    if (next === null || asked.has(next)) return [...asked].slice(1);
    asked.add(next);
  }
}

function shown(
  { standings }: PoolsInView,
  { loads }: Steered,
  position: number,
  pool: string,
  from: UnitVector | null,
  statusFor: (pool: string) => Readonly<PoolStatus>,
): SteeringExplanation["order"][number] {
  const { available, share, accept, reason = null } = statusFor(pool);
  const place = standings[position]?.place ?? null;
  return {
    pool,
    distance_km: from === null || place === null ? null : Math.round(distanceKm(from, place)),
    available,
    share,
    accept,
    load: loads[position] ?? 0,
    reason: reason ?? (available ? null : "not available"),
  };
}
