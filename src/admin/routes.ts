/**
 * The routes. One object is their authority, as a pool's is of its configuration.
 * @module
 */
import * as z from "zod";
import { canonicalJson } from "../config/canonical.ts";
import { formatPath } from "../config/errors.ts";
import { checkReferences, parseRoutes } from "../config/parse.ts";
import { type RouteConfig, routesSchema } from "../config/schema.ts";
import type { RoutesDescription } from "../contract/routes.ts";
import type { Env } from "../platform/env.ts";
import { eventSchema, routesWriteSchema, versionDetailSchema, versionSchema } from "./answers.ts";
import { checked } from "./body.ts";
import { type Call, type Endpoint, endpoint, json } from "./endpoint.ts";
import {
  againstQuery,
  dates,
  eventsOf,
  eventsQuery,
  rollbackBody,
  rolledBack,
  type Versions,
  versionAt,
  versionDetail,
  versionNumber,
} from "./past.ts";
import { askPool, askRoutes, etagOf, expectedVersion, writeAnswer, writeOptions } from "./pool-client.ts";
import { listPools } from "./pools.ts";
import { Problem } from "./problems.ts";

interface RoutesInForce extends RoutesDescription {
  /** As their author wrote them; none is an empty list. */
  routes: unknown;
  etag: string;
}

/** @throws Problem if their object cannot be reached */
export async function readRoutes(env: Env): Promise<RoutesInForce> {
  const described = await askRoutes(env, (stub) => stub.describe());
  const { text, version } = described;
  return { ...described, routes: text === null ? [] : JSON.parse(text), etag: etagOf(version) };
}

/** Pools that `routes` may name. KV's list may be behind both ways, so the objects of those it names are asked. */
async function knownPools(env: Env, routes: readonly RouteConfig[]): Promise<Set<string>> {
  const known = new Set(await listPools(env));
  const named = routes.flatMap(({ pool, split, fallback_pool }) => [
    ...(pool === null ? [] : [pool]),
    ...(split ?? []).map((item) => item.pool),
    ...(fallback_pool === null ? [] : [fallback_pool]),
  ]);
  const asked = [...new Set(named)].map(async (pool) => {
    const { configured } = await askPool(env, pool, (stub) => stub.summary());
    if (configured) known.add(pool);
    else known.delete(pool);
  });
  await Promise.all(asked);
  return known;
}

/** @throws Problem with each error's path and rule */
export async function validateRoutes(env: Env, document: unknown): Promise<void> {
  const parsed = parseRoutes(document);
  const errors = parsed.ok
    ? checkReferences(parsed.value, await knownPools(env, parsed.value))
    : parsed.errors;
  if (errors.length === 0) return;
  throw new Problem("invalid", {
    errors: errors.map(({ path, message }) => ({ path: formatPath(path), message })),
  });
}

function versionsIn(env: Env): Versions {
  return (version) => askRoutes(env, (stub) => stub.versions(version));
}

/** The version that the writer expects, if that is said. */
async function expected({ env, request }: Pick<Call, "env" | "request">): Promise<number | undefined> {
  const { version } = await readRoutes(env);
  return expectedVersion(request, version, true);
}

const routesAnswer = z.object({
  routes: z.unknown().describe("As their author wrote them; the schema is that of the PUT's body"),
  version: z.number(),
  etag: z.string(),
  updated_at: z.number().nullable().describe("When they were written, in ms since the epoch"),
  config_error: z.string().nullable().describe("Why the last document found in KV was refused"),
});

export const ROUTE_ENDPOINTS: readonly Endpoint[] = [
  endpoint({
    method: "get",
    path: "/routes",
    scope: "read",
    summary: "The routes",
    answer: routesAnswer,
    async run({ env }) {
      const { routes, version, etag, updated_at, config_error } = await readRoutes(env);
      return json({ routes, version, etag, updated_at, config_error }, { headers: { etag } });
    },
  }),
  endpoint({
    method: "put",
    path: "/routes",
    scope: "admin",
    summary: "Replaces the routes. Every pool they name must exist",
    conditional: true,
    body: routesSchema,
    bodyUnchecked: true,
    answer: routesWriteSchema,
    async run({ env, request, raw, principal }) {
      const options = writeOptions(principal, "put the routes", await expected({ env, request }));
      await validateRoutes(env, raw);
      return writeAnswer(null, await askRoutes(env, (stub) => stub.putConfig(canonicalJson(raw), options)));
    },
  }),
  endpoint({
    method: "get",
    path: "/routes/events",
    scope: "read",
    summary: "What happened to the routes, newest first; the last 1,000 are kept",
    query: eventsQuery,
    answer: z.object({ events: z.array(eventSchema.omit({ pool: true, origin: true })) }),
    async run({ env, query: { limit, kind } }) {
      const events = await askRoutes(env, (stub) => stub.events(kind === undefined ? limit : undefined));
      return json({ events: eventsOf(events, limit, kind).map(({ pool: _, ...event }) => event) });
    },
  }),
  endpoint({
    method: "get",
    path: "/routes/versions",
    scope: "read",
    summary: "Routes that were in force, newest first; the last 100 are kept",
    answer: z.object({ versions: z.array(versionSchema) }),
    async run({ env }) {
      return json({ versions: (await versionsIn(env)()).map(dates) });
    },
  }),
  endpoint({
    method: "get",
    path: "/routes/versions/:version",
    scope: "read",
    summary: "One of them, and what it changed",
    query: againstQuery,
    answer: versionDetailSchema,
    problems: ["not_found"],
    async run({ env, params, query }) {
      const wanted = checked(versionNumber, params.version);
      return json(await versionDetail(versionsIn(env), wanted, query.against));
    },
  }),
  endpoint({
    method: "post",
    path: "/routes/rollback",
    scope: "admin",
    summary: "Puts an earlier version's routes in force, as a new version. Every pool they name must exist",
    conditional: true,
    body: rollbackBody,
    answer: routesWriteSchema,
    problems: ["not_found"],
    async run({ env, request, principal, body: { version } }) {
      const options = writeOptions(principal, rolledBack(version), await expected({ env, request }));
      const past = await versionAt(versionsIn(env), version);
      await validateRoutes(env, JSON.parse(past.document));
      return writeAnswer(null, await askRoutes(env, (stub) => stub.rollback(version, options)));
    },
  }),
];
