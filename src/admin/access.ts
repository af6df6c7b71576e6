/**
 * Cloudflare Access as an alternative to tokens: Access puts a signed JWT on each request it lets through.
 * https://developers.cloudflare.com/cloudflare-one/identity/authorization-cookie/validating-json/
 * @module
 */
import { createRemoteJWKSet, customFetch, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import type { Env } from "../platform/env.ts";
import { logLine } from "../platform/log.ts";
import { hasText, type Principal, SCOPES, type Scope } from "./tokens.ts";

export const ACCESS_HEADER = "cf-access-jwt-assertion";

export type FetchKeys = (url: string, init: RequestInit) => Promise<Response>;

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

  /** Who Access says it is; null if the token is not good. */
  async verify(token: string, env: Env): Promise<Principal | null> {
    if (!hasText(env.ACCESS_TEAM_DOMAIN) || !hasText(env.ACCESS_AUD)) return null;
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
      logLine({ event: "access_refused", error: error instanceof Error ? error.name : "unknown" });
      return null;
    }
  }

  #keysOf(issuer: string): JWTVerifyGetKey {
    let keys = this.#keys.get(issuer);
    if (keys === undefined) {
      const fetchKeys = this.#fetchKeys;
      keys = createRemoteJWKSet(new URL(`${issuer}/cdn-cgi/access/certs`), {
        [customFetch]: (url, init) => fetchKeys(url, init as RequestInit),
      });
      this.#keys.set(issuer, keys);
    }
    return keys;
  }
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

function scopeOf(env: Env): Scope {
  return SCOPES.find((scope) => scope === env.ACCESS_SCOPE) ?? "admin";
}
