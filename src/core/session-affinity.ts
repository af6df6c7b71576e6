/**
 * Which server a session stays with, where there is no response to set a cookie on: pins by session cookie or by
 * client address, in bounded memory. At the edge the cookie itself carries the pin.
 * @module
 */
import { clientKey } from "./client-ip.ts";
import type { Server } from "./server.ts";
import { type Clock, systemClock } from "./system.ts";

export type AffinityMethod = "cookie" | "ip" | "ip_cookie";

/** What a client asked for, as far as routing is concerned. */
export interface RouteRequest {
  readonly clientIp?: string;
  readonly path?: string;
  readonly method?: string;
  readonly cookies?: Readonly<Record<string, string>>;
  /** What a consistent hash hashes, if that is not the client's address. */
  readonly key?: string | null;
}

/** The wish to return to one server. */
export interface Affinity<S extends Server = Server, R extends RouteRequest = RouteRequest> {
  readonly method: AffinityMethod;
  /** The server the request is pinned to, or null. It may not be able to serve. */
  getServer(request: R): S | null;
  pin(request: R, server: S): void;
}

export interface SessionAffinityOptions {
  /** `cookie` and `ip_cookie`: by session cookie, else by address. `ip`: by address only. Default `cookie`. */
  method?: AffinityMethod;
  /** Seconds a pin lasts after its last use. Default 3,600. */
  ttl?: number;
  /**
   * Name of the cookie that names the session; no other counts then. Default: `__lb`, and without that one the
   * cookie whose name looks like a session's, the alphabetically first if there are several.
   */
  cookieName?: string;
  /** Most pins kept; beyond it the one unused for longest is forgotten. Default 100,000. */
  maxPins?: number;
  /** Milliseconds. */
  now?: Clock;
}

/** What frameworks call their session cookie: session, session_id, JSESSIONID, PHPSESSID, connect.sid, sid. */
const SESSION_NAME = /sess|sid$/i;
const OWN_NAME = "__lb";
/**
 * Characters of a cookie's value that count: its last, where a signed value differs most. A client writes the cookie,
 * so without a bound it would choose how much memory a pin takes.
 */
const VALUE_LENGTH = 128;
const DEFAULT_TTL_S = 3_600;
const DEFAULT_MAX_PINS = 100_000;

interface Pin<S> {
  server: S;
  expiresMs: number;
}

export class SessionAffinity<S extends Server = Server> implements Affinity<S> {
  readonly method: AffinityMethod;
  readonly #ttlMs: number;
  readonly #maxPins: number;
  readonly #cookieName: string | null;
  readonly #now: Clock;
  /** In the order of last use: the first is the oldest. */
  readonly #pins = new Map<string, Pin<S>>();

  constructor(options: SessionAffinityOptions = {}) {
    this.method = options.method ?? "cookie";
    this.#ttlMs = (options.ttl ?? DEFAULT_TTL_S) * 1_000;
    this.#maxPins = options.maxPins ?? DEFAULT_MAX_PINS;
    this.#cookieName = options.cookieName ?? null;
    this.#now = options.now ?? systemClock;
  }

  get size(): number {
    return this.#pins.size;
  }

  /** The server of the session, whose time begins anew; null if there is none or its time is up. */
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

/** In an order of its own, because the client's may change from request to request. */
function sessionName(cookies: Readonly<Record<string, string>>): string {
  if (cookies[OWN_NAME]) return OWN_NAME;
  const names = Object.keys(cookies).filter((name) => SESSION_NAME.test(name) && cookies[name] !== "");
  return names.sort()[0] ?? OWN_NAME;
}
