/**
 * A pool's traffic: now, and over the last hour and day. Forms: contract/stats.ts.
 * @module
 */
import * as z from "zod";
import type { PoolAdminRpc } from "../../contract/admin.ts";
import type { Env } from "../../platform/env.ts";
import { wholeNumber } from "../http/body.ts";
import { type Endpoint, endpoint, json } from "../http/endpoint.ts";
import { askPool, fetchSummary } from "../http/pool-client.ts";

/** @throws Problem if there is no such pool */
async function ask<T>(env: Env, pool: string, call: (stub: PoolAdminRpc) => Promise<T>): Promise<Response> {
  await fetchSummary(env, pool);
  return json(await askPool(env, pool, call));
}

const counts = {
  requests: z.number(),
  errors: z.number(),
  retries: z.number(),
  rate_limited: z.number(),
  answers_broken_off: z.number().optional().describe("Answers that the origin broke off after their headers"),
};
const quantiles = { p50: z.number().nullable(), p90: z.number().nullable(), p99: z.number().nullable() };
const traffic = { ...counts, ...quantiles, error_rate: z.number(), active_connections: z.number() };

export const STATS_ENDPOINTS: readonly Endpoint[] = [
  endpoint({
    method: "get",
    path: "/pools/:pool/stats",
    scope: "read",
    summary: "Requests, errors, latencies (ms) of the pool and of each origin",
    query: z.object({
      window: wholeNumber(1, 86_400).optional().describe("Only the last so many seconds"),
    }),
    answer: z.looseObject({
      pool: z.string(),
      ...traffic,
      requests_per_server: z.record(z.string(), z.number()),
      origins: z.record(z.string(), z.looseObject(traffic)),
    }),
    problems: ["not_found"],
    run: ({ env, params: { pool = "" }, query }) => ask(env, pool, (stub) => stub.stats(query.window)),
  }),
  endpoint({
    method: "get",
    path: "/pools/:pool/history",
    scope: "read",
    summary: "The last hour by 10 s, or the last day by 5 min, oldest first",
    query: z.object({
      range: z.enum(["hour", "day"], 'must be "hour" or "day"').default("hour"),
      since: wholeNumber(0, Number.MAX_SAFE_INTEGER)
        .optional()
        .describe("Only what began then or later, ms since the epoch"),
    }),
    answer: z.looseObject({
      range: z.enum(["hour", "day"]),
      step_s: z.number(),
      buckets: z.array(z.looseObject({ at: z.number(), ...counts, ...quantiles })),
    }),
    problems: ["not_found"],
    run: ({ env, params: { pool = "" }, query }) =>
      ask(env, pool, (stub) => stub.history(query.range, query.since)),
  }),
];
