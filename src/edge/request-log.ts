/**
 * One request's line in the log: gathers what is known on the way, and writes once.
 * @module
 */
import type { PoolConfig } from "../config/schema.ts";
import { systemRandom } from "../core/system.ts";
import type { Env } from "../platform/env.ts";
import { logLine } from "../platform/log.ts";
import { type AccessRecord, accessLine, CLIENT_CLOSED_STATUS, isLogged, writePoint } from "./access-log.ts";
import type { ProblemType } from "./answers.ts";
import type { EdgeRequest } from "./edge-request.ts";
import type { Exchange } from "./exchange.ts";

export class RequestLog {
  readonly #edge: EdgeRequest;
  readonly #env: Env;
  #pool: string | null = null;
  #config: PoolConfig["log"] | null = null;
  #exchange: Pick<Exchange, "attempts" | "server" | "reason"> | null = null;
  #problem: ProblemType | null = null;
  #written = false;

  constructor(edge: EdgeRequest, env: Env) {
    this.#edge = edge;
    this.#env = env;
  }

  /** The request goes to a pool; the last one it goes to is the one that is named. */
  enter(pool: string, config: PoolConfig, exchange: Exchange): void {
    this.#pool = pool;
    this.#config = config.log;
    this.#exchange = exchange;
  }

  /** It is answered here, with a problem. */
  refuse(type: ProblemType): void {
    this.#problem = type;
  }

  /** The answer's headers go to the client. */
  answered(status: number): void {
    this.#write(status, this.#problem ?? this.#exchange?.reason ?? "internal");
  }

  /** The client left; nothing is logged if it had its answer's headers by then. */
  clientLeft(): void {
    this.#write(CLIENT_CLOSED_STATUS, "client_closed");
  }

  #write(status: number, why: AccessRecord["why"]): void {
    if (this.#written) return;
    this.#written = true;
    const record: AccessRecord = {
      requestId: this.#edge.id,
      method: this.#edge.method,
      path: this.#edge.path,
      pool: this.#pool,
      origin: this.#exchange?.server?.id ?? null,
      status,
      durationMs: Date.now() - this.#edge.startedAtMs,
      attempts: this.#exchange?.attempts ?? 0,
      why,
    };
    if (this.#env.ANALYTICS !== undefined) writePoint(this.#env.ANALYTICS, record);
    if (isLogged(record, this.#config, systemRandom)) logLine(accessLine(record));
  }
}
