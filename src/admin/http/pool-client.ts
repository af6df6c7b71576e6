/**
 * Calls a pool's object, and that of the routes, for the admin API.
 * @module
 */
import { isId } from "../../config/fields.ts";
import type {
  PoolAdminRpc,
  PoolDescription,
  PoolSummary,
  WriteOptions,
  WriteResult,
  WrittenPool,
} from "../../contract/admin.ts";
import type { RoutesRpc } from "../../contract/routes.ts";
import type { Env } from "../../platform/env.ts";
import type { ObjectAnswer } from "../../platform/object-answer.ts";
import { callPool, callRoutes } from "../../platform/object-client.ts";
import { type Call, json } from "./endpoint.ts";
import { Problem } from "./problems.ts";

/** @throws Problem if the object cannot be reached, or is too old for this */
export async function askPool<T>(
  env: Env,
  pool: string,
  call: (stub: PoolAdminRpc) => Promise<T>,
): Promise<T> {
  // A call makes an object, so there is none for an id that cannot be a pool's.
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

/** Null: the object does not answer. */
export async function orNull<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Problem) return null;
    throw error;
  }
}

/** A pool in a line. @throws Problem if there is no such pool */
export async function fetchSummary(env: Env, pool: string): Promise<PoolSummary> {
  return existing(await askPool(env, pool, (stub) => stub.summary()));
}

/** A pool with its document. @throws Problem if there is no such pool */
export async function fetchDescription(env: Env, pool: string): Promise<WrittenPool> {
  return existing(await askPool(env, pool, (stub) => stub.describe()));
}

/** A pool whose only configuration was refused exists. */
function existing<T extends PoolSummary | PoolDescription>(found: T): T {
  if (!found.configured && found.config_error === null) throw noSuchPool(found.pool);
  return found;
}

export function noSuchPool(pool: string): Problem {
  return new Problem("not_found", { detail: `There is no pool ${JSON.stringify(pool.slice(0, 64))}.` });
}

/** The version an operator may expect; 0: the pool is not there. */
export function versionOf({
  configured,
  config_version,
}: Pick<PoolSummary, "configured" | "config_version">): number {
  return configured ? config_version : 0;
}

export function etagOf(version: number): string {
  return `"v${version}"`;
}

export function writeOptions(
  { principal, message }: Pick<Call, "principal" | "message">,
  what: string,
  expected: number | undefined,
): WriteOptions {
  return {
    who: principal.name,
    what,
    ...(message === null ? {} : { message }),
    ...(expected === undefined ? {} : { expected_version: expected }),
  };
}

function changedSince(version: number): Problem {
  const detail = version === 0 ? "Nothing is there." : `Version ${version} is in force.`;
  return new Problem("precondition_failed", { detail, headers: { etag: etagOf(version) } });
}

/** Turns the result of a write into an answer. @param pool null: it was to the routes @throws Problem if it did not */
export function writeAnswer(
  pool: string | null,
  result: WriteResult,
  { createdStatus = 200, warning }: { createdStatus?: number; warning?: string | undefined } = {},
): Response {
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
        { ...(pool === null ? {} : { pool }), version, etag, changed, stored, ...(warning && { warning }) },
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
