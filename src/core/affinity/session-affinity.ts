/**
 * Remembers which server a session stays with, where there is no response to set a cookie on. Pins go by session cookie
 * or by client address, in bounded memory. At the edge the cookie itself carries the pin.
 * @module
 */

import type { Server } from "../server/server.ts";
import { type Clock, systemClock } from "../system.ts";
import { clientKey } from "./client-ip.ts";

/** What identifies a session. */
export type AffinityMethod = "cookie" | "ip" | "ip_cookie";

/** The parts of a client's request that routing uses. */
export interface RouteRequest {
  /** The client's address, as text. */
  readonly clientIp?: string;
  /** Without the query. */
  readonly path?: string;
  /** In capitals. */
  readonly method?: string;
  /** Values by name. */
  readonly cookies?: Readonly<Record<string, string>>;
  /** The key of a consistent hash, if it is not the client's address. */
  readonly key?: string | null;
}

/** The wish to return to one server. */
export interface Affinity<S extends Server = Server, R extends RouteRequest = RouteRequest> {
  /** What a session is known by. */
  readonly method: AffinityMethod;
  /** The server the request is pinned to, or null. It may not be able to serve. */
  getServer(request: R): S | null;
  /** From now on the session belongs to `server`. A request that names no session is ignored. */
  pin(request: R, server: S): void;
}

/** How pins are kept. */
export interface SessionAffinityOptions {
  /** `cookie` and `ip_cookie`: by session cookie, else by address. `ip`: by address only. Default `cookie`. */
  method?: AffinityMethod;
  /** Seconds a pin lasts after its last use, above 0. Default 3,600. */
  ttl?: number;
  /**
   * Name of the cookie that names the session; no other cookie counts then. Default: `__lb`. If a request has no
   * `__lb`, the cookie whose name looks like a session's, the alphabetically first of several.
   */
  cookieName?: string;
  /** Most pins kept. Beyond this number the pin that was unused for longest is forgotten. Default 100,000. */
  maxPins?: number;
  /** Default: the system's clock. */
  now?: Clock;
}

/** How sessions are kept. True: by session cookie or address, for an hour; false: not. */
export type Sticky<S extends Server, R extends RouteRequest> =
  | boolean
  | SessionAffinityOptions
  | Affinity<S, R>;

/** Names that frameworks give their session cookie: session, session_id, JSESSIONID, PHPSESSID, connect.sid, sid. */
const SESSION_NAME = /sess|sid$/i;
/** The session cookie's name, unless a pool configures another. */
export const DEFAULT_COOKIE_NAME = "__lb";
/**
 * The last characters of a cookie's value that count; a signed value differs most at its end. A client writes the
 * cookie, so without a bound it would choose how much memory a pin takes.
 */
const VALUE_LENGTH = 128;
const DEFAULT_TTL_S = 3_600;
const DEFAULT_MAX_PINS = 100_000;

interface Pin<S> {
  server: S;
  expiresMs: number;
}

/** Pins in memory: of one process, gone with it. */
export class SessionAffinity<S extends Server = Server> implements Affinity<S> {
  readonly method: AffinityMethod;
  readonly #ttlMs: number;
  readonly #maxPins: number;
  readonly #cookieName: string | null;
  readonly #now: Clock;
  /** Pins in the order of last use, the oldest first. */
  readonly #pins = new Map<string, Pin<S>>();

  constructor(options: SessionAffinityOptions = {}) {
    this.method = options.method ?? "cookie";
    this.#ttlMs = (options.ttl ?? DEFAULT_TTL_S) * 1_000;
    this.#maxPins = options.maxPins ?? DEFAULT_MAX_PINS;
    this.#cookieName = options.cookieName ?? null;
    this.#now = options.now ?? systemClock;
  }

  /** Number of pins, expired ones included until they are looked up or pushed out. */
  get size(): number {
    return this.#pins.size;
  }

  /** The server that the session is pinned to; null if there is no pin or it expired. The pin's time begins anew. */
  getServer(request: RouteRequest): S | null {
    const key = this.#keyOf(request);
    const pin = key === null ? undefined : this.#pins.get(key);
    if (key === null || pin === undefined) return null;
    this.#pins.delete(key);
    if (pin.expiresMs <= this.#now()) return null;
    this.#keep(key, pin.server);
    return pin.server;
  }

  pin(request: RouteRequest, server: S): void {
    const key = this.#keyOf(request);
    if (key === null) return;
    this.#pins.delete(key);
    this.#keep(key, server);
    for (const [oldest] of this.#pins) {
      if (this.#pins.size <= this.#maxPins) break;
      this.#pins.delete(oldest);
    }
  }

  /** Forgets every pin to `server`. */
  forget(server: S): void {
    for (const [key, pin] of this.#pins) if (pin.server === server) this.#pins.delete(key);
  }

  #keep(key: string, server: S): void {
    this.#pins.set(key, { server, expiresMs: this.#now() + this.#ttlMs });
  }

  #keyOf(request: RouteRequest): string | null {
    const session = this.method === "ip" ? null : this.#session(request.cookies ?? {});
    if (session !== null) return `cookie ${session}`;
    if (request.clientIp === undefined || request.clientIp === "") return null;
    return `ip ${clientKey(request.clientIp)}`;
  }

  #session(cookies: Readonly<Record<string, string>>): string | null {
    const name = this.#cookieName ?? sessionName(cookies);
    const value = Object.hasOwn(cookies, name) ? cookies[name] : undefined;
    return value === undefined || value === "" ? null : `${name}=${value.slice(-VALUE_LENGTH)}`;
  }
}

/** Sorts the cookies, because a client may change their order from request to request. */
function sessionName(cookies: Readonly<Record<string, string>>): string {
  if (cookies[DEFAULT_COOKIE_NAME]) return DEFAULT_COOKIE_NAME;
  const names = Object.keys(cookies).filter((name) => SESSION_NAME.test(name) && cookies[name] !== "");
  return names.sort()[0] ?? DEFAULT_COOKIE_NAME;
}

/** Null: sessions are not kept. */
export function affinityOf<S extends Server, R extends RouteRequest>(
  sticky: Sticky<S, R>,
  now: Clock,
): Affinity<S, R> | null {
  if (sticky === false) return null;
  if (sticky === true) return new SessionAffinity<S>({ now });
  return "getServer" in sticky ? sticky : new SessionAffinity<S>({ now, ...sticky });
}
