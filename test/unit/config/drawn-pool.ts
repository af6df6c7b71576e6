import type { CompiledRoute } from "../../../src/config/routing.ts";
import { isSteered, steer, viewPools } from "../../../src/config/steer.ts";
import { standingOf, UNKNOWN_POOL_STATUS } from "../../../src/contract/pool-status.ts";
import { clientKey } from "../../../src/core/affinity/client-ip.ts";

/** The pool that a route's weights give a client while all pools of the route are available. */
export function drawnPool(route: CompiledRoute, clientIp: string): string | null {
  if (!isSteered(route)) return route.pool;
  const view = viewPools(route.steering, () => standingOf(UNKNOWN_POOL_STATUS));
  const client = clientKey(clientIp);
  const { preferred } = steer(route, view, { client, place: null, sessionAt: null }, () => 0);
  return route.steering.pools[preferred]?.pool ?? null;
}
