/**
 * The admin API under `/_lb`: authentication, checks of requests, and the endpoints.
 * @module
 */
import type { Context } from "hono";
import { Hono } from "hono/tiny";
import type { BlankSchema } from "hono/types";
import type { Env } from "../platform/env.ts";
import { logLine } from "../platform/log.ts";
import { assetResponse } from "./auth/assets.ts";
import { Authenticator, isOpen } from "./auth/auth.ts";
import type { FetchKeys } from "./auth/cloudflare-access.ts";
import { showPage, signIn, signOut } from "./auth/sign-in.ts";
import { isAdminHost, keepToHttps, leadToHttps } from "./auth/transport.ts";
import { ENDPOINTS } from "./endpoints/all.ts";
import { checked, readJson } from "./http/body.ts";
import { type Call, type Endpoint, queryOf } from "./http/endpoint.ts";
import { Problem, problemResponse } from "./http/problems.ts";
import { readQuery } from "./http/query.ts";
import { needScope, type Principal } from "./http/tokens.ts";

type AdminApp = Hono<Bindings, BlankSchema, "/_lb">;
type Bindings = { Bindings: Env; Variables: { requestId: string; principal: Principal } };

export interface AdminOptions {
  /** Fetches Cloudflare Access's keys. */
  fetchKeys?: FetchKeys;
}

export function createAdmin(options: AdminOptions = {}): AdminApp {
  const authenticator = new Authenticator(options.fetchKeys ?? ((url, init) => fetch(url, init)));
  const app = new Hono<Bindings>({ strict: false }).basePath("/_lb");
  app.use("*", async (context, next) => {
    context.set("requestId", context.req.header("cf-ray") ?? crypto.randomUUID());
    const { env, req } = context;
    if (!isOpen(env) || !isAdminHost(req.raw, env)) throw new Problem("no_route");
    const elsewhere = leadToHttps(req.raw);
    if (elsewhere !== null) return elsewhere;
    await next();
    keepToHttps(req.raw, context.res);
  });
  // Before the guard, so that a user who has not signed in yet finds the form.
  app.get("/", ({ req, env }) => showPage(req.raw, env, authenticator));
  app.get("/assets/:name", ({ req }) => assetResponse(req.param("name")));
  // The page that a reload after a wrong token leads to.
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
  const { body, bodyOptional, bodyUnchecked, scope } = wanted;
  const principal = context.get("principal");
  needScope(principal, scope);
  const request = context.req.raw;
  const { message, ...query } = readQuery(queryOf(wanted), request.url);
  let raw: unknown;
  let text = "";
  if (body !== undefined) {
    ({ value: raw, text } = await readJson(request));
    if (raw === undefined && bodyOptional === true) raw = {};
    if (raw === undefined) throw new Problem("bad_request", { detail: "A JSON body is needed." });
  }
  const call: Call = {
    env: context.env,
    request,
    principal,
    params: context.req.param(),
    message: typeof message === "string" ? message : null,
    query,
    body: body === undefined || bodyUnchecked === true ? raw : checked(body, raw),
    raw,
    text,
  };
  return await wanted.run(call);
}
