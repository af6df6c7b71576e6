/**
 * Warnings about routes over several pools: settings without effect, and settings that send clients to another pool
 * than meant.
 * @module
 */
import type { PoolConfig, RouteConfig } from "./schema.ts";
import type { ConfigWarning } from "./warnings.ts";

type Pools = Readonly<Record<string, PoolConfig>>;

/** Paths are relative to the route. */
export function steeringWarnings(route: RouteConfig, pools: Pools): ConfigWarning[] {
  if (route.pools === null) return [];
  return [...alone(route), ...fallsBack(route), ...withoutPlace(route, pools), ...cookieNames(route, pools)];
}

function alone({ pools, steer, spill, retry_pools }: RouteConfig): ConfigWarning[] {
  if (pools?.length !== 1) return [];
  return Object.entries({ steer, spill, retry_pools })
    .filter(([, value]) => value !== null)
    .map(([key]) => ({ path: [key], message: "has no effect with one pool" }));
}

function fallsBack({ pools, fallback_pool }: RouteConfig): ConfigWarning[] {
  if (fallback_pool === null || !pools?.includes(fallback_pool)) return [];
  return [{ path: ["fallback_pool"], message: `"${fallback_pool}" stands among the pools already` }];
}

/** Pools without a location come after those ordered by distance, which is easily missed. */
function withoutPlace({ pools, steer }: RouteConfig, known: Pools): ConfigWarning[] {
  if (steer !== "proximity" || pools === null || pools.length === 1) return [];
  return pools.flatMap((pool, index) => {
    const config = known[pool];
    if (config === undefined || config.location !== null) return [];
    const message = `pool "${pool}" has no location, so by proximity it comes last for everybody`;
    return [{ path: ["pools", index], message }];
  });
}

/** A session keeps its pool only if the isolate can find its cookie before it knows the pool. */
function cookieNames({ pools }: RouteConfig, known: Pools): ConfigWarning[] {
  const names = (pools ?? [])
    .map((pool) => known[pool]?.sticky)
    .filter((sticky) => sticky != null && sticky.method !== "ip")
    .map((sticky) => sticky?.cookie_name ?? "");
  const different = [...new Set(names)];
  if (different.length < 2) return [];
  const message = `keep their sessions under different cookie names (${different.join(", ")}): with one name a session stays with its pool everywhere`;
  return [{ path: ["pools"], message }];
}
