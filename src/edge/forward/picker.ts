/**
 * Chooses the origins for the attempts of one request: in the isolate, from snapshot and leases, or, for a strict
 * pool, by asking the object.
 * @module
 */
import type { Decision, DecisionReason } from "../../core/load-balancer.ts";
import type { Clock } from "../../core/system.ts";
import type { EdgeRequest } from "../model/edge-request.ts";
import type { EdgeServer } from "../model/edge-server.ts";
import { type OnRelease, releaseOf } from "../model/in-flight.ts";
import type { Background } from "../model/surroundings.ts";
import type { ActivePool } from "../pool/edge-pool.ts";
import { LONGEST_WITHHELD_WAIT_MS, type TokenSeeker } from "../pool/token-waits.ts";
import type { PoolHandle } from "../sync/isolate.ts";

/** An origin for one attempt. */
export interface OriginPick {
  readonly server: EdgeServer;
  readonly reason: DecisionReason;
  /** Called when the answer has ended; null: no call is needed. */
  readonly onRelease: OnRelease | null;
  /**
   * The request is about to be sent: takes its token from the rate limit. A strict pool's object has taken it with its pick.
   * @returns false: the token is gone since the pick, to another request or by time, so that another pick is needed
   */
  take(): boolean;
}

/** Most requests fail nowhere, and need no set of their own. */
const NO_SERVERS: ReadonlySet<EdgeServer> = new Set();

export class Picker {
  readonly #edge: EdgeRequest;
  readonly #handle: PoolHandle;
  #activePool: ActivePool;
  readonly #now: Clock;
  readonly #background: Background;
  readonly #mayLeave: () => boolean;
  /** Failed this request in this round, or for good. */
  #tried: ReadonlySet<EdgeServer> = NO_SERVERS;
  /** Answered, or took too long to: not tried again. */
  #responded: ReadonlySet<EdgeServer> = NO_SERVERS;
  /** No round has begun anew: origins that could not be reached a moment ago are passed over. */
  #passesOver = true;
  /** True if no token is requested any more: the object was asked, or asking made no sense. */
  #tokensRequested = false;
  /** The pick that the object was asked for last; null: it was not asked. */
  #asked: Promise<OriginPick | null> | null = null;
  /** It waits for a token, or has a pick whose token it has not taken yet; null: neither. */
  #seeker: TokenSeeker | null = null;
  /** Milliseconds until a rate limit lets a request through, if that is why no origin was eligible; else null. */
  retryAfterMs: number | null = null;

  /** @param mayLeave true if another pool may serve the request where this one does not, or had it before */
  constructor(
    edge: EdgeRequest,
    handle: PoolHandle,
    activePool: ActivePool,
    now: Clock,
    background: Background,
    mayLeave: () => boolean,
  ) {
    this.#edge = edge;
    this.#handle = handle;
    this.#activePool = activePool;
    this.#now = now;
    this.#background = background;
    this.#mayLeave = mayLeave;
  }

  /** The pool as it was when the last pick was made. */
  get activePool(): ActivePool {
    return this.#activePool;
  }

  /**
   * An origin that this request has not been sent to in this round; null if none is eligible. It returns a promise only
   * if the object is asked: a promise would be the most expensive part of a pick.
   */
  next(): OriginPick | null | Promise<OriginPick | null> {
    const activePool = this.#look();
    if (activePool === null) return null;
    if (activePool.config.coordination !== "strict") return this.#pickHere();
    this.#asked = this.#pickAtObjectFirst(activePool);
    return this.#asked;
  }

  /** There is an origin that could be tried next. */
  get hasAnother(): boolean {
    const { balancer } = this.#activePool;
    return balancer.servers.some(
      (server) => !this.#tried.has(server) && balancer.pickIneligibility(server) === null,
    );
  }

  /** An attempt there has failed. @param couldReach false: it may be asked once more, when all have been tried */
  failed(server: EdgeServer, couldReach: boolean): void {
    this.#tried = new Set(this.#tried).add(server);
    if (couldReach) this.#responded = new Set(this.#responded).add(server);
  }

