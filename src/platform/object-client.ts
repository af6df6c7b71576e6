/**
 * Calls to a pool's object, and to that of the routes. A stub is made for each call: it cannot be kept across requests, and after an
 * exception it may be broken (PLATFORM: Durable Objects).
 * @module
 */
import { ROUTES_KEY } from "../config/documents.ts";
import type { PoolAdminRpc } from "../contract/admin.ts";
import type { RoutesRpc } from "../contract/routes.ts";
import type { PoolRpc } from "../contract/sync.ts";
import type { Env } from "./env.ts";

/** Why a call failed. `overloaded` must never be retried at once: that is what keeps an object overloaded. */
export type ObjectFailure = "overloaded" | "unreachable" | "error";

export type ObjectAnswer<T> = { ok: true; value: T } | { ok: false; failure: ObjectFailure; detail: string };

export async function callPool<T>(
  env: Env,
  pool: string,
  call: (stub: PoolRpc & PoolAdminRpc) => Promise<T>,
): Promise<ObjectAnswer<T>> {
  return await answered(() => call(env.UPSTREAM_POOL.getByName(pool) as unknown as PoolRpc & PoolAdminRpc));
}

/** The same for the object that keeps the routes. */
export async function callRoutes<T>(
  env: Env,
  call: (stub: RoutesRpc) => Promise<T>,
): Promise<ObjectAnswer<T>> {
  return await answered(() => call(env.ROUTE_BOOK.getByName(ROUTES_KEY) as unknown as RoutesRpc));
}

async function answered<T>(call: () => Promise<T>): Promise<ObjectAnswer<T>> {
  try {
    return { ok: true, value: await call() };
  } catch (error) {
    return { ok: false, failure: classify(error), detail: String(error) };
  }
}

function classify(error: unknown): ObjectFailure {
  if (typeof error !== "object" || error === null) return "error";
  if ("overloaded" in error && error.overloaded === true) return "overloaded";
  return "retryable" in error && error.retryable === true ? "unreachable" : "error";
}
