/**
 * The admin API under `/_lb`: authentication, checks of what comes in, and the endpoints.
 * @module
 */
import { type Context, Hono } from "hono";
import type { BlankSchema } from "hono/types";
import * as z from "zod";
import type { Env } from "../platform/env.ts";
import { logLine } from "../platform/log.ts";
import type { FetchKeys } from "./access.ts";
import { assetResponse } from "./assets.ts";
import { Authenticator, isOpen } from "./auth.ts";
import { checked, readJson } from "./body.ts";
import { CHECK_ENDPOINTS } from "./check.ts";
import { showPage, signIn, signOut } from "./door.ts";
import { type Call, type Endpoint, endpoint, json } from "./endpoint.ts";
import { EXPLAIN_ENDPOINTS } from "./explain.ts";
import { HISTORY_ENDPOINTS } from "./history.ts";
import { LIVE_ENDPOINTS } from "./live.ts";
import { METRICS_ENDPOINTS } from "./metrics.ts";
import { openApiDocument } from "./openapi.ts";
import { ORIGIN_ENDPOINTS } from "./origins.ts";
import { POOL_ENDPOINTS } from "./pools.ts";
import { PREVIEW_ENDPOINTS } from "./preview.ts";
import { Problem, problemResponse } from "./problems.ts";
import { ROUTE_ENDPOINTS } from "./routes.ts";
import { STATS_ENDPOINTS } from "./stats.ts";
import { allows, type Principal } from "./tokens.ts";

type AdminApp = Hono<Bindings, BlankSchema, "/_lb">;
type Bindings = { Bindings: Env; Variables: { requestId: string; principal: Principal } };

/** Everything below `/_lb` but the page. */
export const ENDPOINTS: readonly Endpoint[] = [
  ...POOL_ENDPOINTS,
  ...ORIGIN_ENDPOINTS,
  ...HISTORY_ENDPOINTS,
  ...STATS_ENDPOINTS,
  ...LIVE_ENDPOINTS,
  ...CHECK_ENDPOINTS,
  ...ROUTE_ENDPOINTS,
  ...PREVIEW_ENDPOINTS,
  ...EXPLAIN_ENDPOINTS,
  ...METRICS_ENDPOINTS,
  endpoint({
    method: "get",
    path: "/openapi.json",
    scope: "read",
    summary: "This document",
    answer: z.looseObject({ openapi: z.string() }),
    run: () => json(openApiDocument(ENDPOINTS)),
  }),
];

export interface AdminOptions {
  /** Fetches Cloudflare Access's keys. */
  fetchKeys?: FetchKeys;
}

export function createAdmin(options: AdminOptions = {}): AdminApp {
  const authenticator = new Authenticator(options.fetchKeys ?? ((url, init) => fetch(url, init)));
  const app = new Hono<Bindings>({ strict: false }).basePath("/_lb");
  app.use("*", async (context, next) => {
    context.set("requestId", context.req.header("cf-ray") ?? crypto.randomUUID());
    if (!isOpen(context.env)) throw new Problem("no_route");
    await next();
  });
  // Before the guard: whoever has not signed in yet finds where to.
  app.get("/", ({ req, env }) => showPage(req.raw, env, authenticator));
  app.get("/assets/:name", ({ req }) => assetResponse(req.param("name")));
  // Where a reload after a wrong token leads.
  app.get("/login", ({ redirect }) => redirect("/_lb/", 303));
  app.post("/login", ({ req, env }) => signIn(req.raw, env, authenticator));
  app.post("/logout", ({ req }) => signOut(req.raw));
  app.use("*", async (context, next) => {
    context.set("principal", await authenticator.authenticate(context.req.raw, context.env));
    await next();
  });
  for (const each of ENDPOINTS) app.on(each.method, each.path, (context) => answer(each, context));
  refuseOtherMethods(app);
  app.notFound((context) => problemResponse(new Problem("not_found"), context.get("requestId") ?? ""));
  app.onError((error, context) => {
    const id = context.get("requestId");
    if (error instanceof Problem) return problemResponse(error, id);
    logLine({ event: "admin_failed", request_id: id, error: String(error) });
    return problemResponse(new Problem("internal"), id);
  });
  return app;
}

function refuseOtherMethods(app: AdminApp): void {
  for (const path of new Set(ENDPOINTS.map((each) => each.path))) {
    const methods = ENDPOINTS.filter((each) => each.path === path).map(({ method }) => method.toUpperCase());
    app.all(path, () => {
      throw new Problem("method_not_allowed", { headers: { allow: methods.join(", ") } });
    });
  }
}

async function answer(wanted: Endpoint, context: Context<Bindings>): Promise<Response> {
  const { body, bodyOptional, bodyUnchecked, query, scope } = wanted;
  const principal = context.get("principal");
  if (!allows(principal.scope, scope)) {
    throw new Problem("forbidden", { detail: `This needs the scope "${scope}".` });
  }
  const request = context.req.raw;
  let raw: unknown;
  if (body !== undefined) {
    raw = await readJson(request);
    if (raw === undefined && bodyOptional === true) raw = {};
    if (raw === undefined) throw new Problem("bad_request", { detail: "A JSON body is needed." });
  }
  const call: Call = {
    env: context.env,
    request,
    principal,
    params: context.req.param(),
    query: query === undefined ? {} : checked(query, context.req.query()),
    body: body === undefined || bodyUnchecked === true ? raw : checked(body, raw),
    raw,
  };
  return await wanted.run(call);
}
