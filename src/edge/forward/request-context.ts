/**
 * One client request and everything that is opened to serve it. Knows whether the client is still there, and releases
 * everything when the client leaves or this program fails.
 * @module
 */

import type { Clock } from "../../core/system.ts";
import type { Locations } from "../location/locations.ts";
import { EdgeWhereRequest } from "../location/where-request.ts";
import { RequestLog } from "../log/request-log.ts";
import type { EdgeRequest } from "../model/edge-request.ts";
import type { Background, Surroundings, Timer, TimerStarter } from "../model/surroundings.ts";
import type { IsolateState } from "../sync/isolate.ts";
import type { PoolSync } from "../sync/pool-sync.ts";
import type { UnroutedReports } from "../sync/unrouted-reports.ts";
import type { RequestTools } from "../tools/request-tools.ts";
import type { Exchange } from "./exchange.ts";
import { ReplayableBody } from "./replayable-body.ts";

/** A pool that the request goes to. */
interface Serving {
  readonly exchange: Exchange;
  readonly sync: PoolSync;
}

/** Most requests go to one pool only. */
const NO_EARLIER: readonly Serving[] = [];

/** Thrown to end work for a client that has gone. It is never reported. */
export class ClientLeft extends Error {}

export class RequestContext implements TimerStarter {
  readonly edge: EdgeRequest;
  readonly surroundings: Surroundings;
  readonly now: Clock;
  readonly background: Background;
  readonly log: RequestLog;
  /** Shared by the pools that the request goes to: one may have read it already. */
  readonly body: ReplayableBody;
  #serving: Serving | null = null;
  /** The pools it went to before. One of them may have given the answer. */
  #earlier: readonly Serving[] = NO_EARLIER;
  readonly #unrouted: UnroutedReports;
  /** The last one started: there is one at a time. */
  #timer: Timer | null = null;
  #hasLeft = false;
  readonly #locations: Locations;
  #where: EdgeWhereRequest | null = null;
  /** Changes that its route makes to it and its answer; null: none, or no route is known yet. */
  tools: RequestTools | null = null;

  constructor(
    edge: EdgeRequest,
    background: Background,
    { surroundings, unrouted, locations }: IsolateState,
  ) {
    this.edge = edge;
    this.surroundings = surroundings;
    this.now = surroundings.now;
    this.background = background;
    this.log = new RequestLog(edge, surroundings, unrouted);
    this.#unrouted = unrouted;
    this.#locations = locations;
    this.body = new ReplayableBody(edge.request, surroundings.now);
  }

  /** The client's place, and the other properties that conditions read. */
  get where(): EdgeWhereRequest {
    this.#where ??= new EdgeWhereRequest(this.edge, this.#locations);
    return this.#where;
  }

  /** From when all attempts in all pools are timed: the arrival, or the end of a body that was read first. */
  get timedFromMs(): number {
    return this.body.readMs ?? this.edge.startedAtMs;
  }

  /** A timer of this request, which ends with its client. */
  startTimer(ms: number, onFire: () => void): Timer {
    this.#timer = this.surroundings.startTimer(ms, onFire);
    return this.#timer;
  }

  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  /**
   * To be called after each `await`: while anything is in `waitUntil`, code goes on for a client that has left
   * (docs/platform.md, client disconnect).
   * @throws ClientLeft
   */
  checkPresence(): void {
    if (this.#hasLeft) throw new ClientLeft();
  }

  /** A pool takes the request on. */
  enter(exchange: Exchange, sync: PoolSync): void {
    if (this.#serving !== null) this.#earlier = [...this.#earlier, this.#serving];
    this.#serving = { exchange, sync };
  }

  /**
   * The client has gone. Everything is released here and now, because no other code may run afterwards, not even a
   * `finally`.
   */
  leave(): void {
    this.#hasLeft = true;
    // While anything is in `waitUntil` it would still fire.
    this.#timer?.stop();
    this.log.clientLeft();
    this.close();
    if (this.#serving === null) this.#unrouted.scheduleReport(this.background);
  }

  /**
   * Makes sure that the end of the request is reported. Its connections are released only now, and if no other request
   * comes for long, nothing else would report that.
   */
  report(): void {
    if (this.#serving === null) this.#unrouted.scheduleReport(this.background);
    else this.#tell(this.#serving);
    for (const serving of this.#earlier) this.#tell(serving);
  }

  #tell({ sync }: Serving): void {
    if (sync.isCrowded) this.#locations.meet(this.edge);
    if (sync.isDue) sync.start(this.background);
    else sync.scheduleReport(this.background);
  }

  /** Releases everything that is open, and schedules a report of it. */
  close(): void {
    if (this.#serving !== null) this.#close(this.#serving);
    for (const serving of this.#earlier) this.#close(serving);
  }

  #close({ exchange, sync }: Serving): void {
    exchange.close();
    sync.scheduleReport(this.background);
  }
}
