/**
 * The way in for people: the page, signing in and out. Everything else asks the same authenticator.
 * @module
 */
import type { Env } from "../../platform/env.ts";
import { readBody } from "../http/body.ts";
import { PROBLEMS, Problem } from "../http/problems.ts";
import type { Authenticator } from "./auth.ts";
import { isCrossSite } from "./csrf.ts";
import { accessRetryPage, dashboardPage, signInPage } from "./page.ts";
import { endSession } from "./session.ts";

const MOST_FORM_BYTES = 10_000;
const FORGED = "This form was sent by another site. Please use this one.";

/** The page. */
export async function showPage(request: Request, env: Env, authenticator: Authenticator): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  if (pathname === "/_lb") return seeOther(`/_lb/${search}`, {}, 308);
  try {
    const principal = await authenticator.identify(request, env);
    if (principal !== null) {
      const { name, scope, via } = principal;
      return dashboardPage(request, { name, scope, via: via === "access" ? "access" : "session" });
    }
    return isCrossSite(request) ? accessRetryPage(request) : signInPage(request, null);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return refused(request, error);
  }
}

/**
 * A form of the page without a script: answers with a page. From the script: with a status. The site of the form is
 * checked first: a form of another site is not even read.
 */
export async function signIn(request: Request, env: Env, authenticator: Authenticator): Promise<Response> {
  const isScript = request.headers.get("accept") === "application/json";
  try {
    if (isCrossSite(request)) throw new Problem("forbidden", { detail: FORGED });
    const token = new URLSearchParams(await readBody(request, MOST_FORM_BYTES)).get("token") ?? "";
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
  if (isCrossSite(request)) throw new Problem("forbidden");
  return seeOther("/_lb/", { "set-cookie": endSession(request) });
}

/** The form with an error message. */
function refused(request: Request, problem: Problem): Response {
  const { retryAfterS } = problem.details;
  return signInPage(request, failureText(problem), {
    status: PROBLEMS[problem.type].status,
    ...(retryAfterS === undefined ? {} : { headers: { "retry-after": String(retryAfterS) } }),
  });
}

function failureText({ type, message, details: { retryAfterS } }: Problem): string {
  switch (type) {
    case "too_many_attempts":
      return `Too many wrong tokens from your address. Try again in ${retryAfterS} s.`;
    case "unauthorized":
      return "This token is not known here, or not any more.";
    case "access_unavailable":
      return "Cloudflare Access's keys cannot be fetched. Try again soon, or sign in with a token.";
    default:
      return message;
  }
}

function seeOther(location: string, headers: Record<string, string>, status = 303): Response {
  return new Response(null, { status, headers: { location, "cache-control": "no-store", ...headers } });
}
