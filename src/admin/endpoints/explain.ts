/**
 * Explains which origin a request would go to, and why.
 * @module
 */
import { parseRoutes } from "../../config/parse.ts";
import { rewritePath } from "../../config/rewrite.ts";
import {
  type CompiledRoute,
  compileRoutes,
  explainSplit,
  firstPool,
  passedRoutes,
} from "../../config/routing.ts";
import type { RouteConfig } from "../../config/schema.ts";
import { isSteered } from "../../config/steer.ts";
import type { ExplainAnswer, ExplainedPool, ExplainedRoute } from "../../contract/explain-answer.ts";
import type {
  PassedRoute,
  PoolExplanation,
  SampleRequest,
  SteeringExplanation,
} from "../../contract/explanation.ts";
import { NO_POOL_STATUS, UNKNOWN_POOL_STATUS } from "../../contract/pool-status.ts";
import type { Env } from "../../platform/env.ts";
import { type Endpoint, endpoint, json } from "../http/endpoint.ts";
import { explainAnswerSchema } from "../http/explanation-schema.ts";
import { shownDocument } from "../http/masking.ts";
import { askPool } from "../http/pool-client.ts";
import type { Principal } from "../http/tokens.ts";
import { type ExplainedRequest, explainedRequest, explainedSchema } from "./explained-request.ts";
import { readRoutes } from "./routes.ts";
import { type KnownPool, steeringOf } from "./steering-explanation.ts";

const NO_ROUTE = { status: 404, type: "no_route" };
const NO_ORIGIN = { status: 503, type: "no_origin_available" };
/** The parts of the answer that tell of a pool, where the request goes to none. */
const NO_POOL = { pool: null, candidates: [], pick: null };

interface Routing {
  matched: CompiledRoute | null;
  routes: readonly RouteConfig[];
  passed: PassedRoute[];
}

async function match(env: Env, { host, facts, asked }: ExplainedRequest): Promise<Routing> {
  const { routes, implicit_pool } = await readRoutes(env);
  const parsed = parseRoutes(routes);
  const good = parsed.ok ? parsed.value : [];
  const table = compileRoutes(good, implicit_pool);
  const passed = passedRoutes(good, host, facts.path, asked);
  return { matched: table.match(host, facts.path, asked), routes: good, passed };
}

function routeOf(
  matched: CompiledRoute,
  routes: readonly RouteConfig[],
  { path, client_ip }: SampleRequest,
  principal: Principal,
): ExplainedRoute {
  const { index, fallbackPool, tools } = matched;
  return {
    index,
    route: shownDocument(routes[index] ?? null, principal),
    fallback_pool: fallbackPool,
    split: explainSplit(matched, client_ip),
    matched_where: shownDocument(routes[index]?.where ?? null, principal, "where"),
    sent_path: tools === null || tools.rewrite === null ? null : rewritePath(tools.rewrite, path),
  };
}

/** Null: the route has one pool. Each pool's object tells of it. */
async function explainSteering(
  env: Env,
  route: CompiledRoute,
  { facts, client }: ExplainedRequest,
): Promise<SteeringExplanation | null> {
  if (!isSteered(route)) return null;
  const asked = route.steering.pools.map(async ({ pool }): Promise<[string, KnownPool]> => {
    return [pool, await knownPool(env, pool)];
  });
  const cookie = facts.headers.cookie ?? null;
  const asking = { ip: facts.client_ip, place: client, cookie, nowMs: Date.now() };
  return steeringOf(route, new Map(await Promise.all(asked)), asking);
}

async function knownPool(env: Env, pool: string): Promise<KnownPool> {
  const { configured, status, sticky, location } = await askPool(env, pool, (stub) => stub.summary());
  if (!configured) return { status: NO_POOL_STATUS, sticky: undefined };
  if (status !== null) return { status, sticky };
  // A pool that does not know yet that it is one of several. As at the edge, its location is known all the same.
  return { status: { ...UNKNOWN_POOL_STATUS, ...(location === null ? {} : { location }) }, sticky };
}

/** The pools that the request goes to, in turn: the first always, the others while none before can serve it. */
function poolsInTurn(matched: CompiledRoute, steering: SteeringExplanation | null): string[] {
  if (steering !== null) return [steering.chosen, ...steering.after];
  const first = firstPool(matched);
  const { fallbackPool } = matched;
  return fallbackPool === null || fallbackPool === first ? [first] : [first, fallbackPool];
}

/**
 * Up to the one that serves the request. Most are served by the first; only if not, the others are asked, all at once:
 * at most 20, as a route has 20 pools and a fallback.
 */
async function explainPools(
  env: Env,
  [pool = "", ...others]: readonly string[],
  facts: SampleRequest,
): Promise<[first: ExplainedPool, ...further: ExplainedPool[]]> {
  const explain = async (each: string) => shown(await askPool(env, each, (stub) => stub.explain(facts)));
  const first = await explain(pool);
  if (first.pick !== null) return [first];
  const further = await Promise.all(others.map(explain));
  const served = further.findIndex(({ pick }) => pick !== null);
  return [first, ...(served < 0 ? further : further.slice(0, served + 1))];
}

function shown({ candidates, ...rest }: PoolExplanation): ExplainedPool {
  return {
    ...rest,
    candidates: candidates.map(({ exclusion_reason, ...candidate }) => ({
      ...candidate,
      kept: exclusion_reason === null,
      reason: exclusion_reason ?? "eligible",
    })),
  };
}

async function explain(env: Env, explained: ExplainedRequest, principal: Principal): Promise<ExplainAnswer> {
  const { facts, client } = explained;
  const { matched, routes, passed } = await match(env, explained);
  if (matched === null) return { route: null, passed, client, ...NO_POOL, answer: NO_ROUTE };
  const route = routeOf(matched, routes, facts, principal);
  const fixed = matched.tools?.answer ?? null;
  if (fixed !== null) {
    const answer = { status: fixed.status, type: "answered_here" };
    return { route, passed, client, ...NO_POOL, answer };
  }
  const steering = await explainSteering(env, matched, explained);
  const [first, ...further] = await explainPools(env, poolsInTurn(matched, steering), facts);
  const last = further.at(-1) ?? first;
  const answer = last.pick === null ? NO_ORIGIN : null;
  return { route, passed, client, steering, ...first, further, fallback: further[0] ?? null, answer };
}

export const EXPLAIN_ENDPOINTS: readonly Endpoint[] = [
  endpoint({
    method: "post",
    path: "/explain",
    scope: "read",
    summary:
      "Route, pool, every origin with the reason it is kept or left out, and the pick. As the pool's object sees it; changes nothing",
    body: explainedSchema,
    answer: explainAnswerSchema,
    async run({ env, body, principal }) {
      return json(await explain(env, explainedRequest(body), principal));
    },
  }),
];
