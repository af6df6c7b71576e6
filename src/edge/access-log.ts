/**
 * The request log: what a line says, and which requests get one. A line holds no query, no cookie, no secret and
 * no origin's address, only its id.
 * @module
 */
import type { PoolConfig } from "../config/schema.ts";
import type { DecisionReason } from "../core/load-balancer.ts";
import type { ProblemType } from "./answers.ts";

/** How one request went, known when its answer's headers go to the client. */
export interface AccessRecord {
  requestId: string;
  method: string;
  /** Without the query. */
  path: string;
  /** Null if no route matched, or something failed before. */
  pool: string | null;
  /** Id of the origin that was tried last; null if none was. */
  origin: string | null;
  /** The client's. */
  status: number;
  /** From the request's arrival to the answer's headers: how long the body takes is not known then. */
  durationMs: number;
  attempts: number;
  /** Why that origin, or why there is no origin's answer. */
  why: DecisionReason | ProblemType | "client_closed";
}

/** What takes data points: the Analytics Engine binding. */
export interface DataPointSink {
  writeDataPoint(point: { indexes: string[]; blobs: string[]; doubles: number[] }): void;
}

/** The status nginx logs for a client that left before it was answered. Never sent: there is nobody to send it to. */
export const CLIENT_CLOSED_STATUS = 499;

const CHOSEN: ReadonlySet<string> = new Set<DecisionReason | "client_closed">([
  "affinity",
  "algorithm",
  "failover",
  "client_closed",
]);
/** Log lines are cut by the platform somewhere; a path is cut here, so that what follows it stays readable. */
const LONGEST_PATH = 2_048;

/** Errors and slow requests always; of the others `log.sample`. Without a pool only errors are left to log. */
export function isLogged(record: AccessRecord, log: PoolConfig["log"] | null, random: () => number): boolean {
  if (record.status >= 500 || !CHOSEN.has(record.why) || log === null) return true;
  if (record.durationMs >= log.slow * 1_000) return true;
  return log.sample >= 1 || random() < log.sample;
}

/** The line, in the names that are documented. */
export function accessLine(record: AccessRecord): Record<string, unknown> {
  return {
    request_id: record.requestId,
    method: record.method,
    path: record.path.slice(0, LONGEST_PATH),
    pool: record.pool,
    origin: record.origin,
    status: record.status,
    duration_ms: record.durationMs,
    attempts: record.attempts,
    why: record.why,
  };
}

/** One point per request: index pool; blobs pool, origin, why, status class; doubles duration in ms, attempts. */
export function writePoint(sink: DataPointSink, record: AccessRecord): void {
  const pool = record.pool ?? "";
  sink.writeDataPoint({
    indexes: [pool],
    blobs: [pool, record.origin ?? "", record.why, `${Math.floor(record.status / 100)}xx`],
    doubles: [record.durationMs, record.attempts],
  });
}