  /** All have been tried: begins anew with those that could not be reached. False: there are none. */
  startRound(): boolean {
    if (this.#tried.size === this.#responded.size) return false;
    this.#tried = this.#responded;
    this.#passesOver = false;
    return true;
  }

  /** The client has left, or we have failed: no token is requested any more, and a pick that comes is given back. */
  close(): void {
    this.#tokensRequested = true;
    // Else nobody might hear of the pick, which would count at the object for seconds.
    if (this.#asked !== null) this.#background.waitUntil(this.#asked);
    if (this.#seeker !== null) this.#handle.pool.rates.waits.seekers.delete(this.#seeker);
  }

  /**
   * The pool as it is now: a retry may come half a minute after the first attempt, and a pick may wait for seconds, when
   * an origin or the pool is gone. Null: the pool is.
   */
  #look(): ActivePool | null {
    const { activePool } = this.#handle.pool;
    if (activePool !== null) this.#activePool = activePool;
    return activePool;
  }

  /** Could not be reached a moment ago. */
  get #avoid(): ReadonlySet<EdgeServer> {
    return this.#passesOver ? this.#handle.pool.recentlyUnreachable.list() : NO_SERVERS;
  }

  /** Asks the object, which may not answer, or know origins that this isolate's snapshot does not have yet. */
  async #pickAtObject(activePool: ActivePool): Promise<OriginPick | null | "pick_here"> {
    const { strict, pool } = this.#handle;
    const attempt = strict.nextAttempt();
    const answer = await strict.pick({
      attempt,
      client_ip: this.#edge.clientIp,
      key: this.#edge.key,
      pinned: activePool.cookies?.getServer(this.#edge)?.id ?? null,
      // To the object, which may think otherwise, what cannot be reached from here is as what has been tried.
      tried: [...idsOf(this.#tried), ...pool.servers.unbound],
      avoid: idsOf(this.#avoid),
      untried_only: true,
    });
    if (answer === null) return "pick_here";
    this.retryAfterMs = answer.retry_after_ms;
    if (answer.origin === null || answer.reason === null) return null;
    const onRelease: OnRelease = (result) => {
      this.#background.waitUntil(strict.release({ attempt, ...releaseOf(result) }));
    };
    const server = pool.server(answer.origin);
    if (server === null || this.#tried.has(server) || pool.servers.unbound.includes(server.id)) {
      onRelease("not_sent");
      // An object that knows of no exclusion gives a tried one where no other is left.
      return server === null ? "pick_here" : null;
    }
    if (answer.repinned) activePool.cookies?.pin(this.#edge);
    return { server, reason: answer.reason, onRelease, take: TAKEN };
  }

  async #pickAtObjectFirst(activePool: ActivePool): Promise<OriginPick | null> {
    const picked = await this.#pickAtObject(activePool);
    return picked === "pick_here" ? this.#pickHere() : picked;
  }

  #pickHere(): OriginPick | null | Promise<OriginPick | null> {
    const { rates, refused } = this.#handle.pool;
    if (!rates.any) return this.#picked(this.#choose());
    const refusedAt: EdgeServer[] = [];
    const decision = this.#choose((server) => {
      refused(server);
      refusedAt.push(server);
    });
    return decision === null && !this.#tokensRequested
      ? this.#pickWithToken(refusedAt)
      : this.#picked(decision);
  }

  /**
   * If only rate limits keep the request from an origin, the object is asked for a token, as often as it allows until
   * the request's patience ends. A request that waited for another request's call, and came too late for its tokens,
   * asks as well; otherwise a burst would be refused below the limit.
   * @param refusedAt origins at which it counts as demand; if it is served it counts there, and not twice
   */
  async #pickWithToken(refusedAt: readonly EdgeServer[]): Promise<OriginPick | null> {
    const { pool, tokens } = this.#handle;
    let decision: Decision<EdgeServer> | null = null;
    // One that comes too late for the token of its pick waits on, and not anew.
    const seeker = this.#seeker ?? { sinceMs: this.#now(), patienceMs: this.#patienceMs };
    this.#seeker = seeker;
    while (decision === null && !this.#tokensRequested && pool.activePool !== null) {
      const result = await tokens.request(this.#background, seeker);
      if (result === "useless") this.#tokensRequested = true;
      else decision = this.#choose();
    }
    if (decision !== null) for (const { leased } of refusedAt) leased?.servedLater();
    return this.#picked(decision);
  }

  /**
   * How long a withheld part of a limit is worth the wait: not at all if another pool or origin may answer, or was asked; and
   * half of the request's time is left to the origin.
   */
  get #patienceMs(): number {
    if (this.#mayLeave() || this.#tried.size > 0) return 0;
    return Math.min(LONGEST_WITHHELD_WAIT_MS, this.#activePool.config.failover.total_timeout * 500);
  }

  #choose(refused?: (server: EdgeServer) => void): Decision<EdgeServer> | null {
    const activePool = this.#look();
    if (activePool === null) return null;
    this.#handle.pool.servers.endLocalEjections(this.#now());
    const context = { avoid: this.#avoid, refused };
    const decision = activePool.balancer.choose(this.#edge, this.#tried, context);
    // Where no other is left, it is one that has just failed this request.
    return decision === null || this.#tried.has(decision.server) ? null : decision;
  }

  #picked(decision: Decision<EdgeServer> | null): OriginPick | null {
    if (decision === null) {
      const { activePool, rates } = this.#handle.pool;
      this.retryAfterMs = activePool === null ? null : rates.retryAfterMs(this.#now());
      return null;
    }
    const { server, reason } = decision;
    return { server, reason, onRelease: null, take: () => this.#take(server) };
  }

  #take(server: EdgeServer): boolean {
    const isTaken = this.#activePool.balancer.start(server);
    if (isTaken) this.#seeker = null;
    return isTaken;
  }
}

const TAKEN = (): boolean => true;

function idsOf(servers: ReadonlySet<EdgeServer>): string[] {
  return [...servers].map(({ id }) => id);
}
