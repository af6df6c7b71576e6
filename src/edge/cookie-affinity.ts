/**
 * Sessions kept by cookie. The cookie itself is the pin: nothing is stored here, and a request costs one look into
 * its Cookie header and one into a map.
 *
 * The value is `TOKEN.TIME`: the origin's token (platform/affinity-tokens.ts) and when it was given out, in seconds
 * since the epoch, base 36. Only the token decides where a request goes; the time says when to renew. Pools that
 * share a host share the cookie, so up to four such parts stand in it, joined by `~`: ours first, then the others'.
 * @module
 */
import type { PoolConfig } from "../config/schema.ts";
import type { AffinityTokens } from "../contract/sync.ts";
import { cookieValues, withoutCookie } from "../core/cookie-header.ts";
import type { Affinity } from "../core/session-affinity.ts";
import type { CookieSession, EdgeRequest } from "./edge-request.ts";
import type { EdgeServer } from "./edge-server.ts";

type StickyConfig = NonNullable<PoolConfig["sticky"]>;

/** A cookie is renewed once this share of its time has passed: one on every answer would make all of them private. */
const RENEWED_AFTER = 1 / 4;
/** How far another location's clock may be ahead. A time beyond that was not given out by us. */
const CLOCK_SKEW_S = 60;
const MOST_PARTS = 4;
const SEPARATOR = "~";
/** A part as we write it; anything else is not handed back to the client. */
const PART = /^[\w-]{22}\.[0-9a-z]{1,8}$/;

export class CookieAffinity implements Affinity<EdgeServer, EdgeRequest> {
  readonly method: "cookie" | "ip_cookie";
  readonly #name: string;
  readonly #ttlS: number;
  readonly #servers = new Map<string, { server: EdgeServer; isCurrent: boolean }>();
  readonly #tokens = new Map<EdgeServer, string>();

  /** Made once per snapshot. An origin without a token gets no sessions. */
  constructor(sticky: StickyConfig, servers: Iterable<EdgeServer>, tokens: AffinityTokens | null) {
    this.method = sticky.method === "ip_cookie" ? "ip_cookie" : "cookie";
    this.#name = sticky.cookie_name;
    this.#ttlS = sticky.ttl;
    for (const server of servers) {
      const before = tokens?.previous[server.id];
      if (before !== undefined) this.#servers.set(before, { server, isCurrent: false });
      const token = tokens?.tokens[server.id];
      if (token === undefined) continue;
      this.#servers.set(token, { server, isCurrent: true });
      this.#tokens.set(server, token);
    }
  }

  getServer(request: EdgeRequest): EdgeServer | null {
    return this.#session(request).pinned;
  }

  pin(request: EdgeRequest): void {
    this.#session(request).moved = true;
  }

  /** Takes our cookie, and only ours, out of what the origin gets. */
  hide(headers: Headers): void {
    const header = headers.get("cookie");
    if (header?.includes(this.#name) !== true) return;
    const rest = withoutCookie(header, this.#name);
    if (rest === "") headers.delete("cookie");
    else if (rest !== header) headers.set("cookie", rest);
  }

  /**
   * The Set-Cookie that keeps the session where it is now, or null if the client's cookie still says so.
   * @param answered the origin whose answer the client gets, whatever was tried before
   */
  setCookie(request: EdgeRequest, answered: EdgeServer): string | null {
    const { pinned, renew, moved, others } = this.#session(request);
    const server = moved ? answered : pinned;
    if (server === null || (server === pinned && !renew)) return null;
    const token = this.#tokens.get(server);
    if (token === undefined) return null;
    const part = `${token}.${Math.floor(request.startedAtMs / 1_000).toString(36)}`;
    const value = [part, ...others].join(SEPARATOR);
    const secure = request.scheme === "https" ? "; Secure" : "";
    return `${this.#name}=${value}; Max-Age=${this.#ttlS}; Path=/; HttpOnly; SameSite=Lax${secure}`;
  }

  /** What the request's cookie says, looked at once. A request that goes on to another pool is looked at anew. */
  #session(request: EdgeRequest): CookieSession {
    if (request.session?.reader !== this) request.session = this.#read(request);
    return request.session;
  }

  #read(request: EdgeRequest): CookieSession {
    const session: CookieSession = { reader: this, pinned: null, renew: false, moved: false, others: [] };
    const header = request.request.headers.get("cookie");
    if (header === null) return session;
    for (const value of cookieValues(header, this.#name)) {
      for (const part of value.split(SEPARATOR, MOST_PARTS))
        this.#readPart(session, part, request.startedAtMs);
    }
    return session;
  }

  #readPart(session: CookieSession, part: string, nowMs: number): void {
    const dot = part.indexOf(".");
    const known = this.#servers.get(dot < 0 ? part : part.slice(0, dot));
    if (known === undefined) {
      if (session.others.length < MOST_PARTS - 1 && PART.test(part)) session.others.push(part);
      return;
    }
    const ageS =
      Math.floor(nowMs / 1_000) - (dot < 0 ? Number.NaN : Number.parseInt(part.slice(dot + 1), 36));
    if (session.pinned !== null || !(ageS <= this.#ttlS)) return;
    session.pinned = known.server;
    session.renew = !known.isCurrent || ageS >= this.#ttlS * RENEWED_AFTER || ageS < -CLOCK_SKEW_S;
  }
}
