/**
 * Checks that nothing is open after a test: isolates and objects count no request in flight, and none waits at an origin.
 * The gauges must return to 0 by themselves, so nothing is sent to them meanwhile.
 * @module
 */
import { poolStats } from "./admin.ts";
import type { Balancer } from "./balancer.ts";
import { eventually } from "./eventually.ts";

/** An origin that counts its open requests and sockets. */
export type Watched = { open: number } | { open(): Promise<number> };

/** Waits until nothing is open. @throws Error that names what is still open */
export async function nothingOpen(
  { url }: Pick<Balancer, "url">,
  pools: readonly string[],
  origins: readonly Watched[] = [],
): Promise<void> {
  let seen: unknown;
  try {
    await eventually("nothing to be open", async () => {
      const stats = await Promise.all(pools.map((pool) => poolStats(url, pool)));
      const active = stats.map((each) => each.active_connections);
      const atOrigins = await Promise.all(
        origins.map(async (origin) => (typeof origin.open === "function" ? origin.open() : origin.open)),
      );
      seen = { pools: Object.fromEntries(pools.map((pool, i) => [pool, active[i]])), atOrigins };
      return [...active, ...atOrigins].every((count) => count === 0);
    });
  } catch (error) {
    throw new Error(`still open: ${JSON.stringify(seen)}`, { cause: error });
  }
}
