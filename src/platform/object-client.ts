/**
 * Calls a pool's object, and the object of the routes. Each call makes a stub of its own: a stub cannot be kept across
 * requests, and may be broken after an exception (docs/platform.md, Durable Objects).
 * @module
 */
import { POOL_KEY_PREFIX, poolIdOfKey, ROUTES_KEY } from "../config/documents.ts";
import type { PoolAdminRpc } from "../contract/admin.ts";
import type { RoutesRpc } from "../contract/routes.ts";
import type { PoolRpc } from "../contract/sync.ts";
import { listKeys } from "./config-source.ts";
import type { Env } from "./env.ts";
import { type AbortableWait, inTime, LateError } from "./in-time.ts";
import type { ObjectAnswer, ObjectFailure } from "./object-answer.ts";
import { placement } from "./placement.ts";

/** Longest wait for an object in ms, where others wait for what comes after. */
export const LONGEST_ANSWER_MS = 3_000;

/** @param withinMs the longest to wait; an answer that is later is lost. Absent: as long as the platform does */
export async function callPool<T>(
  env: Env,
  pool: string,
  call: (stub: PoolRpc & PoolAdminRpc) => Promise<T>,
  withinMs?: number,
): Promise<ObjectAnswer<T>> {
  const stub = () => env.UPSTREAM_POOL.getByName(pool, placement(env)) as unknown as PoolRpc & PoolAdminRpc;
  return await answered(() => call(stub()), withinMs);
}

/** The same for the object that keeps the routes. */
export async function callRoutes<T>(
  env: Env,
  call: (stub: RoutesRpc) => Promise<T>,
  withinMs?: number,
): Promise<ObjectAnswer<T>> {
  const stub = () => env.ROUTE_TABLE.getByName(ROUTES_KEY, placement(env)) as unknown as RoutesRpc;
  return await answered(() => call(stub()), withinMs);
}

/** Every pool, in order. Some may be gone. Empty if neither the routes' object nor KV answers. */
export async function knownPools(env: Env): Promise<string[]> {
  const answer = await callRoutes(env, (stub) => stub.pools(), LONGEST_ANSWER_MS);
  if (answer.ok) return answer.value;
  const keys = await listKeys(env, POOL_KEY_PREFIX).catch(() => []);
  return keys
    .map(poolIdOfKey)
    .filter((id) => id !== null)
    .sort();
}

/** Makes a call. Never rejects. @param wait as for `inTime` */
export async function answered<T>(
  call: () => Promise<T>,
  withinMs?: number,
  wait?: AbortableWait,
): Promise<ObjectAnswer<T>> {
  try {
    const value = withinMs === undefined ? await call() : await inTime(call(), "the object", withinMs, wait);
    return { ok: true, value };
  } catch (error) {
    return { ok: false, failure: classify(error), detail: String(error) };
  }
}

function classify(error: unknown): ObjectFailure {
  if (error instanceof LateError) return "timeout";
  if (typeof error !== "object" || error === null) return "error";
  if ("overloaded" in error && error.overloaded === true) return "overloaded";
  return "retryable" in error && error.retryable === true ? "unreachable" : "error";
}
