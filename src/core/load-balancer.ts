/**
 * Routes requests over servers: affinity first, then the algorithm, never to a server that is not eligible. Cursor,
 * limiter, affinity, clock and randomness are handed in; at the edge they are leased from the pool's object, in one
 * process the defaults are the authority.
 * @module
 */
import type { Algorithm, AlgorithmName } from "./algorithm.ts";
import { type AnyAlgorithmOptions, createAlgorithm } from "./algorithms.ts";
import { Candidates, type CandidatesOptions } from "./candidates.ts";
import { clientKey } from "./client-ip.ts";
import { limitIneligibility, sessionIneligibility } from "./eligibility.ts";
import { HashRing } from "./hash-ring.ts";
import { RateLimiter } from "./rate-limiter.ts";
import type { Server } from "./server.ts";
import {
  type Affinity,
  type RouteRequest,
  SessionAffinity,
  type SessionAffinityOptions,
} from "./session-affinity.ts";
import { type LoadBalancerStats, ServerStats } from "./stats.ts";
import { type Clock, systemClock } from "./system.ts";

/** Why a server was chosen. */
export type DecisionReason = "affinity" | "algorithm" | "failover";

export interface Decision<S extends Server = Server> {
  readonly server: S;
  readonly reason: DecisionReason;
}

export interface LoadBalancerOptions<S extends Server = Server, R extends RouteRequest = RouteRequest>
  extends AnyAlgorithmOptions,
    CandidatesOptions {
  /** Default `round_robin`. */
  algorithm?: AlgorithmName;
  /** True: by session cookie or address, for an hour. Default false. */
  sticky?: boolean | SessionAffinityOptions | Affinity<S, R>;
  /** Most requests to each server in any one second. Default: no limit. */
  rateLimit?: number;
}

export class LoadBalancer<S extends Server = Server, R extends RouteRequest = RouteRequest> {
  readonly #servers: S[];
  readonly #members: Set<S>;
  readonly #now: Clock;
  readonly #rateLimit: number | null;
  readonly #candidates: Candidates<S>;
  readonly #algorithm: Algorithm<S>;
  /** The algorithm looks at a request's key. */
  readonly #hashes: boolean;
  /** Null also where the address alone decides: the ring needs no pins, and says the same everywhere. */
  readonly #affinity: Affinity<S, R> | null;
  /** Picks by address where the affinity says so; null where the algorithm picks. */
  readonly #addressRing: HashRing<S> | null;
  readonly #stats = new ServerStats();

