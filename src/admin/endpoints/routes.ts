/**
 * The routes. One object is their authority, as a pool's is of its configuration.
 * @module
 */
import * as z from "zod";
import { isId } from "../../config/fields.ts";
import { poolsNamedBy } from "../../config/route-pools.ts";
import { routesSchema } from "../../config/schema.ts";
import type { RoutesDescription } from "../../contract/routes.ts";
import type { Env } from "../../platform/env.ts";
import { knownPools } from "../../platform/object-client.ts";
import { type Call, type Endpoint, endpoint, json } from "../http/endpoint.ts";
import { shownDocument, shownText } from "../http/masking.ts";
import {
  askPool,
  askRoutes,
  etagOf,
  expectedVersion,
  writeAnswer,
  writeOptions,
} from "../http/pool-client.ts";
import { eventSchema, routesWriteSchema, writtenText } from "../http/schemas.ts";
import { versionEndpoints } from "./versions.ts";

/** A document that nobody has checked may name any number of pools; of more than these the list is believed. */
const MOST_ASKED = 1_000;

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

/** Pools that `routes` may name. The objects of those that are named know best whether they are there. */
export async function poolsFor(env: Env, routes: unknown): Promise<string[]> {
  const known = new Set(await knownPools(env));
  const asked = poolsNamedBy(routes)
    .filter(isId)
    .slice(0, MOST_ASKED)
    .map(async (pool) => {
      const { configured } = await askPool(env, pool, (stub) => stub.summary());
      if (configured) known.add(pool);
      else known.delete(pool);
    });
  await Promise.all(asked);
  return [...known];
}

/** The version that the writer expects, if that is said. */
async function expected({ env, request }: Pick<Call, "env" | "request">): Promise<number | undefined> {
  const { version } = await askRoutes(env, (stub) => stub.summary());
  return expectedVersion(request, version, true);
}

const routesAnswer = z.object({
  routes: z
    .unknown()
    .describe("As their author wrote them, secrets masked below the scope admin; as the PUT's body"),
  written: writtenText,
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
    async run({ env, principal }) {
      const { routes, written, version, etag, updated_at, config_error } = await readRoutes(env);
      const shown = { routes: shownDocument(routes, principal), ...shownText(written, principal) };
      return json({ ...shown, version, etag, updated_at, config_error }, { headers: { etag } });
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
    async run(call) {
      const { env, raw, text } = call;
      const options = writeOptions(call, "put the routes", await expected(call));
      const pools = await poolsFor(env, raw);
      return writeAnswer(null, await askRoutes(env, (stub) => stub.putConfig(text, { ...options, pools })));
    },
  }),
  ...versionEndpoints({
    path: "/routes",
    summaries: {
      events: "What happened to the routes, newest first; the last 1,000 are kept",
      versions: "Routes that were in force, newest first; the last 100 are kept",
      rollback:
        "Puts an earlier version's routes in force, as a new version. Every pool they name must exist",
    },
    problems: [],
    eventForm: eventSchema.omit({ pool: true, origin: true }),
    writeForm: routesWriteSchema,
    ask: ({ env }, question) => askRoutes(env, question),
    async find() {},
    expected,
    further: async ({ env }, document) => ({ pools: await poolsFor(env, JSON.parse(document)) }),
    answer: (_call, result) => writeAnswer(null, result),
    shownEvent: ({ pool: _, ...event }) => event,
  }),
];
