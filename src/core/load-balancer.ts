/**
 * Routes requests over servers: affinity first, then the algorithm, never to a server that is not eligible. Cursor,
 * limiter, affinity, clock and randomness are handed in; at the edge they are leased from the pool's object, in one
 * process the defaults are the authority.
 * @module
 */

import { clientKey } from "./affinity/client-ip.ts";
import {
  type Affinity,
  affinityOf,
  type RouteRequest,
  SessionAffinity,
  type Sticky,
} from "./affinity/session-affinity.ts";
import type { Algorithm, PickContext } from "./algorithms/algorithm.ts";
import { type AlgorithmName, type AnyAlgorithmOptions, algorithmEntry } from "./algorithms/index.ts";
import { RingHash } from "./algorithms/ring-hash.ts";
import { type LoadBalancerStats, ServerStats } from "./metrics/balancer-stats.ts";
import { SlidingWindowLimiter } from "./rate-limit/sliding-window-limiter.ts";
import { Candidates, type CandidatesOptions } from "./server/candidates.ts";
import { type Ineligibility, limitIneligibility, pickIneligibility } from "./server/eligibility.ts";
import { limitsChanged, type Server } from "./server/server.ts";
import { type Clock, systemClock } from "./system.ts";

/** Why a server was chosen. */
export type DecisionReason = "affinity" | "algorithm" | "failover";

/** The chosen server, and why it was chosen. */
export interface Decision<S extends Server = Server> {
  /** To be given to `connect`, `disconnect` and `report`. */
  readonly server: S;
  /** `failover`: servers had been tried before. */
  readonly reason: DecisionReason;
}

/** Facts that a decision depends on, beside the request. */
export type DecisionContext<S extends Server = Server> = Pick<PickContext<S>, "avoid" | "refused">;

/** What a balancer is made of; those of its algorithm and its candidates are among them. */
export interface LoadBalancerOptions<S extends Server = Server, R extends RouteRequest = RouteRequest>
  extends AnyAlgorithmOptions,
    CandidatesOptions {
  /** Default `round_robin`. */
  algorithm?: AlgorithmName;
  /** True: by session cookie or address, for an hour. Default false. */
  sticky?: Sticky<S, R>;
  /** Most requests to each server in any one second, a whole number of at least 1. Default: no limit. */
  rateLimit?: number;
  /** False: requests and latencies are not counted for `stats`, by a caller that counts them itself. Default true. */
  counts?: boolean;
}

/** One pool of servers. The constructor throws a RangeError for an algorithm or a rate limit that does not exist. */
export class LoadBalancer<S extends Server = Server, R extends RouteRequest = RouteRequest> {
  readonly #servers: S[];
  readonly #members: Set<S>;
  readonly #now: Clock;
  readonly #rateLimit: number | null;
  readonly #candidates: Candidates<S>;
  readonly #algorithm: Algorithm<S>;
  /** The algorithm hashes a request's key. */
  readonly #usesKey: boolean;
  /** Null also if the address alone decides: the ring needs no pins, and gives the same answer everywhere. */
  readonly #affinity: Affinity<S, R> | null;
  /** Picks by address if the affinity says so; null if the algorithm picks. */
  readonly #addressRing: RingHash<S> | null;
  /** Null: nothing is counted. */
  readonly #stats: ServerStats | null;

