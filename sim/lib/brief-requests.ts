/**
 * The short way of a request, for runs of millions: the isolate's own pick and its own counts, without what is the same
 * for nearly all requests. docs/simulation.md says what it leaves out. A request for which that could matter takes the
 * whole way: the isolate is cold, no origin is free, or its origin has failed.
 * @module
 */
import type { PoolConfig } from "../../src/config/schema.ts";
import { describeRequest } from "../../src/edge/model/edge-request.ts";
import type { EdgeServer } from "../../src/edge/model/edge-server.ts";
import type { Background } from "../../src/edge/model/surroundings.ts";
import type { ActivePool, EdgePool } from "../../src/edge/pool/edge-pool.ts";
import type { PoolSync } from "../../src/edge/sync/pool-sync.ts";
import { LONG_POLL_MS, LONGEST_SCHEDULE_MS, RENEWED_AFTER_MS } from "../../src/edge/sync/sync-state.ts";
import { Client } from "./clients.ts";
import type { IsolateWorld } from "./isolate-world.ts";
import type { Answer } from "./recorder.ts";
import type { SimOrigin, Visitor } from "./sim-origin.ts";
import type { SimSurroundings } from "./sim-surroundings.ts";
import type { SyncCalls } from "./sync-calls.ts";

const NO_SERVERS: ReadonlySet<EdgeServer> = new Set();
/** The pick looks at nothing of it. */
const ANY_REQUEST = describeRequest(new Client(0, 0, "").request("0"), {}, 0);

/** The isolate, as far as its requests need it. */
export interface BriefIsolate {
  readonly pool: EdgePool;
  readonly sync: PoolSync;
  readonly region: number;
  readonly surroundings: Pick<SimSurroundings, "now" | "isAlive">;
  /** To the pool's object. */
  readonly calls: SyncCalls;
  /** The rest of a request takes the whole way. @param cameMs when it came */
  serveWhole(client: Client, cameMs: number): void;
}

interface Times {
  readonly cameMs: number;
  /** By the isolate's clock. */
  readonly startedMs: number;
}

/** A request under way: on its way to the origin, at the origin, on its way back. */
class Open implements Visitor {
  readonly server: EdgeServer;
  readonly origin: SimOrigin;
  readonly client: Client;
  readonly cameMs: number;
  /** By the isolate's clock. */
  readonly startedMs: number;
  readonly #requests: BriefRequests;
  /** Null: it has not reached the origin yet, or has not left it. */
  #isAnswered: boolean | null = null;

  constructor(requests: BriefRequests, client: Client, to: Pick<Open, "server" | "origin">, times: Times) {
    this.#requests = requests;
    this.client = client;
    this.server = to.server;
    this.origin = to.origin;
    this.cameMs = times.cameMs;
    this.startedMs = times.startedMs;
  }

  happen(): void {
    if (this.#isAnswered === null) this.origin.arrive(this);
    else this.#requests.ended(this, this.#isAnswered);
  }

  left(isAnswered: boolean): void {
    this.#isAnswered = isAnswered;
    this.#requests.left(this);
  }
}

/** Picks need neither the object nor anything of the request. */
function allowsBrief({ coordination, sticky, algorithm }: PoolConfig): boolean {
  return coordination === "leased" && sticky === null && algorithm !== "consistent_hash";
}

/** One for an isolate. */
export class BriefRequests {
  readonly #world: IsolateWorld;
  readonly #isolate: BriefIsolate;
  readonly #background: Background;
  /** When the last request ended, and when the one did that keeps the schedule of the report; by the isolate's clock. */
  #endedMs = Number.NEGATIVE_INFINITY;
  #holderMs = Number.NEGATIVE_INFINITY;
  #isWatched = false;
  /**
   * The isolate has called the object, or a request has taken the whole way: work for reports may go on in the background,
   * and only further requests that schedule theirs as on the whole way keep it from reporting on its own.
   */
  #isScheduled = false;

  constructor(world: IsolateWorld, isolate: BriefIsolate, background: Background) {
    this.#world = world;
    this.#isolate = isolate;
    this.#background = background;
  }

  /** @returns false: the request must take the whole way from the beginning */
  begin(client: Client): boolean {
    const isBegun = this.#begin(client);
    if (!isBegun) this.#isScheduled = true;
    return isBegun;
  }

  #begin(client: Client): boolean {
    const { pool, sync } = this.#isolate;
    const { activePool } = pool;
    if (activePool === null || !allowsBrief(activePool.config) || sync.isStale) return false;
    const nowMs = this.#isolate.surroundings.now();
    const server = this.#pick(activePool, nowMs);
    if (server === null) return false;
    pool.requests++;
    pool.retryBudget.deposit(nowMs);
    activePool.balancer.start(server);
    server.activeConnections++;
    this.#send(client, server, nowMs);
    return true;
  }

