/**
 * Calls the balancer's admin API as an operator does.
 * @module
 */
import type { PoolDescription } from "../../../src/contract/admin.ts";
import type { PoolStats } from "../../../src/contract/stats.ts";
import { fetchRaw, json } from "./client.ts";

/** Option of `startBalancer`. */
export const ADMIN_TOKEN = "system-test-token";

/** A call to the admin API. @throws if it is not answered with 2xx */
export async function admin(
  base: string,
  path: string,
  options: { method?: string; body?: unknown } = {},
): Promise<unknown> {
  const reply = await fetchRaw(base, `/_lb${path}`, {
    method: options.method ?? "GET",
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
  });
  if (reply.status < 200 || reply.status > 299) throw new Error(`${path}: ${reply.status} ${reply.body}`);
  return reply.body.length === 0 ? null : json(reply);
}

export async function poolStats(base: string, pool: string): Promise<PoolStats> {
  return (await admin(base, `/pools/${pool}/stats`)) as PoolStats;
}

export async function poolState(base: string, pool: string): Promise<PoolDescription> {
  return (await admin(base, `/pools/${pool}`)) as PoolDescription;
}
