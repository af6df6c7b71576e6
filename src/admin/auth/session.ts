/**
 * Sessions of the dashboard. The cookie says which token signed in and until when, sealed with a key made of that
 * token: nothing is stored here, the token is not in the cookie, and a token that is changed or taken away ends its
 * sessions with it. The rights of a session are looked up at each request.
 * @module
 */
import { parseJson } from "../../config/json.ts";
import { cookieValues } from "../../core/affinity/cookie-header.ts";
import { base64Url, fromBase64Url } from "../../platform/base64url.ts";
import type { Env } from "../../platform/env.ts";
import type { ApiTokens, KnownToken, Principal } from "../http/tokens.ts";

/** A working day with its evening. After that the page asks for the token again, and keeps what was typed. */
export const SESSION_MS = 12 * 3_600_000;

/** A browser sends one, and one more of an older path or domain. Each costs a comparison before the user is known. */
const MOST_COOKIES = 3;
/** A name of 100 characters makes some 900. */
const MOST_COOKIE_LENGTH = 2_000;

const HMAC = { name: "HMAC", hash: "SHA-256" } as const;
const KEY_LABEL = "edge-balancer session 1\0";
const encoder = new TextEncoder();

export class Sessions {
  readonly #tokens: ApiTokens;
  /** Made once for each token: no cryptography but one comparison for a cookie. */
  readonly #keys = new WeakMap<KnownToken, CryptoKey>();

  constructor(tokens: ApiTokens) {
    this.#tokens = tokens;
  }

  /** The Set-Cookie header that begins a session. */
  async begin(known: KnownToken, request: Request, nowMs: number): Promise<string> {
    const untilS = Math.floor((nowMs + SESSION_MS) / 1_000);
    const claim = base64Url(encoder.encode(JSON.stringify([known.principal.name, untilS])));
    const seal = await crypto.subtle.sign("HMAC", await this.#keyOf(known), encoder.encode(claim));
    const value = `${claim}.${base64Url(new Uint8Array(seal))}`;
    return setCookie(request, value, SESSION_MS / 1_000);
  }

  /** The principal whose session the request's cookie holds; null if there is no valid one. */
  async find(request: Request, env: Env, nowMs: number): Promise<Principal | null> {
    const values = cookieValues(request.headers.get("cookie") ?? "", cookieName(request));
    for (const value of values.slice(0, MOST_COOKIES)) {
      const found = await this.#open(value, env, nowMs);
      if (found !== null) return found;
    }
    return null;
  }

  async #open(value: string, env: Env, nowMs: number): Promise<Principal | null> {
    if (value.length > MOST_COOKIE_LENGTH) return null;
    const [claim = "", seal = ""] = value.split(".");
    const bytes = fromBase64Url(seal);
    const claimed = claimOf(claim);
    if (bytes === null || claimed === null || claimed.untilS * 1_000 <= nowMs) return null;
    for (const known of await this.#tokens.named(env, claimed.name)) {
      if (await crypto.subtle.verify("HMAC", await this.#keyOf(known), bytes, encoder.encode(claim))) {
        return { ...known.principal, via: "session" };
      }
    }
    return null;
  }

  /** A separate key for sessions, so that a seal reveals nothing about the token itself. */
  async #keyOf(known: KnownToken): Promise<CryptoKey> {
    const kept = this.#keys.get(known);
    if (kept !== undefined) return kept;
    const material = await crypto.subtle.digest("SHA-256", encoder.encode(KEY_LABEL + known.token));
    const key = await crypto.subtle.importKey("raw", material, HMAC, false, ["sign", "verify"]);
    this.#keys.set(known, key);
    return key;
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
