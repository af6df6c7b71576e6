/**
 * Why a request would go where it would.
 * @module
 */
import * as z from "zod";
import { parseRoutes } from "../config/parse.ts";
import { type CompiledRoute, choosePool, compileRoutes } from "../config/routing.ts";
import type { RouteConfig } from "../config/schema.ts";
import type { PoolExplanation, RequestFacts } from "../contract/admin.ts";
import type { Env } from "../platform/env.ts";
import { explanationSchema } from "./answers.ts";
import { type Endpoint, endpoint, json } from "./endpoint.ts";
import { askPool } from "./pool-client.ts";
import { listPools } from "./pools.ts";
import { readRoutes } from "./routes.ts";

const factsSchema = z.strictObject({
  url: z.url({ protocol: /^https?$/, error: "must be a http or https URL" }),
  method: z.string().min(1).max(20).default("GET"),
  client_ip: z.string().max(64).default("").describe("Empty: unknown"),
  headers: z.record(z.string(), z.string()).default({}),
});

interface Routing {
  matched: CompiledRoute | null;
  routes: readonly RouteConfig[];
}

async function match(env: Env, url: URL): Promise<Routing> {
  const { routes } = await readRoutes(env);
  const parsed = parseRoutes(routes);
  const good = parsed.ok ? parsed.value : [];
  const table = compileRoutes(good, good.length === 0 && parsed.ok ? await listPools(env) : []);
  return { matched: table.match(url.host, url.pathname), routes: good };
}

function factsOf({ method, client_ip, headers }: z.output<typeof factsSchema>, url: URL): RequestFacts {
  return {
    method,
    path: url.pathname,
    target: url.pathname + url.search,
    client_ip,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
  };
}

function show({ candidates, ...rest }: PoolExplanation): z.output<typeof explanationSchema> {
  return {
    ...rest,
    candidates: candidates.map(({ left_out, ...candidate }) => ({
      ...candidate,
      kept: left_out === null,
      reason: left_out ?? "eligible",
    })),
  };
}

const routeSchema = z.object({
  index: z
    .number()
    .describe("Position in the routes; -1: there are none, and the only pool takes everything"),
  route: z.unknown().nullable(),
  fallback_pool: z.string().nullable(),
});

export const EXPLAIN_ENDPOINTS: readonly Endpoint[] = [
  endpoint({
    method: "post",
    path: "/explain",
    scope: "read",
    summary:
      "Route, pool, every origin with the reason it is kept or left out, and the pick. As the pool's object sees it; changes nothing",
    body: factsSchema,
    answer: z.union([
      explanationSchema.extend({ route: routeSchema, fallback: explanationSchema.nullable() }),
      z.object({ route: z.null(), pool: z.null(), candidates: z.array(z.never()), pick: z.null() }),
    ]),
    async run({ env, body }) {
      const url = new URL(body.url);
      const { matched, routes } = await match(env, url);
      if (matched === null) return json({ route: null, pool: null, candidates: [], pick: null });
      const facts = factsOf(body, url);
      const { index, fallbackPool } = matched;
      const explain = (pool: string) => askPool(env, pool, (stub) => stub.explain(facts));
      const first = await explain(choosePool(matched, facts.client_ip));
      const second = first.pick === null && fallbackPool !== null ? await explain(fallbackPool) : null;
      return json({
        route: { index, route: routes[index] ?? null, fallback_pool: fallbackPool },
        ...show(first),
        fallback: second && show(second),
      });
    },
  }),
];
