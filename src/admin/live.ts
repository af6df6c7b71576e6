/**
 * The pools at this moment, for the dashboard and for who scripts against it. Forms: contract/live.ts.
 * @module
 */
import * as z from "zod";
import type { LiveOptions } from "../contract/live.ts";
import type { Env } from "../platform/env.ts";
import { livePoolSchema } from "./answers.ts";
import { type Endpoint, endpoint, json } from "./endpoint.ts";
import { askPool, noSuchPool } from "./pool-client.ts";
import { listPools } from "./pools.ts";
import { Problem } from "./problems.ts";

const unavailableSchema = z.object({
  pool: z.string(),
  error: z.string().describe("The pool's object could not be asked"),
});

/** @throws Problem if the object is too old for this, or out of reach */
async function ask(env: Env, pool: string, options: LiveOptions) {
  const live = await askPool(env, pool, async (stub) => await stub.live?.(options));
  if (live === undefined) throw new Problem("not_implemented");
  return live;
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

export const LIVE_ENDPOINTS: readonly Endpoint[] = [
  endpoint({
    method: "get",
    path: "/live",
    scope: "read",
    summary: "Every pool, or one, as it is now: state, traffic, origins, newest events",
    query: z.object({
      pool: z.string().optional().describe("Only this one"),
      origin: z.string().optional().describe("One that is told of in any case"),
      origins: z.coerce.number().int().min(0).max(5_000).default(100).describe("Most origins of each pool"),
      events: z.coerce.number().int().min(0).max(1_000).default(20).describe("Most events of each pool"),
    }),
    answer: z.object({ at: z.number(), pools: z.array(z.union([livePoolSchema, unavailableSchema])) }),
    problems: ["not_found", "not_implemented"],
    async run({ env, query: { pool, ...options } }) {
      if (pool !== undefined) {
        const live = await ask(env, pool, options);
        if (!live.configured && live.config_error === null) throw noSuchPool(pool);
        return json({ at: Date.now(), pools: [live] });
      }
      const ids = await listPools(env);
      const pools = await Promise.all(ids.map((id) => askOrSay(env, id, options)));
      return json({ at: Date.now(), pools });
    },
  }),
];