  constructor(servers: Iterable<S> = [], options: LoadBalancerOptions<S, R> = {}) {
    this.#members = new Set(servers);
    this.#servers = [...this.#members];
    this.#now = options.now ?? systemClock;
    this.#rateLimit = options.rateLimit ?? null;
    this.#candidates = new Candidates(this.#servers, options);
    this.#algorithm = createAlgorithm(options.algorithm ?? "round_robin", this.#candidates, options);
    this.#hashes = this.#algorithm.name === "consistent_hash";
    const affinity = affinityOf(options.sticky ?? false, this.#now);
    const byAddress = affinity !== null && affinity.method !== "cookie";
    this.#addressRing = byAddress ? new HashRing(this.#candidates, options) : null;
    this.#affinity = affinity?.method === "ip" ? null : affinity;
    for (const server of this.#servers) this.#limit(server);
  }

  get servers(): readonly S[] {
    return this.#servers;
  }

  /** True while unhealthy servers are used because too few are healthy. */
  get panicking(): boolean {
    return this.#candidates.panicking;
  }

  /**
   * The server for `request`, or null if none is eligible.
   * @param tried as for `decide`
   */
  route(request: R = NO_REQUEST as R, tried?: ReadonlySet<S>): S | null {
    return this.decide(request, tried)?.server ?? null;
  }

  /**
   * The server for `request` and why. Takes a token where the server is rate-limited.
   * @param tried servers this request has been sent to: passed over while another is left
   */
  decide(request: R, tried?: ReadonlySet<S>): Decision<S> | null {
    const nowMs = this.#now();
    const pinned = this.#affinity?.getServer(request) ?? null;
    const standing = pinned === null ? "lost" : this.#sessionStanding(pinned, tried, nowMs);
    if (pinned !== null && standing === "serves") return this.#decided(pinned, "affinity", nowMs);
    const server = this.#pick(request, tried, nowMs);
    if (server === null) return null;
    // A session whose server is only busy goes back to it afterwards.
    if (standing === "lost") this.#affinity?.pin(request, server);
    const failover = tried !== undefined && tried.size > 0;
    return this.#decided(server, failover ? "failover" : "algorithm", nowMs);
  }

  /** Makes what picks go by, schedules and rings, so that no request waits for that. Call it after changes. */
  prepare(): void {
    this.#algorithm.prepare?.();
    this.#addressRing?.prepare();
  }

  addServer(server: S): void {
    if (this.#members.has(server)) return;
    this.#members.add(server);
    this.#servers.push(server);
    this.#limit(server);
    this.#candidates.invalidate();
  }

  /**
   * Takes the server out at once. `drain` lets its sessions finish first.
   * @param which a server or its id; one that is not there is not missed
   */
  removeServer(which: S | string): void {
    const server = this.#find(which);
    if (server === null || !this.#members.delete(server)) return;
    this.#servers.splice(this.#servers.indexOf(server), 1);
    this.#candidates.invalidate();
    if (this.#affinity instanceof SessionAffinity) this.#affinity.forget(server);
    this.#stats.forget(server.id);
  }

  /** No new requests; those of sessions pinned to it go on. @param which a server or its id */
  drain(which: S | string): void {
    const server = this.#find(which);
    if (server !== null) server.draining = true;
  }

  /** @param which a server or its id */
  undrain(which: S | string): void {
    const server = this.#find(which);
    if (server === null) return;
    server.draining = false;
    server.drained = false;
  }

  /** A request to `server` begins. */
  connect(server: S): void {
    server.activeConnections++;
  }

  /** A request to `server` ends. Never counts below zero. */
  disconnect(server: S): void {
    if (server.activeConnections > 0) server.activeConnections--;
  }

  /** How a request ended. Feeds the statistics, and the algorithm where it goes by load. */
  report(server: S, result: { failed: boolean; latencyMs: number }): void {
    this.#stats.ended(result.failed, result.latencyMs);
    this.#algorithm.observe?.(server, result.latencyMs, result.failed, this.#now());
  }

  stats(): LoadBalancerStats {
    return this.#stats.summary(this.#servers);
  }

  #find(which: S | string): S | null {
    if (typeof which !== "string") return which;
    return this.#servers.find(({ id }) => id === which) ?? null;
  }

  #pick(request: R, tried: ReadonlySet<S> | undefined, now: number): S | null {
    if (this.#addressRing !== null) return this.#addressRing.next({ now, tried, key: addressKey(request) });
    if (!this.#hashes) return this.#algorithm.next({ now, tried });
    const key = request.key === undefined ? addressKey(request) : request.key;
    return this.#algorithm.next({ now, tried, key });
  }

  #sessionStanding(server: S, tried: ReadonlySet<S> | undefined, nowMs: number): SessionStanding {
    if (!this.#members.has(server) || tried?.has(server)) return "lost";
    const reason = sessionIneligibility(server, nowMs);
    if (reason === null) return "serves";
    return reason === limitIneligibility(server, nowMs) ? "busy" : "lost";
  }

  #decided(server: S, reason: DecisionReason, nowMs: number): Decision<S> {
    server.limiter?.take(nowMs);
    this.#stats.started(server.id);
    return { server, reason };
  }

  #limit(server: S): void {
    if (this.#rateLimit !== null) server.limiter ??= new RateLimiter(this.#rateLimit);
  }
}

/** Of the server a session is pinned to. Busy: only at a limit, so that the session returns. Lost: it needs another. */
type SessionStanding = "serves" | "busy" | "lost";

const NO_REQUEST: RouteRequest = Object.freeze({});

function affinityOf<S extends Server, R extends RouteRequest>(
  sticky: NonNullable<LoadBalancerOptions<S, R>["sticky"]>,
  now: Clock,
): Affinity<S, R> | null {
  if (sticky === false) return null;
  if (sticky === true) return new SessionAffinity<S>({ now });
  return "getServer" in sticky ? sticky : new SessionAffinity<S>({ now, ...sticky });
}

function addressKey(request: RouteRequest): string | null {
  return request.clientIp === undefined ? null : clientKey(request.clientIp);
}
