/**
 * Puts one origin behind every kind of pool, because each kind uses a different path through the code.
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";
import { ADMIN_TOKEN } from "../../support/admin.ts";
import { type Balancer, startBalancer } from "../../support/balancer.ts";
import { fetchRaw } from "../../support/client.ts";

export const POOL_KINDS = ["plain", "sticky", "counted", "limited", "rated", "strict"] as const;
export type PoolKind = (typeof POOL_KINDS)[number];

/** Far above what a test does, so that it counts and never limits. */
const AMPLE = 100_000;

const KINDS: Readonly<Record<PoolKind, { pool?: object; origin?: object }>> = {
  plain: {},
  sticky: { pool: { sticky: true } },
  /** Follows answers and WebSockets to their end. */
  counted: { pool: { algorithm: "least_connections" } },
  limited: { origin: { max_connections: AMPLE } },
  rated: { origin: { rate_limit: AMPLE } },
  strict: { pool: { coordination: "strict" } },
};

export function startBeforeEveryKind(originUrl: string): Promise<Balancer> {
  const pools = Object.entries(KINDS).map(([kind, { pool = {}, origin = {} }]) => [
    kind,
    { ...pool, origins: [{ id: "a", url: originUrl, ...origin }] },
  ]);
  const routes = POOL_KINDS.map((kind) => ({ host: hostOf(kind), pool: kind }));
  return startBalancer({
    adminToken: ADMIN_TOKEN,
    config: { routes, pools: Object.fromEntries(pools) },
  });
}

/**
 * Waits until a pool serves. After a rest an isolate holds no share of a rate limit, and on a busy machine the object's
 * answer may take longer than a request waits for it: then the request is refused, whatever its bytes are.
 */
export async function untilServes(balancer: Balancer, kind: PoolKind): Promise<void> {
  const served = async (): Promise<boolean> => {
    const { status } = await fetchRaw(balancer.url, "/scripted", { headers: { host: hostOf(kind) } });
    return status !== 503;
  };
  while (!(await served())) await delay(50);
}

/** The Host of requests for a pool. */
export function hostOf(kind: PoolKind): string {
  return `${kind}.test`;
}
