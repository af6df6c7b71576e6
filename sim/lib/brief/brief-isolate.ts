/**
 * The short way of requests in an isolate: its own pick and its own counts. A request for which the rest could matter
 * takes the whole way: the isolate is cold, no origin is free, or its origin has failed.
 * @module
 */
import { describeRequest } from "../../../src/edge/model/edge-request.ts";
import type { EdgeServer } from "../../../src/edge/model/edge-server.ts";
import type { Background } from "../../../src/edge/model/surroundings.ts";
import type { ActivePool, EdgePool } from "../../../src/edge/pool/edge-pool.ts";
import type { PoolSync } from "../../../src/edge/sync/pool-sync.ts";
import { Client } from "../clients.ts";
import type { SimSurroundings } from "../sim-surroundings.ts";
import type { SyncCalls } from "../sync-calls.ts";
import { allowsBrief, goesByTurns } from "./brief-pools.ts";
import type { BriefTraffic } from "./brief-traffic.ts";
import { MOST_AHEAD } from "./quiet-isolates.ts";

const NO_SERVERS: ReadonlySet<EdgeServer> = new Set();
/** The pick looks at nothing of it. */
const ANY_REQUEST = describeRequest(new Client(0, 0, "").request("0"), {}, 0);

/** The isolate, as far as its requests need it. */
export interface Isolate {
  /** From 0 on, in the order in which they came up. */
  readonly number: number;
  readonly region: number;
  readonly pool: EdgePool;
  readonly sync: PoolSync;
  readonly surroundings: Pick<SimSurroundings, "now" | "isAlive">;
  /** To the pool's object. */
  readonly calls: SyncCalls;
  /** Work that goes on after a request. */
  readonly background: Background;
  /** The rest of a request takes the whole way. @param cameMs when it came */
  serveWhole(client: Client, cameMs: number): void;
}

export class BriefIsolate {
  readonly #traffic: BriefTraffic;
  readonly #isolate: Isolate;
  /**
   * The isolate has called the object, or a request has taken the whole way: work for reports may go on in the background,
   * and only further requests that schedule theirs as on the whole way keep it from reporting on its own.
   */
  #isScheduled = false;

  constructor(traffic: BriefTraffic, isolate: Isolate) {
    this.#traffic = traffic;
    this.#isolate = isolate;
    traffic.add(isolate.number, isolate.region, this);
  }

  /** @returns false: the request must take the whole way from the beginning */
  begin(client: Client): boolean {
    this.catchUp();
    const isBegun = this.#begin(client);
    if (!isBegun) this.#isScheduled = true;
    return isBegun;
  }

  #begin({ index }: Client): boolean {
    const { number, pool, sync, surroundings } = this.#isolate;
    const { activePool } = pool;
    if (activePool === null || !allowsBrief(activePool.config) || sync.isStale) return false;
    const nowMs = surroundings.now();
    const server = this.#pick(activePool, nowMs);
    if (server === null) return false;
    this.#count(activePool, server, nowMs);
    const { queue, requests } = this.#traffic;
    const request = requests.open(number, index, this.#traffic.indexOf(server.id), queue.nowMs);
    requests.tell(request);
    this.#traffic.send(request);
    this.#pickAhead(activePool, nowMs);
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

  #count({ balancer }: ActivePool, server: EdgeServer, nowMs: number): void {
    const { pool } = this.#isolate;
    pool.requests++;
    pool.retryBudget.deposit(nowMs);
    balancer.start(server);
    server.activeConnections++;
  }

  /** Picks for the next requests. Nothing but what wakes the isolate can make them others before the pace is over. */
  #pickAhead(activePool: ActivePool, nowMs: number): void {
    const { number, pool, calls } = this.#isolate;
    if (this.#isScheduled || pool.hasUrgentReport || pool.rates.any) return;
    if (!goesByTurns(activePool.config) || pool.recentlyUnreachable.list().size > 0) return;
    const { isLow } = pool.cursor;
    const dueMs = calls.sentMs + (isLow ? calls.earlyMs : calls.paceMs);
    if (nowMs >= dueMs) return;
    const picks: number[] = [];
    while (picks.length < MOST_AHEAD && pool.cursor.isLow === isLow) {
      const server = this.#pick(activePool, nowMs);
      if (server !== null) picks.push(this.#traffic.indexOf(server.id));
    }
    this.#traffic.quiet.rest(number, picks, this.#atMs(dueMs));
  }

  /** The true time when the isolate's clock says so, to within its millisecond. */
  #atMs(clockMs: number): number {
    return this.#traffic.queue.nowMs + clockMs - this.#isolate.surroundings.now();
  }

