/**
 * Who may use the admin API.
 * @module
 */
import type { Env } from "../platform/env.ts";
import { ACCESS_HEADER, AccessVerifier, type FetchKeys, usesAccess } from "./access.ts";
import { changesNothing, isFromElsewhere, isOwnScript } from "./forgery.ts";
import { LoginThrottle } from "./login-throttle.ts";
import { Problem } from "./problems.ts";
import { Sessions } from "./session.ts";
import { hasText, type Principal, TokenBook } from "./tokens.ts";

const BEARER = /^bearer +(\S+)$/i;
const CHALLENGE = 'Bearer realm="edge-balancer"';

/** False: there is no way in, so the whole prefix does not exist. */
export function isOpen(env: Env): boolean {
  return hasText(env.ADMIN_TOKEN) || hasText(env.ADMIN_TOKENS) || usesAccess(env);
}

export class Authenticator {
  readonly #tokens = new TokenBook();
  readonly #sessions = new Sessions(this.#tokens);
  readonly #access: AccessVerifier;
  readonly #throttle = new LoginThrottle();

  constructor(fetchKeys: FetchKeys) {
    this.#access = new AccessVerifier(fetchKeys);
  }

  /** Who makes the request. @throws Problem if that is nobody known */
  async authenticate(request: Request, env: Env): Promise<Principal> {
    const bearer = BEARER.exec(request.headers.get("authorization") ?? "")?.[1];
    if (bearer !== undefined) {
      return await this.#guess(request, env, async () => {
        return (await this.#tokens.find(env, bearer))?.principal ?? null;
      });
    }
    // Not a guess: who could forge the seal of a session would not need to. An old one must not lock its owner out.
    const found =
      (await this.#sessions.find(request, env, Date.now())) ?? (await this.#byAccess(request, env));
    if (found === null) throw unauthorized();
    const isOwn = found.via === "session" ? isOwnScript(request) : !isFromElsewhere(request);
    if (!isOwn && !changesNothing(request)) throw forged();
    return found;
  }

  /** Who looks at the page; null: nobody known. */
  async recognize(request: Request, env: Env): Promise<Principal | null> {
    const session = await this.#sessions.find(request, env, Date.now());
    return session ?? (await this.#byAccess(request, env).catch(() => null));
  }

  /** The Set-Cookie header of a new session. @throws Problem if the token is wrong or there were too many wrong ones */
  async signIn(token: string, request: Request, env: Env): Promise<string> {
    if (isFromElsewhere(request)) throw forged();
    return await this.#guess(request, env, () => this.#sessions.begin(token, request, env, Date.now()));
  }

  async #byAccess(request: Request, env: Env): Promise<Principal | null> {
    const assertion = usesAccess(env) ? request.headers.get(ACCESS_HEADER) : null;
    if (assertion === null) return null;
    return await this.#guess(request, env, () => this.#access.verify(assertion, env));
  }

  /** Tries what may be a guess, at the pace its address has earned. @throws Problem if it is wrong */
  async #guess<T>(request: Request, env: Env, attempt: () => Promise<T | null>): Promise<T> {
    const nowMs = Date.now();
    const address = request.headers.get("cf-connecting-ip") ?? env.LOCAL_CLIENT_IP ?? "";
    const waitMs = this.#throttle.waitMs(address, nowMs);
    // Even with a good token: an answer would tell a guesser which one is.
    if (waitMs > 0) throw new Problem("too_many_attempts", { retryAfterS: Math.ceil(waitMs / 1_000) });
    const found = await attempt();
    if (found === null) {
      this.#throttle.failed(address, nowMs);
      throw unauthorized();
    }
    this.#throttle.succeeded(address);
    return found;
  }
}

function unauthorized(): Problem {
  return new Problem("unauthorized", { headers: { "www-authenticate": CHALLENGE } });
}

function forged(): Problem {
  return new Problem("forbidden", { detail: "This request was made by another site." });
}
