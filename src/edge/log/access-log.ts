/**
 * The request log: makes the lines, and decides which requests get one. A line holds no query, no cookie, no secret and
 * no origin's address, only its id.
 * @module
 */
import type { PoolConfig } from "../../config/schema.ts";
import type { DecisionReason } from "../../core/load-balancer.ts";
import { LONGEST_KEY } from "../../core/metrics/client-counts.ts";
import type { Arrival } from "../../core/steering/choose-pool.ts";
import type { Region } from "../../core/steering/regions.ts";
import type { DataPointSink } from "../model/surroundings.ts";
import type { ProblemType } from "../response/problem.ts";

/** How one request went, known when its answer's headers go to the client. */
export interface AccessRecord {
  requestId: string;
  method: string;
  /** Without the query. */
  path: string;
  /** Label of the route, with its conditions; null if none matched. */
  route: string | null;
  /** Null if no route matched, or something failed before. */
  pool: string | null;
  /** Id of the origin that answered, or else of the one that was tried last; null if none was. */
  origin: string | null;
  /** The client's. */
  status: number;
  /** From the request's arrival to the answer's headers: how long the body takes is not known then. */
  durationMs: number;
  attempts: number;
  /** Why that origin, or why there is no origin's answer. */
  why: DecisionReason | ProblemType | "answered_here" | "client_closed";
  /** Of a route with several pools; absent: the route has one. */
  steered?: SteeredRecord;
}

export interface SteeredRecord {
  /** Why the request came to the pool. */
  readonly arrival: Arrival;
  /** The pool that would have got it, or could not serve it; null: none. */
  readonly from: string | null;
  /** Where the isolate runs; null: not known. */
  readonly region: Region | null;
}

/**
 * The status nginx logs for a client that left before it was answered. It is never sent, because the client has gone.
 */
export const CLIENT_CLOSED_STATUS = 499;

const CHOSEN: ReadonlySet<string> = new Set<DecisionReason | "client_closed">([
  "affinity",
  "algorithm",
  "failover",
  "client_closed",
]);
/** The platform cuts long log lines at some length. The path is cut here, so that the fields after it stay readable. */
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
    route: record.route?.slice(0, LONGEST_KEY) ?? null,
    pool: record.pool,
    origin: record.origin,
    status: record.status,
    duration_ms: record.durationMs,
    attempts: record.attempts,
    why: record.why,
    ...(record.steered && steeredFields(record.steered)),
  };
}

function steeredFields({ arrival, from, region }: SteeredRecord): Record<string, unknown> {
  return { arrival, region, steered_from: from };
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
