/**
 * Who may use the admin API.
 * @module
 */
import type { Env } from "../platform/env.ts";
import { ACCESS_HEADER, AccessVerifier, type FetchKeys, usesAccess } from "./access.ts";
import { LoginThrottle } from "./login-throttle.ts";
import { Problem } from "./problems.ts";
import { hasText, type Principal, TokenBook } from "./tokens.ts";

const BEARER = /^bearer +(\S+)$/i;
const CHALLENGE = 'Bearer realm="edge-balancer"';

/** False: there is no way in, so the whole prefix does not exist. */
export function isOpen(env: Env): boolean {
  return hasText(env.ADMIN_TOKEN) || hasText(env.ADMIN_TOKENS) || usesAccess(env);
}

export class Authenticator {
  readonly #tokens = new TokenBook();
  readonly #access: AccessVerifier;
  readonly #throttle = new LoginThrottle();

  constructor(fetchKeys: FetchKeys) {
    this.#access = new AccessVerifier(fetchKeys);
  }

  /** Who makes the request. @throws Problem if that is nobody known */
  async authenticate(request: Request, env: Env): Promise<Principal> {
    const nowMs = Date.now();
    const address = request.headers.get("cf-connecting-ip") ?? env.LOCAL_CLIENT_IP ?? "";
    const waitMs = this.#throttle.waitMs(address, nowMs);
    // Even with a good token: an answer would tell a guesser which one is.
    if (waitMs > 0) throw new Problem("too_many_attempts", { retryAfterS: Math.ceil(waitMs / 1_000) });
    const proof = proofOf(request, env);
    if (proof === null) throw unauthorized();
    const found =
      proof.kind === "token"
        ? await this.#tokens.find(env, proof.value)
        : await this.#access.verify(proof.value, env);
    if (found === null) {
      this.#throttle.failed(address, nowMs);
      throw unauthorized();
    }
    this.#throttle.succeeded(address);
    if (found.via === "access" && isForged(request)) {
      throw new Problem("forbidden", { detail: "This request was made by another site." });
    }
    return found;
  }
}

function unauthorized(): Problem {
  return new Problem("unauthorized", { headers: { "www-authenticate": CHALLENGE } });
}

function proofOf(request: Request, env: Env): { kind: "token" | "access"; value: string } | null {
  const token = BEARER.exec(request.headers.get("authorization") ?? "")?.[1];
  if (token !== undefined) return { kind: "token", value: token };
  const assertion = usesAccess(env) ? request.headers.get(ACCESS_HEADER) : null;
  return assertion === null ? null : { kind: "access", value: assertion };
}

/** Access goes by a cookie, which a browser also sends along with what another site makes it send. */
function isForged(request: Request): boolean {
  if (request.method === "GET" || request.method === "HEAD") return false;
  const site = request.headers.get("sec-fetch-site");
  if (site !== null) return site !== "same-origin" && site !== "none";
  const origin = request.headers.get("origin");
  return origin !== null && origin !== new URL(request.url).origin;
}
