/**
 * The data path: route, pick, forward, answer. Stays outside Hono, whose re-wrapping of responses is not wanted here.
 * @module
 */
import { choosePool } from "../config/routing.ts";
import type { UnservedReason } from "../contract/sync.ts";
import type { Env } from "../platform/env.ts";
import { logLine } from "../platform/log.ts";
import { type ProblemType, problem } from "./answers.ts";
import { withCookie } from "./cookie-response.ts";
import { countedResponse } from "./counted-response.ts";
import type { PoolView } from "./edge-pool.ts";
import { describeRequest, type EdgeRequest } from "./edge-request.ts";
import { Exchange } from "./exchange.ts";
import { clientResponse, forwardHeaders, isLoop } from "./headers.ts";
import { Isolate } from "./isolate.ts";
import { Picker } from "./picker.ts";
import type { PoolSync } from "./pool-sync.ts";
import { RequestLog } from "./request-log.ts";

const isolate = new Isolate();

/** Name of this balancer if the binding LB_NAME is absent. */
const DEFAULT_NAME = "edge-balancer";
/** What a client is told to wait when no origin is available: about one health-check round. */
const RETRY_AFTER_S = 5;

/** One request and everything it is served with. */
interface Visit {
  readonly edge: EdgeRequest;
  readonly log: RequestLog;
  readonly env: Env;
  readonly ctx: ExecutionContext;
  /** The pool that serves it now; null before the first. */
  serving: { readonly exchange: Exchange; readonly sync: PoolSync } | null;
}

/** What became of a request in a pool. */
interface Forwarded {
  readonly exchange: Exchange;
  readonly view: PoolView;
  readonly sync: PoolSync;
}

export async function proxy(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
  const edge = describeRequest(request, env, Date.now());
  const visit: Visit = { edge, env, ctx, log: new RequestLog(edge, env), serving: null };
  const watch: { visit: Visit | null } = { visit };
  // The only thing that still runs for a client that left: not even `finally` does (PLATFORM: client disconnect).
  request.signal.onabort = () => {
    if (watch.visit !== null) clientLeft(watch.visit);
  };
  const response = await respond(visit);
  // From here on who reads the answer keeps count. The handler must let go of the request, which holds it: a circle
  // through the runtime is garbage that only the major collector finds.
  watch.visit = null;
  visit.log.answered(response.status);
  return response;
}

function clientLeft({ log, serving, env, ctx }: Visit): void {
  log.clientLeft();
  serving?.exchange.clientLeft();
  serving?.sync.promise(env, ctx);
}

async function respond(visit: Visit): Promise<Response> {
  const { edge, env } = visit;
  const name = env.LB_NAME ?? DEFAULT_NAME;
  if (isLoop(edge.request, name)) return refuse(visit, "loop");
  try {
    return await route(visit, name);
  } catch (error) {
    logLine({ event: "internal_error", request_id: edge.id, error: String(error) });
    return refuse(visit, "internal");
  }
}

async function route(visit: Visit, name: string): Promise<Response> {
  const { edge, env, ctx } = visit;
  const routes = isolate.routes.peek(env, ctx, edge.startedAtMs) ?? (await isolate.routes.load(env));
  const matched = routes.match(edge.host, edge.path);
  if (matched === null) return refuse(visit, "no_route");
  let forwarded = await forward(visit, choosePool(matched, edge.clientIp), name);
  if (forwarded?.exchange.server == null && matched.fallbackPool !== null) {
    forwarded = await forward(visit, matched.fallbackPool, name);
  }
  return answer(visit, forwarded);
}

/** Runs the request through a pool; null if the pool has no usable config. */
async function forward(visit: Visit, poolId: string, name: string): Promise<Forwarded | null> {
  const { edge, log, env, ctx } = visit;
  const link = isolate.pool(poolId);
  const { pool, sync } = link;
  if (sync.isStale(edge.startedAtMs)) await sync.refresh(env, ctx);
  const { view } = pool;
  if (view === null) return null;
  edge.key = view.hashKey(edge);
  const prepare = (headers: Headers): void => {
    forwardHeaders(headers, edge, name);
    view.cookies?.hide(headers);
  };
  const exchange = new Exchange(edge, pool, view, prepare, new Picker(edge, link, view, env, ctx));
  log.enter(poolId, view.config, exchange);
  visit.serving = { exchange, sync };
  // Before the origin answers, which may take long: until then it is in flight there, and drains wait for it.
  sync.promise(env, ctx);
  await exchange.run();
  if (exchange.unserved !== null) pool.ledger.unserved(exchange.unserved);
  if (sync.isDue(Date.now())) sync.start(env, ctx);
  else sync.promise(env, ctx);
  return { exchange, view, sync };
}

function answer(visit: Visit, forwarded: Forwarded | null): Response {
  const { response, hold, server, outcome, unserved, retryAfterMs } = forwarded?.exchange ?? NOT_FORWARDED;
  if (forwarded === null || response === null || hold === null) {
    return refuse(visit, unserved ?? "origin_failed", retryAfterS(unserved, retryAfterMs));
  }
  const { view, sync } = forwarded;
  const { edge, env, ctx } = visit;
  const counted = countedResponse(response, hold, view.countsSockets, (over) => {
    ctx.waitUntil(sync.accompany(over, env));
  });
  const passedOn = clientResponse(counted);
  // A failed answer binds nobody to the origin that gave it.
  const setCookie = server !== null && outcome === "success" ? view.cookies?.setCookie(edge, server) : null;
  return setCookie == null ? passedOn : withCookie(passedOn, setCookie);
}

const NOT_FORWARDED = {
  response: null,
  hold: null,
  server: null,
  outcome: null,
  unserved: "no_origin_available",
  retryAfterMs: null,
} as const;

/** What a client is told to wait; undefined: nothing. */
function retryAfterS(unserved: UnservedReason | null, retryAfterMs: number | null): number | undefined {
  if (unserved === "rate_limited" && retryAfterMs !== null) return retryAfterMs / 1_000;
  return unserved === "no_origin_available" ? RETRY_AFTER_S : undefined;
}

function refuse({ edge, log }: Visit, type: ProblemType, retryAfterS?: number): Response {
  log.refuse(type);
  return problem(type, edge.id, retryAfterS);
}