  #pick({ balancer }: ActivePool, nowMs: number): EdgeServer | null {
    const { pool } = this.#isolate;
    pool.servers.endLocalEjections(nowMs);
    const avoid = pool.recentlyUnreachable.list();
    if (!pool.rates.any) return balancer.choose(ANY_REQUEST, NO_SERVERS, { avoid })?.server ?? null;
    const passedOver: EdgeServer[] = [];
    const refused = (server: EdgeServer): void => void passedOver.push(server);
    const decision = balancer.choose(ANY_REQUEST, NO_SERVERS, { avoid, refused });
    // On the whole way it is refused again, and counted there.
    if (decision === null) return null;
    for (const server of passedOver) pool.refused(server);
    return decision.server;
  }

  #send(client: Client, server: EdgeServer, startedMs: number): void {
    const { queue, network, hosts, measures } = this.#world;
    const origin = hosts.get(server.host);
    if (origin === undefined) throw new RangeError(`no origin at ${server.host}`);
    measures.start(queue.nowMs, origin.id);
    const open = new Open(this, client, { server, origin }, { cameMs: queue.nowMs, startedMs });
    queue.in(network.delayMs(this.#isolate.region, origin.region), open);
  }

  /** The origin is done with it. */
  left(open: Open): void {
    const { queue, network } = this.#world;
    queue.in(network.delayMs(open.origin.region, this.#isolate.region), open);
  }

  /** It is back. */
  ended(open: Open, isAnswered: boolean): void {
    const { pool, surroundings } = this.#isolate;
    const { server, startedMs } = open;
    if (!surroundings.isAlive) {
      this.#answer(open, "lost");
      return;
    }
    const nowMs = surroundings.now();
    server.activeConnections--;
    pool.ended(server, isAnswered ? "success" : "connect_failure", rounded(nowMs - startedMs));
    if (isAnswered) this.#answer(open, "answered");
    else if (this.#isRepeated(open, nowMs)) return;
    else this.#answer(open, "origin_failed");
    this.#report(nowMs);
  }

  #answer({ client, cameMs }: Open, answer: Answer): void {
    const { queue, measures } = this.#world;
    measures.ended(queue.nowMs, { client, cameMs, answer, line: null });
  }

  /** Its origin has failed: the rest of it takes the whole way, with its report. False: it may not be repeated. */
  #isRepeated({ server, cameMs, client }: Open, nowMs: number): boolean {
    const { pool, serveWhole } = this.#isolate;
    const mayRepeat = (pool.activePool?.config.failover.max_attempts ?? 1) > 1;
    if (!mayRepeat || !pool.retryBudget.withdraw(nowMs)) return false;
    pool.outcomes.retry(server.id);
    // It is counted again there.
    pool.requests--;
    this.#isScheduled = true;
    serveWhole(client, cameMs);
    this.#world.queue.settle();
    return true;
  }

  /** As at the end of each request. */
  #report(nowMs: number): void {
    const { pool, sync } = this.#isolate;
    this.#endedMs = nowMs;
    // When the pace is over, the watch calls.
    const mayBeDue = this.#isScheduled || pool.hasUrgentReport || pool.cursor.isLow;
    if (mayBeDue && sync.isDue) this.#call();
    else if (this.#isScheduled) sync.scheduleReport(this.#background);
    else {
      if (nowMs - this.#holderMs >= RENEWED_AFTER_MS) this.#holderMs = nowMs;
      if (!this.#isWatched) this.#watch(nowMs);
    }
  }

  #call(): void {
    this.#isScheduled = true;
    this.#isolate.sync.start(this.#background);
    this.#world.queue.settle();
  }

  /** What has ended is reported when it is due, though no other request comes, and before the platform ends the wait. */
  #watch(nowMs: number): void {
    const { sentMs, paceMs } = this.#isolate.calls;
    const untilMs = Math.min(sentMs + paceMs, this.#holderMs + LONGEST_SCHEDULE_MS);
    this.#isWatched = true;
    this.#world.queue.in(Math.max(LONG_POLL_MS, untilMs - nowMs), () => this.#look());
  }

  #look(): void {
    this.#isWatched = false;
    const { calls } = this.#isolate;
    const { isAlive, now } = this.#isolate.surroundings;
    // Nothing has ended since: the next request that ends begins to watch again.
    if (!isAlive || this.#isScheduled || calls.sentMs >= this.#endedMs) return;
    const nowMs = now();
    if (this.#isolate.sync.isDue || nowMs >= this.#holderMs + LONGEST_SCHEDULE_MS) this.#call();
    else this.#watch(nowMs);
  }
}

/** To a quarter of a doubling: an isolate would keep a count for each hundredth, until the object has heard of it. */
function rounded(latencyMs: number): number {
  return latencyMs < 1 ? latencyMs : 2 ** (Math.round(4 * Math.log2(latencyMs)) / 4);
}
