/**
 * Pools as a whole.
 * @module
 */
import * as z from "zod";
import { canonicalJson } from "../config/canonical.ts";
import { POOL_KEY_PREFIX, poolIdOfKey } from "../config/documents.ts";
import { id } from "../config/fields.ts";
import { poolSchema } from "../config/schema.ts";
import type { PoolDescription, PoolSummary } from "../contract/admin.ts";
import { listKeys } from "../platform/config-source.ts";
import type { Env } from "../platform/env.ts";
import { callRoutes } from "../platform/object-client.ts";
import { poolAnswerSchema, summarySchema, writeSchema } from "./answers.ts";
import { checked } from "./body.ts";
import { type Endpoint, endpoint, json } from "./endpoint.ts";
import {
  askPool,
  describePool,
  etagOf,
  expectedVersion,
  versionOf,
  writeAnswer,
  writeOptions,
} from "./pool-client.ts";
import { Problem } from "./problems.ts";

const poolIdSchema = id();

/** Every pool, in order: what KV lists, and what was made so lately that it may be behind. Some may be gone. */
export async function listPools(env: Env): Promise<string[]> {
  const [keys, recent] = await Promise.all([
    listKeys(env, POOL_KEY_PREFIX),
    callRoutes(env, (stub) => stub.recentPools()),
  ]);
  const listed = keys.map(poolIdOfKey).filter((id) => id !== null);
  return [...new Set([...listed, ...(recent.ok ? recent.value : [])])].sort();
}

/** Null: KV's list still shows a pool that was removed. */
async function summarize(env: Env, pool: string): Promise<z.output<typeof summarySchema> | null> {
  try {
    const summary: PoolSummary = await askPool(env, pool, (stub) => stub.summary());
    const { configured, algorithm, origins, config_version, config_error } = summary;
    if (!configured && config_error === null) return null;
    return { id: pool, algorithm, origins, config_version, config_error };
  } catch (error) {
    // One object that does not answer must not hide the others.
    if (!(error instanceof Problem)) throw error;
    const nothing = { total: 0, eligible: 0 };
    return {
      id: pool,
      algorithm: null,
      origins: nothing,
      config_version: 0,
      config_error: null,
      error: error.message,
    };
  }
}

function show(description: PoolDescription): z.output<typeof poolAnswerSchema> {
  const { pool, document, config_error, snapshot_version, isolates, panic = false } = description;
  const { active_connections, origins } = description;
  const version = versionOf(description);
  return {
    id: pool,
    version,
    etag: etagOf(version),
    config: document === null ? null : JSON.parse(document),
    config_error,
    snapshot_version,
    isolates,
    panic,
    active_connections,
    origins,
  };
}

export const POOL_ENDPOINTS: readonly Endpoint[] = [
  endpoint({
    method: "get",
    path: "/pools",
    scope: "read",
    summary: "Every pool in KV, in a line each",
    answer: z.object({ pools: z.array(summarySchema) }),
    async run({ env }) {
      const ids = await listPools(env);
      const summaries = await Promise.all(ids.map((pool) => summarize(env, pool)));
      return json({ pools: summaries.filter((summary) => summary !== null) });
    },
  }),
  endpoint({
    method: "get",
    path: "/pools/:pool",
    scope: "read",
    summary: "A pool's configuration, and the state of each origin",
    answer: poolAnswerSchema,
    problems: ["not_found"],
    async run({ env, params: { pool = "" } }) {
      const description = await describePool(env, pool);
      return json(show(description), { headers: { etag: etagOf(versionOf(description)) } });
    },
  }),
  endpoint({
    method: "put",
    path: "/pools/:pool",
    scope: "admin",
    summary: "Puts a configuration in force; makes the pool if it is not there (then 201)",
    conditional: true,
    body: poolSchema,
    bodyUnchecked: true,
    statuses: [200, 201],
    answer: writeSchema,
    async run({ env, request, params: { pool = "" }, raw, principal }) {
      checked(poolIdSchema, pool);
      const current = versionOf(await askPool(env, pool, (stub) => stub.describe()));
      const expected_version = expectedVersion(request, current);
      const options = writeOptions(principal, "put the configuration", expected_version);
      const document = canonicalJson(raw);
      const result = await askPool(env, pool, (stub) => stub.putConfig(document, options));
      const isNew = current === 0 && result.status === "applied";
      // Whether this works or not: the pool is in force.
      if (isNew) await callRoutes(env, (stub) => stub.notePool(pool));
      return writeAnswer(pool, result, current === 0 ? 201 : 200);
    },
  }),
  endpoint({
    method: "delete",
    path: "/pools/:pool",
    scope: "admin",
    summary: "Removes the pool at once. Routes that name it stay",
    conditional: true,
    answer: writeSchema,
    problems: ["not_found"],
    async run({ env, request, params: { pool = "" }, principal }) {
      const current = versionOf(await describePool(env, pool));
      const expected_version = expectedVersion(request, current);
      const options = writeOptions(principal, "removed the pool", expected_version);
      return writeAnswer(pool, await askPool(env, pool, (stub) => stub.removePool(options)));
    },
  }),
];
