/**
 * The data path: route, pick, forward, answer. It does not use Hono, which would wrap responses again.
 * @module
 */
import { resolveUrl } from "../config/request-path.ts";
import type { FixedAnswer } from "../config/route-tools.ts";
import type { CompiledRoute, RouteTable } from "../config/routing.ts";
import type { Env } from "../platform/env.ts";
import { clientResponse, isLoop } from "./forward/headers.ts";
import { type Served, serveByPools } from "./forward/pool-failover.ts";
import type { Forwarded } from "./forward/pool-visit.ts";
import { ClientLeft, RequestContext } from "./forward/request-context.ts";
import { CLIENT_CLOSED_STATUS } from "./log/access-log.ts";
import { describeRequest } from "./model/edge-request.ts";
import type { OutcomeBuffer } from "./model/outcome-buffer.ts";
import type { Background, Surroundings } from "./model/surroundings.ts";
import { withCookie } from "./response/cookie-response.ts";
import { PROBLEMS, type ProblemType, problem } from "./response/problem.ts";
import { type AnswerEnd, isRebuildable, trackedResponse } from "./response/tracked-response.ts";
import { IsolateState } from "./sync/isolate.ts";
import { RoutesUnavailable } from "./sync/route-cache.ts";
import { RequestTools } from "./tools/request-tools.ts";
import { WorkerSurroundings } from "./worker-surroundings.ts";

/** Made by the first request: before it there is no environment, and no randomness. */
let isolateState: IsolateState | null = null;

/** Seconds that a client is told to wait if no origin is available: about one health-check round. */
const RETRY_AFTER_S = 5;
const COMES_BACK: ReadonlySet<ProblemType> = new Set(["no_origin_available", "config_unavailable"]);

/** @param url the request's, in its one form (config/request-path.ts) */
export function proxy(
  request: Request,
  env: Env,
  ctx: ExecutionContext,
  url = resolveUrl(request.url),
): Promise<Response> {
  isolateState ??= new IsolateState(new WorkerSurroundings(env));
  return serve(request, isolateState, ctx, url);
}

/** One request through an isolate. @param url as for `proxy` */
export async function serve(
  request: Request,
  isolate: IsolateState,
  background: Background,
  url = resolveUrl(request.url),
): Promise<Response> {
  const { settings, now } = isolate.surroundings;
  const context = new RequestContext(describeRequest(request, settings, now(), url), background, isolate);
  const watch: { context: RequestContext | null } = { context };
  // While nothing is in `waitUntil`, the only thing that still runs for a client that left: not even `finally` does
  // (docs/platform.md, client disconnect).
  request.signal.onabort = () => watch.context?.leave();
  let response: Response;
  try {
    const { routes } = isolate;
    const routed =
      refusedAtOnce(context) ?? route(context, routes.peek(background) ?? (await routes.load(background)));
    response =
      routed instanceof Response ? routed : answer(context, await serveByPools(context, isolate, routed));
  } catch (error) {
    response = failed(context, error);
  }
  // From here on the reader of the answer keeps count. The handler must drop its reference to the request, which refers
  // back to it: a circle through the runtime is garbage that only the major collector finds.
  watch.context = null;
  context.body.release();
  context.log.answered(response.status);
  context.report();
  return response;
}

function refusedAtOnce(context: RequestContext): Response | null {
  const { edge, surroundings } = context;
  if (isLoop(edge.headers.via, surroundings.balancerName)) return refuse(context, "loop");
  return edge.upgrade === "none" || edge.upgrade === "websocket" ? null : refuse(context, edge.upgrade);
}

function failed(context: RequestContext, error: unknown): Response {
  context.close();
  if (error instanceof ClientLeft) return new Response(null, { status: CLIENT_CLOSED_STATUS });
  if (error instanceof RoutesUnavailable) return refuse(context, "config_unavailable");
  context.surroundings.log({ event: "internal_error", request_id: context.edge.id, error: String(error) });
  return refuse(context, "internal");
}

/** The route that serves the request, or the answer if there is none, or if it answers by itself. */
function route(context: RequestContext, routes: RouteTable): CompiledRoute | Response {
  const { edge } = context;
  context.checkPresence();
  const matched = routes.match(edge.host, edge.path, context);
  if (matched === null) return refuse(context, "no_route");
  context.log.routed(matched.label);
  if (matched.tools === null) return matched;
  context.tools = new RequestTools(matched.tools, context);
  const { answer } = matched.tools;
  return answer === null ? matched : answerHere(context, context.tools, answer);
}

function answerHere({ log }: RequestContext, tools: RequestTools, answer: FixedAnswer): Response {
  log.answeredHere();
  return tools.respond(answer);
}

function answer(context: RequestContext, served: Served): Response {
  const { edge, background, surroundings } = context;
  const { forwarded } = served;
  const answer = forwarded?.exchange.answer.current ?? null;
  if (forwarded === null || answer === null) {
    return refuse(context, served.problem, served.retryAfterMs);
  }
  const { exchange, sync, pool } = forwarded;
  const { activePool } = exchange;
  const countsSocket = edge.upgrade === "websocket" && activePool.countsSockets;
  const tracked = trackedResponse(answer, countsSocket, edge.request.signal, (end) => {
    const facts = { request_id: edge.id, pool: pool.id, origin: answer.inFlight.server.id };
    background.waitUntil(sync.trackLongResponse(tellBreak(end, pool.outcomes, surroundings, facts)));
  });
  const passedOn = routeResponse(
    context,
    forwarded,
    isRebuildable(tracked) ? clientResponse(tracked) : tracked,
  );
  // A failed answer binds no client to its origin.
  const server = exchange.isAnsweredWell ? exchange.server : null;
  const setCookie = server === null ? null : activePool.cookies?.setCookie(edge, server, served.movesSession);
  const response = setCookie == null ? passedOn : withCookie(passedOn, setCookie);
  exchange.answer.handOver();
  return response;
}

/**
 * Counts and logs an answer that its origin breaks off. A function of its own: what is kept until the answer's end must not
 * lead to the request.
 */
async function tellBreak(
  end: Promise<AnswerEnd>,
  outcomes: OutcomeBuffer,
  surroundings: Surroundings,
  facts: Readonly<Record<"request_id" | "pool" | "origin", string>>,
): Promise<void> {
  if ((await end) !== "broken_off") return;
  outcomes.brokenOff(facts.origin);
  surroundings.log({ event: "answer_broken_off", ...facts });
}

/** Before our cookie is set, which no rule of a route takes away. */
function routeResponse(
  { tools }: RequestContext,
  { pool, exchange }: Forwarded,
  response: Response,
): Response {
  if (tools === null) return response;
  const { server } = exchange;
  return tools.finish(response, server === null ? null : { pool: pool.id, server });
}

function secondsToWait(type: ProblemType, limitedMs: number | null): number | undefined {
  if (type === "rate_limited" && limitedMs !== null) return limitedMs / 1_000;
  return COMES_BACK.has(type) ? RETRY_AFTER_S : undefined;
}

/** @param limitedMs how long a rate limit lets nothing through, if that is why; else null */
function refuse(
  { edge, log, tools }: RequestContext,
  type: ProblemType,
  limitedMs: number | null = null,
): Response {
  log.refuse(type);
  const retryAfterS = secondsToWait(type, limitedMs);
  if (tools === null) return problem(type, edge.id, retryAfterS);
  const own = PROBLEMS[type].status === 503 ? tools.unavailable(retryAfterS) : null;
  return own ?? tools.finish(problem(type, edge.id, retryAfterS), null);
}
