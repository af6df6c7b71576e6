/**
 * The way in for people: the page, signing in and out. Everything else asks the same authenticator.
 * @module
 */
import type { Env } from "../platform/env.ts";
import type { Authenticator } from "./auth.ts";
import { readText } from "./body.ts";
import { isFromElsewhere } from "./forgery.ts";
import { dashboardPage, knockPage, signInPage } from "./page.tsx";
import { Problem } from "./problems.ts";
import { endSession } from "./session.ts";

const MOST_FORM_BYTES = 10_000;

/** The page. */
export async function showPage(request: Request, env: Env, authenticator: Authenticator): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  if (pathname === "/_lb") return seeOther(`/_lb/${search}`, {}, 308);
  const principal = await authenticator.recognize(request, env);
  if (principal !== null) {
    const { name, scope, via } = principal;
    return dashboardPage(request, { name, scope, via: via === "access" ? "access" : "session" });
  }
  return isFromElsewhere(request) ? knockPage(request) : signInPage(request, null);
}

/** A form of the page without a script: answers with a page. From the script: with a status. */
export async function signIn(request: Request, env: Env, authenticator: Authenticator): Promise<Response> {
  const token = new URLSearchParams(await readText(request, MOST_FORM_BYTES)).get("token") ?? "";
  const isScript = request.headers.get("accept") === "application/json";
  try {
    const cookie = await authenticator.signIn(token.trim(), request, env);
    if (isScript) return new Response(null, { status: 204, headers: { "set-cookie": cookie } });
    return seeOther(`/_lb/${new URL(request.url).search}`, { "set-cookie": cookie });
  } catch (error) {
    if (isScript || !(error instanceof Problem)) throw error;
    return refused(request, error);
  }
}

/** @throws Problem if another site wants it */
export function signOut(request: Request): Response {
  if (isFromElsewhere(request)) throw new Problem("forbidden");
  return seeOther("/_lb/", { "set-cookie": endSession(request) });
}

function refused(request: Request, { type, details: { retryAfterS } }: Problem): Response {
  if (type === "too_many_attempts") {
    const failure = `Too many wrong tokens from your address. Try again in ${retryAfterS} s.`;
    return signInPage(request, failure, { status: 429, headers: { "retry-after": String(retryAfterS) } });
  }
  if (type === "unauthorized") {
    return signInPage(request, "This token is not known here, or not any more.", { status: 401 });
  }
  return signInPage(request, "This form was sent by another site. Please use this one.", { status: 403 });
}

function seeOther(location: string, headers: Record<string, string>, status = 303): Response {
  return new Response(null, { status, headers: { location, "cache-control": "no-store", ...headers } });
}
