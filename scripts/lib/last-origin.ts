/**
 * Decides whether a change would leave a pool without an origin that takes traffic.
 * @module
 */
import { takesTraffic } from "../../src/core/server/eligibility.ts";
import { configuredOrigins, type PoolAnswer } from "./status.ts";

/**
 * True if `id` takes traffic now and no other origin of its pool does, backups included. Limits do not matter, because
 * an origin at its limit takes traffic again in a moment.
 */
export function isLastOrigin(pool: PoolAnswer, id: string): boolean {
  const configured = configuredOrigins(pool);
  const serving = pool.origins.filter((origin) => {
    const document = configured.get(origin.id);
    return document !== undefined && takesTraffic({ ...origin, ...document });
  });
  return serving.length === 1 && serving[0]?.id === id;
}
