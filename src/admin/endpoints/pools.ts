/**
 * Pools as a whole.
 * @module
 */
import * as z from "zod";
import { id } from "../../config/fields.ts";
import { poolSchema } from "../../config/schema.ts";
import type { WrittenPool } from "../../contract/admin.ts";
import type { Env } from "../../platform/env.ts";
import { callRoutes, knownPools } from "../../platform/object-client.ts";
import { checked } from "../http/body.ts";
import { editDocument } from "../http/document-edit.ts";
import { type Endpoint, endpoint, json } from "../http/endpoint.ts";
import { shownDocument, shownText } from "../http/masking.ts";
import {
  askPool,
  etagOf,
  expectedVersion,
  fetchDescription,
  fetchSummary,
  versionOf,
  writeAnswer,
  writeOptions,
} from "../http/pool-client.ts";
import { Problem } from "../http/problems.ts";
import { poolAnswerSchema, summarySchema, writeSchema } from "../http/schemas.ts";
import type { Principal } from "../http/tokens.ts";

const poolIdSchema = id();

const { shed_percent, shed_sessions_percent } = poolSchema.shape;
// Unwrapped: the default of a field that was not sent must not be written.
const patchSchema = z
  .strictObject({
    shed_percent: shed_percent.unwrap().optional(),
    shed_sessions_percent: shed_sessions_percent.unwrap().optional(),
  })
  .refine((patch) => Object.keys(patch).length > 0, {
    error: "must have shed_percent, shed_sessions_percent or both",
  });

/** Null: KV's list still shows a pool that was removed. */
async function summarize(env: Env, pool: string): Promise<z.output<typeof summarySchema> | null> {
  try {
    const summary = await askPool(env, pool, (stub) => stub.summary());
    const { configured, algorithm, origins, config_version, config_error, status } = summary;
    if (!configured && config_error === null) return null;
    return {
      id: pool,
      algorithm,
      origins,
      config_version,
      config_error,
      ...(status === null ? {} : { status }),
    };
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

/** Registers a new pool. The pool is in force even if this fails. @returns a warning about where requests go now */
async function noted(env: Env, pool: string): Promise<string | undefined> {
  await callRoutes(env, (stub) => stub.registerPool(pool));
  const routes = await callRoutes(env, (stub) => stub.summary());
  return routes.ok && !routes.value.has_routes ? (routes.value.config_error ?? undefined) : undefined;
}

function show(description: WrittenPool, principal: Principal): z.output<typeof poolAnswerSchema> {
  const { pool, document, config_error, snapshot_version, isolates, panic } = description;
  const { active_connections, origins, check_round, status } = description;
  const version = versionOf(description);
  return {
    id: pool,
    version,
    etag: etagOf(version),
    config: document === null ? null : shownDocument(JSON.parse(document), principal),
    ...shownText(description.written, principal),
    config_error,
    snapshot_version,
    isolates,
    panic,
    check_round,
    active_connections,
    ...(status === null ? {} : { status }),
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
      const ids = await knownPools(env);
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
    async run({ env, params: { pool = "" }, principal }) {
      const description = await fetchDescription(env, pool);
      return json(show(description, principal), { headers: { etag: etagOf(versionOf(description)) } });
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
    async run(call) {
      const { env, request, text } = call;
      const { pool = "" } = call.params;
      checked(poolIdSchema, pool);
      const current = versionOf(await askPool(env, pool, (stub) => stub.summary()));
      const expected_version = expectedVersion(request, current);
      const options = writeOptions(call, "put the configuration", expected_version);
      const result = await askPool(env, pool, (stub) => stub.putConfig(text, options));
      const isNew = current === 0 && result.status === "applied";
      const warning = isNew ? await noted(env, pool) : undefined;
      return writeAnswer(pool, result, { createdStatus: current === 0 ? 201 : 200, warning });
    },
  }),
  endpoint({
    method: "patch",
    path: "/pools/:pool",
    scope: "operate",
    summary: "Sends part of the pool's clients to the other pools of its routes, or takes them back",
    conditional: true,
    body: patchSchema,
    answer: writeSchema,
    problems: ["not_found", "conflict"],
    async run(call) {
      const { body } = call;
      const said = Object.entries(body).map(([field, percent]) => `${field} to ${percent}`);
      return await editDocument(call, `set ${said.join(", ")}`, (document) => ({ ...document, ...body }));
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
    async run(call) {
      const { env, request } = call;
      const { pool = "" } = call.params;
      const current = versionOf(await fetchSummary(env, pool));
      const expected_version = expectedVersion(request, current);
      const options = writeOptions(call, "removed the pool", expected_version);
      return writeAnswer(pool, await askPool(env, pool, (stub) => stub.removePool(options)));
    },
  }),
];
