/**
 * Cloudflare Access as an alternative to tokens: Access puts a signed JWT on each request it lets through.
 * https://developers.cloudflare.com/cloudflare-one/identity/authorization-cookie/validating-json/
 * @module
 */
import {
  createRemoteJWKSet,
  customFetch,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from "jose";
import type { Env } from "../../platform/env.ts";
import { logLine } from "../../platform/log.ts";
import { Problem } from "../http/problems.ts";
import { hasText, type Principal, SCOPES, type Scope } from "../http/tokens.ts";

export const ACCESS_HEADER = "cf-access-jwt-assertion";

/** Users whom Access lets in may read. Further rights must be configured. */
const DEFAULT_SCOPE: Scope = "read";
const KEYS_RETRY_S = 5;

export type FetchKeys = (url: string, init: RequestInit) => Promise<Response>;

/** `wrong`: signed by somebody else, or for something else, or expired. `malformed`: no key was tried on it. */
export type AccessRefusal = "wrong" | "malformed";

export function usesAccess(env: Env): boolean {
  return hasText(env.ACCESS_TEAM_DOMAIN) && hasText(env.ACCESS_AUD);
}

export class AccessVerifier {
  readonly #fetchKeys: FetchKeys;
  /** By issuer. jose fetches a set when it needs it, at most every 30 s, and keeps it for 10 min. */
  readonly #keys = new Map<string, JWTVerifyGetKey>();

  constructor(fetchKeys: FetchKeys) {
    this.#fetchKeys = fetchKeys;
  }

  /**
   * The user according to Access.
   * @throws Problem if its keys cannot be fetched, or if `ACCESS_SCOPE` lets nobody in
   */
  async verify(token: string, env: Env): Promise<Principal | AccessRefusal> {
    if (!hasText(env.ACCESS_TEAM_DOMAIN) || !hasText(env.ACCESS_AUD)) return "malformed";
    const issuer = issuerOf(env.ACCESS_TEAM_DOMAIN);
    try {
      const { payload } = await jwtVerify(token, this.#keysOf(issuer), {
        issuer,
        audience: env.ACCESS_AUD,
        algorithms: ["RS256"],
        requiredClaims: ["exp"],
      });
      return { name: nameOf(payload), scope: scopeOf(env), via: "access" };
    } catch (error) {
      if (error instanceof Problem) throw error;
      logLine({ event: "access_refused", error: error instanceof Error ? error.name : "unknown" });
      return isWrong(error) ? "wrong" : "malformed";
    }
  }

  #keysOf(issuer: string): JWTVerifyGetKey {
    let keys = this.#keys.get(issuer);
    if (keys === undefined) {
      const fetchKeys = this.#fetchKeys;
      const remote = createRemoteJWKSet(new URL(`${issuer}/cdn-cgi/access/certs`), {
        [customFetch]: (url, init) => fetchKeys(url, init as RequestInit),
      });
      keys = (header, jws) => remote(header, jws).catch(noKey);
      this.#keys.set(issuer, keys);
    }
    return keys;
  }
}

/** @throws jose's error if it is about the token's own header; else Problem: missing keys do not count as a guess */
function noKey(error: unknown): never {
  const isTokens = error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JOSENotSupported;
  if (isTokens) throw error;
  logLine({ event: "access_keys_unavailable", error: String(error) });
  throw new Problem("access_unavailable", { retryAfterS: KEYS_RETRY_S });
}

function isWrong(error: unknown): boolean {
  return (
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JWTClaimValidationFailed ||
    error instanceof errors.JWTExpired
  );
}

/** `https://TEAM.cloudflareaccess.com`, with or without the scheme in the setting. */
function issuerOf(teamDomain: string): string {
  return `https://${teamDomain.replace(/^https:\/\//, "").replace(/\/+$/, "")}`;
}

/** A person's address, or the name of a service token. */
function nameOf({ email, common_name, sub }: JWTPayload): string {
  for (const name of [email, common_name, sub]) if (typeof name === "string" && name !== "") return name;
  return "access";
}

/** @throws Problem if `ACCESS_SCOPE` is not a scope: a misspelt one must not open more than was meant */
function scopeOf(env: Env): Scope {
  if (!hasText(env.ACCESS_SCOPE)) return DEFAULT_SCOPE;
  const scope = SCOPES.find((each) => each === env.ACCESS_SCOPE);
  if (scope !== undefined) return scope;
  const detail = `ACCESS_SCOPE must be one of ${SCOPES.join(", ")}, so nobody gets in by Cloudflare Access.`;
  logLine({ event: "access_scope_refused", detail });
  throw new Problem("forbidden", { detail });
}
