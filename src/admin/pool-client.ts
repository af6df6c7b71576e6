/**
 * The admin API's line to a pool's object, and to that of the routes.
 * @module
 */
import { isId } from "../config/fields.ts";
import type { PoolAdminRpc, PoolDescription, WriteOptions, WriteResult } from "../contract/admin.ts";
import type { RoutesRpc } from "../contract/routes.ts";
import type { Env } from "../platform/env.ts";
import { callPool, callRoutes, type ObjectAnswer } from "../platform/object-client.ts";
import { json } from "./endpoint.ts";
import { Problem } from "./problems.ts";
import type { Principal } from "./tokens.ts";

/** @throws Problem if the object cannot be reached, or is too old for this */
export async function askPool<T>(
  env: Env,
  pool: string,
  call: (stub: PoolAdminRpc) => Promise<T>,
): Promise<T> {
  // Asking makes an object, so nothing is asked about what cannot be a pool.
  if (!isId(pool)) throw noSuchPool(pool);
  return answered(await callPool(env, pool, call));
}

/** The same for the object of the routes. */
export async function askRoutes<T>(env: Env, call: (stub: RoutesRpc) => Promise<T>): Promise<T> {
  return answered(await callRoutes(env, call));
}

function answered<T>(answer: ObjectAnswer<T>): T {
  if (answer.ok) return answer.value;
  if (answer.detail.includes("does not implement")) throw new Problem("not_implemented");
  throw new Problem("pool_unavailable", { retryAfterS: answer.failure === "overloaded" ? 5 : 1 });
}

/** @throws Problem if there is no such pool. One whose only configuration was refused is there. */
export async function describePool(env: Env, pool: string): Promise<PoolDescription> {
  const description = await askPool(env, pool, (stub) => stub.describe());
  if (!description.configured && description.config_error === null) throw noSuchPool(pool);
  return description;
}

export function noSuchPool(pool: string): Problem {
  return new Problem("not_found", { detail: `There is no pool ${JSON.stringify(pool.slice(0, 64))}.` });
}

/** The version an operator may expect; 0: the pool is not there. */
export function versionOf({ configured, config_version }: PoolDescription): number {
  return configured ? config_version : 0;
}

export function etagOf(version: number): string {
  return `"v${version}"`;
}

export function writeOptions({ name }: Principal, what: string, expected: number | undefined): WriteOptions {
  return { who: name, what, ...(expected === undefined ? {} : { expected_version: expected }) };
}

function changedSince(version: number): Problem {
  const detail = version === 0 ? "Nothing is there." : `Version ${version} is in force.`;
  return new Problem("precondition_failed", { detail, headers: { etag: etagOf(version) } });
}

/** Says how a write went. @param pool null: it was to the routes @throws Problem if it did not */
export function writeAnswer(pool: string | null, result: WriteResult, createdStatus = 200): Response {
  switch (result.status) {
    case "missing":
      throw pool === null ? new Problem("not_found") : noSuchPool(pool);
    case "conflict":
      throw changedSince(result.version);
    case "invalid":
      throw new Problem("invalid", { errors: result.problems });
    case "unchanged":
    case "applied": {
      const { version } = result;
      const changed = result.status === "applied";
      const stored = result.status === "unchanged" || result.stored;
      const etag = etagOf(version);
      return json(
        { ...(pool === null ? {} : { pool }), version, etag, changed, stored },
        { status: changed ? createdStatus : 200, headers: { etag } },
      );
    }
  }
}

/**
 * The version a conditional write expects, from If-Match and If-None-Match; undefined: it is not conditional.
 * @param exists there is something that can match; the routes exist even before there is a version of them
 * @throws Problem if no version can be the expected one
 */
export function expectedVersion(request: Request, current: number, exists = current > 0): number | undefined {
  const failed = changedSince(current);
  const none = request.headers.get("if-none-match");
  if (none !== null && none.trim() === "*") {
    if (current > 0) throw failed;
    return 0;
  }
  const match = request.headers.get("if-match");
  if (match === null) return undefined;
  const tags = match.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  const fits = exists && (tags.includes("*") || tags.includes(etagOf(current)));
  if (!fits) throw failed;
  return current;
}
