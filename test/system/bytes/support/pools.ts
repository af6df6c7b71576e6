/**
 * Puts one origin behind every kind of pool, because each kind uses a different path through the code.
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";
import { headerValue } from "../../../support/wire/http-reader.ts";
import type { RawReply } from "../../../support/wire/raw-connection.ts";
import { ADMIN_TOKEN } from "../../support/admin.ts";
import { type Balancer, startBalancer } from "../../support/balancer.ts";
import { warmUp } from "../../support/warm-up.ts";

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

export async function startBeforeEveryKind(originUrl: string): Promise<Balancer> {
  const pools = Object.entries(KINDS).map(([kind, { pool = {}, origin = {} }]) => [
    kind,
    { ...pool, origins: [{ id: "a", url: originUrl, ...origin }] },
  ]);
  const hosts = Object.fromEntries(POOL_KINDS.map((kind) => [kind, hostOf(kind)]));
  const routes = POOL_KINDS.map((kind) => ({ host: hostOf(kind), pool: kind }));
  const balancer = await startBalancer({
    adminToken: ADMIN_TOKEN,
    config: { routes, pools: Object.fromEntries(pools) },
  });
  await warmUp(balancer.url, hosts);
  return balancer;
}

/**
 * Asks until the balancer does not refuse by itself. At times an isolate holds no share of a rate limit, and on a busy
 * machine the object's answer may take longer than a request waits for it: then it is refused, whatever its bytes are.
 */
export async function unlessRefused<Reply extends RefusableReply>(ask: () => Promise<Reply>): Promise<Reply> {
  for (;;) {
    const reply = await ask();
    if (!isRefused(reply)) return reply;
    await delay(50);
  }
}

type RefusableReply = Pick<RawReply, "status" | "headers">;

/** None of the origins here gives such an answer. */
function isRefused({ status, headers }: RefusableReply): boolean {
  return status === 503 && headerValue(headers, "content-type") === "application/problem+json";
}

/** The Host of requests for a pool. */
export function hostOf(kind: PoolKind): string {
  return `${kind}.test`;
}