  constructor(servers: Iterable<S> = [], options: LoadBalancerOptions<S, R> = {}) {
    this.#members = new Set(servers);
    this.#servers = [...this.#members];
    this.#now = options.now ?? systemClock;
    this.#rateLimit = options.rateLimit ?? null;
    this.#stats = options.counts === false ? null : new ServerStats();
    this.#candidates = new Candidates(this.#servers, options);
    const entry = algorithmEntry(options.algorithm ?? "round_robin");
    this.#algorithm = entry.create(this.#candidates, options);
    this.#usesKey = entry.usesKey;
    const affinity = affinityOf(options.sticky ?? false, this.#now);
    const byAddress = affinity !== null && affinity.method !== "cookie";
    this.#addressRing = byAddress ? new RingHash(this.#candidates, options) : null;
    this.#affinity = affinity?.method === "ip" ? null : affinity;
    for (const server of this.#servers) this.#limit(server);
  }

  /** All servers, eligible or not, in their order. */
  get servers(): readonly S[] {
    return this.#servers;
  }

  /** True while unhealthy servers are used because too few are healthy. */
  get panicking(): boolean {
    return this.#candidates.panicking;
  }

  /** Why `server` may not take a new request, or null if it may. A weight of 0 does not count here. */
  ineligibility(server: S, nowMs = this.#now()): Ineligibility | null {
    return this.#candidates.ineligibility(server, nowMs);
  }

  /** Why the algorithm may not pick `server`, or null if it may: only its sessions reach a server of weight 0. */
  pickIneligibility(server: S, nowMs = this.#now()): Ineligibility | "zero_weight" | null {
    return pickIneligibility(server, nowMs, this.#candidates.ignoresHealthOf(server));
  }

  /** The same as `ineligibility` for a request of a session pinned to `server`. */
  sessionIneligibility(server: S, nowMs = this.#now()): Ineligibility | null {
    return this.#candidates.sessionIneligibility(server, nowMs);
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
  decide(request: R, tried?: ReadonlySet<S>, context: DecisionContext<S> = {}): Decision<S> | null {
    // The clock may go on between the look at a limit and the taking.
    for (let looks = 0; looks <= this.#servers.length; looks++) {
      const decision = this.choose(request, tried, context);
      if (decision === null || this.start(decision.server)) return decision;
    }
    return null;
  }

  /** The same without taking a token, for a caller that may not send the request after all. `start` takes the token. */
  choose(request: R, tried?: ReadonlySet<S>, context: DecisionContext<S> = {}): Decision<S> | null {
    const nowMs = this.#now();
    const pinned = this.#affinity?.getServer(request) ?? null;
    const sessionStatus = pinned === null ? "unavailable" : this.#sessionStatus(pinned, tried, nowMs);
    if (pinned !== null && sessionStatus === "serves") return { server: pinned, reason: "affinity" };
    const isFirst = tried === undefined || tried.size === 0;
    let { refused } = context;
    if (pinned !== null && sessionStatus === "busy") {
      if (isFirst && this.#candidates.isRateLimited(pinned, nowMs)) refused?.(pinned);
      // The session's server refused the request. The algorithm's pick is a substitute, so its own preference is not
      // reported.
      refused = undefined;
    }
    const server = this.#pick(request, { now: nowMs, tried, avoid: context.avoid, refused });
    if (server === null) return null;
    // A session whose server is only busy returns to it later, so its pin stays.
    if (sessionStatus === "unavailable") this.#affinity?.pin(request, server);
    return { server, reason: isFirst ? "algorithm" : "failover" };
  }

  /**
   * A request is sent to `server`: takes a token where it is rate-limited, and counts.
   * @returns false: its token is gone since it was chosen, to another request or by time, and it must not be sent there
   */
  start(server: S): boolean {
    if (server.limiter?.take(this.#now()) === false) {
      // The next look must see all limits: where it went by an earlier one it would come upon this server for ever.
      limitsChanged();
      return false;
    }
    this.#stats?.started(server.id);
    return true;
  }

  /** Makes the schedules and rings that picks need, so that no request waits for them. Call it after changes. */
  prepare(): void {
    this.#algorithm.prepare?.();
    this.#addressRing?.prepare();
  }

  /** Adds a server behind the others; one that is there already is ignored. */
  addServer(server: S): void {
    if (this.#members.has(server)) return;
    this.#members.add(server);
    this.#servers.push(server);
    this.#limit(server);
    this.#candidates.invalidate();
  }

  /**
   * Takes the server out at once. `drain` lets its sessions finish first.
   * @param which a server or its id; an unknown one is ignored
   */
  removeServer(which: S | string): void {
    const server = this.#find(which);
    if (server === null || !this.#members.delete(server)) return;
    this.#servers.splice(this.#servers.indexOf(server), 1);
    this.#candidates.invalidate();
    if (this.#affinity instanceof SessionAffinity) this.#affinity.forget(server);
    this.#stats?.forget(server.id);
  }

  /** No new requests go there; those of sessions pinned to it go on. @param which a server or its id */
  drain(which: S | string): void {
    const server = this.#find(which);
    if (server !== null) server.draining = true;
  }

  /** Ends a drain. @param which a server or its id */
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

  /** Records how a request ended, for the statistics, and for the algorithm if it goes by load. */
  report(server: S, result: { failed: boolean; latencyMs: number }): void {
    this.#stats?.ended(result.failed, result.latencyMs);
    this.#algorithm.observe?.(server, result.latencyMs, result.failed, this.#now());
  }

  /** The counts and latencies since the balancer was made. */
  stats(): LoadBalancerStats {
    return (this.#stats ?? new ServerStats()).summary(this.#servers);
  }

  #find(which: S | string): S | null {
    if (typeof which !== "string") return which;
    return this.#servers.find(({ id }) => id === which) ?? null;
  }

  #pick(request: R, context: PickContext<S>): S | null {
    if (this.#addressRing !== null) {
      context.key = addressKey(request);
      return this.#addressRing.next(context);
    }
    if (this.#usesKey) context.key = request.key === undefined ? addressKey(request) : request.key;
    return this.#algorithm.next(context);
  }

  #sessionStatus(server: S, tried: ReadonlySet<S> | undefined, nowMs: number): SessionStatus {
    if (!this.#members.has(server) || tried?.has(server)) return "unavailable";
    const reason = this.#candidates.sessionIneligibility(server, nowMs);
    if (reason === null) return "serves";
    return reason === limitIneligibility(server, nowMs) ? "busy" : "unavailable";
  }

  #limit(server: S): void {
    if (this.#rateLimit !== null) server.limiter ??= new SlidingWindowLimiter(this.#rateLimit);
  }
}

/**
 * State of the server that a session is pinned to. Busy: it is only at a limit, so the session will return.
 * Unavailable: the session needs another server.
 */
type SessionStatus = "serves" | "busy" | "unavailable";

const NO_REQUEST: RouteRequest = Object.freeze({});

function addressKey(request: RouteRequest): string | null {
  return request.clientIp === undefined ? null : clientKey(request.clientIp);
}
