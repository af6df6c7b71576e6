/**
 * Sessions of the dashboard. The cookie says which token signed in and until when, sealed with a key made of that
 * token: nothing is stored here, the token is not in the cookie, and a token that is changed or taken away ends its
 * sessions with it. What a session may do is looked up at each request.
 * @module
 */
import { parseJson } from "../config/json.ts";
import { cookieValues } from "../core/cookie-header.ts";
import { base64Url, fromBase64Url } from "../platform/base64url.ts";
import type { Env } from "../platform/env.ts";
import type { KnownToken, Principal, TokenBook } from "./tokens.ts";

/** A working day with its evening. After that the page asks for the token again, and keeps what was typed. */
export const SESSION_MS = 12 * 3_600_000;

const HMAC = { name: "HMAC", hash: "SHA-256" } as const;
const KEY_LABEL = "edge-balancer session 1\0";
const encoder = new TextEncoder();

export class Sessions {
  readonly #tokens: TokenBook;

  constructor(tokens: TokenBook) {
    this.#tokens = tokens;
  }

  /** The Set-Cookie header that begins a session; null if nobody has this token. */
  async begin(token: string, request: Request, env: Env, nowMs: number): Promise<string | null> {
    const known = await this.#tokens.find(env, token);
    if (known === null) return null;
    const untilS = Math.floor((nowMs + SESSION_MS) / 1_000);
    const claim = base64Url(encoder.encode(JSON.stringify([known.principal.name, untilS])));
    const seal = await crypto.subtle.sign("HMAC", await keyOf(known), encoder.encode(claim));
    return setCookie(request, `${claim}.${base64Url(new Uint8Array(seal))}`, SESSION_MS / 1_000);
  }

  /** Whose session the request's cookie is; null if it has none that is good. */
  async find(request: Request, env: Env, nowMs: number): Promise<Principal | null> {
    for (const value of cookieValues(request.headers.get("cookie") ?? "", cookieName(request))) {
      const found = await this.#open(value, env, nowMs);
      if (found !== null) return found;
    }
    return null;
  }

  async #open(value: string, env: Env, nowMs: number): Promise<Principal | null> {
    const [claim = "", seal = ""] = value.split(".");
    const bytes = fromBase64Url(seal);
    const claimed = claimOf(claim);
    if (bytes === null || claimed === null || claimed.untilS * 1_000 <= nowMs) return null;
    for (const known of await this.#tokens.named(env, claimed.name)) {
      if (await crypto.subtle.verify("HMAC", await keyOf(known), bytes, encoder.encode(claim))) {
        return { ...known.principal, via: "session" };
      }
    }
    return null;
  }
}

/** The Set-Cookie header that ends the session in this browser. */
export function endSession(request: Request): string {
  return setCookie(request, "", 0);
}

/** The prefix keeps a plain-http page of the same host from planting one (RFC 6265bis, 4.1.3). */
function cookieName(request: Request): string {
  return isSecure(request) ? "__Secure-lb_session" : "lb_session";
}

function setCookie(request: Request, value: string, maxAgeS: number): string {
  const secure = isSecure(request) ? "; Secure" : "";
  return `${cookieName(request)}=${value}; Path=/_lb; Max-Age=${maxAgeS}; HttpOnly; SameSite=Strict${secure}`;
}

function isSecure(request: Request): boolean {
  return new URL(request.url).protocol === "https:";
}

function claimOf(text: string): { name: string; untilS: number } | null {
  const bytes = fromBase64Url(text);
  const claim = bytes === null ? null : parseJson(new TextDecoder().decode(bytes));
  if (!Array.isArray(claim)) return null;
  const [name, untilS]: unknown[] = claim;
  return typeof name === "string" && typeof untilS === "number" ? { name, untilS } : null;
}

/** A key of its own for sessions: what is sealed with it says nothing about the token where that is used as it is. */
async function keyOf({ token }: KnownToken): Promise<CryptoKey> {
  const material = await crypto.subtle.digest("SHA-256", encoder.encode(KEY_LABEL + token));
  return await crypto.subtle.importKey("raw", material, HMAC, false, ["sign", "verify"]);
}
