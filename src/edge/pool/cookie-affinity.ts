/**
 * Sessions kept by cookie. The cookie itself is the pin: nothing is stored here, and a request costs one look into its
 * Cookie header and one into a map. Its form: platform/session-cookie.ts.
 * @module
 */
import type { StickyConfig } from "../../config/schema.ts";
import type { AffinityTokens } from "../../contract/sync.ts";
import type { Affinity } from "../../core/affinity/session-affinity.ts";
import { type Clock, systemClock } from "../../core/system.ts";
import { SessionCookie } from "../../platform/session-cookie.ts";
import type { CookieSession, EdgeRequest } from "../model/edge-request.ts";
import type { EdgeServer } from "../model/edge-server.ts";

export class CookieAffinity implements Affinity<EdgeServer, EdgeRequest> {
  readonly method: "cookie" | "ip_cookie";
  readonly #cookie: SessionCookie<EdgeServer>;
  readonly #now: Clock;

  /** Made once per snapshot. An origin without a token gets no sessions. */
  constructor(
    sticky: StickyConfig,
    servers: Iterable<EdgeServer>,
    tokens: AffinityTokens | null,
    now: Clock = systemClock,
  ) {
    this.method = sticky.method === "ip_cookie" ? "ip_cookie" : "cookie";
    this.#cookie = new SessionCookie(sticky, servers, tokens);
    this.#now = now;
  }

  /** Name of the cookie. */
  get name(): string {
    return this.#cookie.name;
  }

  getServer(request: EdgeRequest): EdgeServer | null {
    return this.#session(request).pinned;
  }

  pin(request: EdgeRequest): void {
    this.#session(request).moved = true;
  }

  /**
   * The Set-Cookie that keeps the session where it is now, or null if the client's cookie still says so.
   * @param answered the origin whose answer the client gets, whatever was tried before
   * @param leads the session has come from another pool, whose part of the cookie must not be the first any longer
   */
  setCookie(request: EdgeRequest, answered: EdgeServer, leads = false): string | null {
    const { pinned, renew, moved, others } = this.#session(request);
    const server = moved ? answered : pinned;
    if (server === null || (server === pinned && !renew && !leads)) return null;
    // Its time begins now: the request may have come long ago, with a body that took its time.
    return this.#cookie.write(server, others, this.#now(), request.scheme === "https");
  }

  /**
   * The content of the request's cookie, read once. If the request goes on to another pool, its cookie is read anew.
   */
  #session(request: EdgeRequest): CookieSession {
    if (request.session?.reader !== this) request.session = this.#read(request);
    return request.session;
  }

  #read({ headers, startedAtMs }: EdgeRequest): CookieSession {
    const { state, origin, renew, others } = this.#cookie.read(headers.cookie, startedAtMs);
    return { reader: this, pinned: state === "valid" ? origin : null, renew, moved: false, others };
  }
}
