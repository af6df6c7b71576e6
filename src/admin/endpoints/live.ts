/**
 * The present state of the pools, for the dashboard and for scripts. Forms: contract/live.ts.
 * @module
 */
import * as z from "zod";
import { LIVE_WINDOW_S, type LiveOptions, type LivePool } from "../../contract/live.ts";
import type { Env } from "../../platform/env.ts";
import { knownPools } from "../../platform/object-client.ts";
import { wholeNumber } from "../http/body.ts";
import { type Endpoint, endpoint, json } from "../http/endpoint.ts";
import { clientsSchema, livePoolSchema } from "../http/live-schemas.ts";
import { askPool, noSuchPool } from "../http/pool-client.ts";
import { Problem } from "../http/problems.ts";
import { clientFigures, figuresOf, unroutedWindow } from "./clients.ts";

const unavailableSchema = z.object({
  pool: z.string(),
  error: z.string().describe("The pool's object could not be asked"),
});

/** @throws Problem if the object is out of reach */
async function ask(env: Env, pool: string, options: LiveOptions): Promise<LivePool> {
  return await askPool(env, pool, (stub) => stub.live(options));
}

/** One object that does not answer must not hide the others. */
async function askOrSay(env: Env, pool: string, options: LiveOptions) {
  try {
    return await ask(env, pool, options);
  } catch (error) {
    if (error instanceof Problem) return { pool, error: error.message };
    throw error;
  }
}

function withFigures({ clients, ...live }: LivePool) {
  return { ...live, clients: figuresOf(clients ?? null) };
}

const NAME_RULE = "must have at least one character";

export const LIVE_ENDPOINTS: readonly Endpoint[] = [
  endpoint({
    method: "get",
    path: "/live",
    scope: "read",
    summary: "Every pool, or one, as it is now: state, traffic, origins, newest events",
    query: z.object({
      pool: z.string().min(1, NAME_RULE).optional().describe("Only this one"),
      origin: z.string().min(1, NAME_RULE).optional().describe("One that is told of in any case"),
      origins: wholeNumber(0, 5_000).default(100).describe("Most origins of each pool"),
      events: wholeNumber(0, 1_000).default(20).describe("Most events of each pool"),
    }),
    answer: z.object({
      at: z.number(),
      clients: clientsSchema
        .nullable()
        .optional()
        .describe("What clients got, of all pools; not with `pool`"),
      unrouted: clientsSchema.nullable().optional().describe("The same of requests that no pool handled"),
      pools: z.array(z.union([livePoolSchema, unavailableSchema])),
    }),
    problems: ["not_found"],
    async run({ env, query: { pool, ...options } }) {
      if (pool !== undefined) {
        const live = await ask(env, pool, options);
        if (!live.configured && live.config_error === null) throw noSuchPool(pool);
        return json({ at: Date.now(), pools: [withFigures(live)] });
      }
      const ids = await knownPools(env);
      const [unrouted, ...pools] = await Promise.all([
        unroutedWindow(env, LIVE_WINDOW_S),
        ...ids.map((id) => askOrSay(env, id, options)),
      ]);
      const windows = pools.map((live) => ("error" in live ? null : (live.clients ?? null)));
      return json({
        at: Date.now(),
        clients: clientFigures([unrouted, ...windows].filter((window) => window !== null)),
        unrouted: figuresOf(unrouted),
        pools: pools.map((live) => ("error" in live ? live : withFigures(live))),
      });
    },
  }),
];
