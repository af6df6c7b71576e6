/**
 * One request's line in the log, and its count among the answers to clients. It collects the facts on the way, and
 * writes once.
 * @module
 */

import type { PoolConfig } from "../../config/schema.ts";
import type { DecisionReason } from "../../core/load-balancer.ts";
import type { ClientCounts } from "../../core/metrics/client-counts.ts";
import type { EdgeRequest } from "../model/edge-request.ts";
import type { EdgeServer } from "../model/edge-server.ts";
import type { Surroundings } from "../model/surroundings.ts";
import type { ProblemType } from "../response/problem.ts";
import {
  type AccessRecord,
  accessLine,
  CLIENT_CLOSED_STATUS,
  isLogged,
  type SteeredRecord,
  writePoint,
} from "./access-log.ts";

/** An exchange with a pool (forward/exchange.ts), as far as the log shows it. Its fields change until it ends. */
interface LoggedExchange {
  readonly activePool: { readonly config: Pick<PoolConfig, "log"> };
  readonly attempts: number;
  readonly server: EdgeServer | null;
  readonly reason: DecisionReason | null;
}

/** A request's visit to a pool (forward/pool-visit.ts), as far as the log shows it. */
interface LoggedVisit {
  readonly pool: { readonly id: string; readonly outcomes: HasClientCounts };
  readonly exchange: LoggedExchange;
  /** Null: its route has one pool. */
  readonly steered: SteeredRecord | null;
}

/** The counters of answers to clients. */
export interface HasClientCounts {
  readonly clients: ClientCounts;
}

const NO_VISIT = { pool: null, exchange: null, steered: null };

export class RequestLog {
  readonly #edge: EdgeRequest;
  readonly #surroundings: Surroundings;
  /** Counts answers to requests that no pool handled. */
  readonly #unrouted: HasClientCounts;
  #route: string | null = null;
  /** Names the pool, whose counters count the answer. */
  #visit: LoggedVisit | null = null;
  /** Attempts in pools that the request went to before, or after, the one that is named. */
  #attemptsElsewhere = 0;
  #problem: ProblemType | "answered_here" | null = null;
  #written = false;

  constructor(edge: EdgeRequest, surroundings: Surroundings, unrouted: HasClientCounts) {
    this.#edge = edge;
    this.#surroundings = surroundings;
    this.#unrouted = unrouted;
  }

  /** A route matched. */
  routed(label: string): void {
    this.#route = label;
  }

  /** The request goes to a pool; the last one it goes to is the one that is named. */
  enter(visit: LoggedVisit): void {
    this.#attemptsElsewhere += this.#visit?.exchange.attempts ?? 0;
    this.#visit = visit;
  }

  /** No later pool did better than this earlier one, so the client gets this one's result. */
  standBy(visit: LoggedVisit): void {
    this.#attemptsElsewhere -= visit.exchange.attempts;
    this.enter(visit);
  }

  /** It is answered here, with a problem. */
  refuse(type: ProblemType): void {
    this.#problem = type;
  }

  /** Its route answers it. */
  answeredHere(): void {
    this.#problem = "answered_here";
  }

  /** The answer's headers go to the client. */
  answered(status: number): void {
    this.#write(status, this.#problem ?? this.#visit?.exchange.reason ?? "internal");
  }

  /** The client left; nothing is logged if it had its answer's headers by then. */
  clientLeft(): void {
    this.#write(CLIENT_CLOSED_STATUS, "client_closed");
  }

  #write(status: number, why: AccessRecord["why"]): void {
    if (this.#written) return;
    this.#written = true;
    const { pool, exchange, steered } = this.#visit ?? NO_VISIT;
    const record: AccessRecord = {
      requestId: this.#edge.id,
      method: this.#edge.method,
      path: this.#edge.path,
      route: this.#route,
      pool: pool?.id ?? null,
      origin: exchange?.server?.id ?? null,
      status,
      durationMs: this.#surroundings.now() - this.#edge.startedAtMs,
      attempts: this.#attemptsElsewhere + (exchange?.attempts ?? 0),
      why,
      ...(steered && { steered }),
    };
    const holder = pool?.outcomes ?? this.#unrouted;
    if (why === "client_closed") holder.clients.recordClientClosed();
    else {
      const { durationMs } = record;
      const { host } = this.#edge;
      holder.clients.recordAnswer({ status, durationMs, route: this.#route, host, problem: this.#problem });
    }
    const { settings, random } = this.#surroundings;
    if (settings.ANALYTICS !== undefined) writePoint(settings.ANALYTICS, record);
    if (isLogged(record, exchange?.activePool.config.log ?? null, random)) {
      this.#surroundings.log(accessLine(record));
    }
  }
}