  /**
   * The isolate is told of the requests that it does not know of yet, with its clock at the times when they were. To be
   * called before anything else happens in it.
   */
  catchUp(): void {
    const { quiet, queue, requests } = this.#traffic;
    const noted = quiet.wake(this.#isolate.number);
    if (noted.length === 0) return;
    const { nowMs } = queue;
    for (const request of noted) this.#tellBegin(request);
    const answered = noted.filter((request) => requests.hasAnswer(request));
    const { answeredMs } = requests;
    answered.sort((a, b) => (answeredMs[a] ?? 0) - (answeredMs[b] ?? 0));
    for (const request of answered) {
      queue.nowMs = answeredMs[request] ?? nowMs;
      this.#tellEnd(request, true);
      requests.close(request);
    }
    queue.nowMs = nowMs;
  }

  #tellBegin(request: number): void {
    const { queue, requests } = this.#traffic;
    const { pool, surroundings } = this.#isolate;
    requests.tell(request);
    queue.nowMs = requests.cameMs[request] ?? 0;
    const server = this.#serverOf(request);
    if (pool.activePool !== null && server !== null) this.#count(pool.activePool, server, surroundings.now());
  }

  #serverOf(request: number): EdgeServer | null {
    return this.#isolate.pool.server(this.#traffic.originOf(request).id);
  }

  #tellEnd(request: number, isAnswered: boolean): void {
    const { queue, requests } = this.#traffic;
    const server = this.#serverOf(request);
    if (server === null) return;
    const startedMs = this.#clockAt(requests.cameMs[request] ?? 0);
    server.activeConnections--;
    const latencyMs = rounded(this.#clockAt(queue.nowMs) - startedMs);
    this.#isolate.pool.ended(server, isAnswered ? "success" : "connect_failure", latencyMs);
  }

  #clockAt(ms: number): number {
    const { queue } = this.#traffic;
    const { nowMs } = queue;
    queue.nowMs = ms;
    const clockMs = this.#isolate.surroundings.now();
    queue.nowMs = nowMs;
    return clockMs;
  }

  /** A request that the isolate knows of is back. */
  ended(request: number, isAnswered: boolean): void {
    if (!this.#isolate.surroundings.isAlive) {
      this.#traffic.answer(request, "lost");
      return;
    }
    this.#tellEnd(request, isAnswered);
    if (isAnswered) this.#traffic.answer(request, "answered");
    else if (this.#isRepeated(request)) return;
    else this.#traffic.answer(request, "origin_failed");
    this.#report();
  }

  /** Its origin has failed: the rest of it takes the whole way, with its report. False: it may not be repeated. */
  #isRepeated(request: number): boolean {
    const { pool, surroundings, serveWhole } = this.#isolate;
    const mayRepeat = (pool.activePool?.config.failover.max_attempts ?? 1) > 1;
    if (!mayRepeat || !pool.retryBudget.withdraw(surroundings.now())) return false;
    pool.outcomes.retry(this.#traffic.originOf(request).id);
    // It is counted again there.
    pool.requests--;
    this.#isScheduled = true;
    serveWhole(this.#traffic.clientOf(request), this.#traffic.requests.cameMs[request] ?? 0);
    this.#traffic.queue.settle();
    return true;
  }

  /** As at the end of each request. */
  #report(): void {
    const { number, pool, sync, background } = this.#isolate;
    const { watch, queue } = this.#traffic;
    // When the pace is over, the look calls.
    const mayBeDue = this.#isScheduled || pool.hasUrgentReport || pool.cursor.isLow;
    if (mayBeDue && sync.isDue) this.#call();
    else if (this.#isScheduled) sync.scheduleReport(background);
    else if (watch.ended(number, queue.nowMs)) this.planLook();
  }

  #call(): void {
    this.catchUp();
    this.#isScheduled = true;
    this.#isolate.sync.start(this.#isolate.background);
    this.#traffic.queue.settle();
  }

  /** What has ended is reported when it is due, though no other request comes, and before the platform ends the wait. */
  planLook(): void {
    const { number, calls } = this.#isolate;
    this.#traffic.planLook(number, this.#atMs(calls.sentMs + calls.paceMs));
  }

  /** It is time to look whether a report is due. */
  look(): void {
    const { number, sync, calls, surroundings } = this.#isolate;
    const { watch, queue } = this.#traffic;
    const isLast = watch.look(number, queue.nowMs);
    // Nothing has ended since: the next request that ends plans another look.
    if (!surroundings.isAlive || this.#isScheduled || !watch.hasEndedAfter(number, this.#atMs(calls.sentMs)))
      return;
    if (sync.isDue || isLast) this.#call();
    else this.planLook();
  }
}

/** To a quarter of a doubling: an isolate would keep a count for each hundredth, until the object has heard of it. */
function rounded(latencyMs: number): number {
  return latencyMs < 1 ? latencyMs : 2 ** (Math.round(4 * Math.log2(latencyMs)) / 4);
}
