/**
 * Authenticates users of the admin API, by token, session or Cloudflare Access.
 * @module
 */
import type { Env } from "../../platform/env.ts";
import { Problem } from "../http/problems.ts";
import { ApiTokens, hasText, type Principal } from "../http/tokens.ts";
import { ACCESS_HEADER, AccessVerifier, type FetchKeys, usesAccess } from "./cloudflare-access.ts";
import { changesNothing, isCrossSite, isOwnScript } from "./csrf.ts";
import { LoginThrottle } from "./login-throttle.ts";
import { Sessions } from "./session.ts";

/** A token may contain blanks, so that each token of the page also opens the API. */
const BEARER = /^bearer +(\S.*)$/i;
const CHALLENGE = 'Bearer realm="edge-balancer"';

/** False: there is no way in, so the whole prefix does not exist. */
export function isOpen(env: Env): boolean {
  return hasText(env.ADMIN_TOKEN) || hasText(env.ADMIN_TOKENS) || usesAccess(env);
}

export class Authenticator {
  readonly #tokens = new ApiTokens();
  readonly #sessions = new Sessions(this.#tokens);
  readonly #access: AccessVerifier;
  readonly #throttle = new LoginThrottle();

  constructor(fetchKeys: FetchKeys) {
    this.#access = new AccessVerifier(fetchKeys);
  }

  /** The principal that makes the request. @throws Problem if it is unknown */
  async authenticate(request: Request, env: Env): Promise<Principal> {
    const bearer = BEARER.exec(request.headers.get("authorization") ?? "")?.[1];
    if (bearer !== undefined) {
      return (await this.#guess(request, env, () => this.#tokens.find(env, bearer))).principal;
    }
    // A bad session does not count as a guess: nobody can guess the seal, and an old session must not lock its owner
    // out.
    const found =
      (await this.#sessions.find(request, env, Date.now())) ?? (await this.#byAccess(request, env));
    if (found === null) throw unauthorized();
    const isOwn = found.via === "session" ? isOwnScript(request) : !isCrossSite(request);
    if (!isOwn && !changesNothing(request)) throw forged();
    return found;
  }

  /** The principal that opens the page; null: unknown. @throws Problem if that cannot be found out now */
  async identify(request: Request, env: Env): Promise<Principal | null> {
    const session = await this.#sessions.find(request, env, Date.now());
    if (session !== null) return session;
    try {
      return await this.#byAccess(request, env);
    } catch (error) {
      if (error instanceof Problem && error.type === "unauthorized") return null;
      throw error;
    }
  }

  /** The Set-Cookie header of a new session. @throws Problem if the token is wrong or there were too many wrong ones */
  async signIn(token: string, request: Request, env: Env): Promise<string> {
    const known = await this.#guess(request, env, () => this.#tokens.find(env, token));
    return await this.#sessions.begin(known, request, Date.now());
  }

  async #byAccess(request: Request, env: Env): Promise<Principal | null> {
    const assertion = usesAccess(env) ? request.headers.get(ACCESS_HEADER) : null;
    if (assertion === null) return null;
    const { principal } = await this.#guess(request, env, async () => {
      const verdict = await this.#access.verify(assertion, env);
      if (verdict === "malformed") throw unauthorized();
      return verdict === "wrong" ? null : { principal: verdict };
    });
    return principal;
  }

  /** Tries a token, which may be a guess, at the pace that its address is allowed. @throws Problem if it is wrong */
  async #guess<T extends { principal: Principal }>(
    request: Request,
    env: Env,
    attempt: () => Promise<T | null>,
  ): Promise<T> {
    const address = request.headers.get("cf-connecting-ip") ?? env.LOCAL_CLIENT_IP ?? "";
    this.#mustNotWait(address);
    const found = await attempt();
    // Checked again, because simultaneous guesses were all let in by the same count.
    this.#mustNotWait(address);
    if (found === null) {
      this.#throttle.failed(address, Date.now());
      throw unauthorized();
    }
    if (found.principal.scope === "admin") this.#throttle.forgive(address);
    return found;
  }

  /** Even with a good token: an answer would tell a guesser which one is. @throws Problem while the address must wait */
  #mustNotWait(address: string): void {
    const waitMs = this.#throttle.waitMs(address, Date.now());
    if (waitMs > 0) throw new Problem("too_many_attempts", { retryAfterS: Math.ceil(waitMs / 1_000) });
  }
}

function unauthorized(): Problem {
  return new Problem("unauthorized", { headers: { "www-authenticate": CHALLENGE } });
}

function forged(): Problem {
  return new Problem("forbidden", { detail: "This request was made by another site." });
}
