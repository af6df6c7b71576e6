/**
 * The statistics of a pool that the admin API shows. Plain data. Counts are of attempts that ended: a request that was
 * sent to two origins counts at both, so `requests - retries` is how many client requests reached an origin. Times in
 * milliseconds since the epoch, latencies in milliseconds to the response's headers, of successes, to within 1%.
 * @module
 */

import type { AnswerClass, ClientCountsData } from "../core/metrics/client-counts.ts";
import type { LatencySketch } from "../core/metrics/latency-sketch.ts";
import type { HealthStatus, PoolDescription } from "./admin.ts";
import type { PoolEventKind } from "./events.ts";
import type { ArrivalCounts, UnservedCounts } from "./sync.ts";

/** Counts that add up over time, over origins and over isolates. */
export interface TrafficCounts {
  /** Attempts that ended in any way. */
  requests: number;
  /** Attempts that failed: no connection, a time-out, or a status of 500 and up other than 501 and 505. */
  errors: number;
  /** Attempts whose client left first: neither a success nor an error. */
  client_closed: number;
  /** Attempts beyond a request's first. */
  retries: number;
  /** Times an origin was passed over for its rate limit. */
  rate_limited: number;
  /** All latencies together, in milliseconds. */
  latency_sum: number;
  /** Failures that would have been tried elsewhere, had the retry budget not been spent. */
  retry_overflow: number;
  /** Errors without an answer: refused, reset, unresolvable, or Cloudflare's own status for that. */
  connect_failures: number;
  /** Errors because no headers came in time. */
  timeouts: number;
  /** Errors by the status of the origin's answer; `status_other` is every other one of 500 and up. */
  status_500: number;
  status_502: number;
  status_503: number;
  status_504: number;
  status_other: number;
  /**
   * Answers that the origin broke off after their headers, so that the client got a part. Only those of more than 64 KB or
   * without a length: others are not followed to their end. Each counts among `requests` by its status, not among `errors`.
   * Absent: an object that does not count them.
   */
  answers_broken_off?: number;
}

/** Answers that clients got, whichever origins were tried. An operator should look at these first. */
export interface ClientStats extends LatencyQuantiles {
  /** Requests that were answered, by an origin or by the balancer. */
  requests: number;
  /** Of them, those answered with a status of 500 to 599. */
  failed: number;
  /** 1 - failed / requests; null: there were no requests. */
  availability: number | null;
  answers: Record<AnswerClass, number>;
  /** Requests whose clients left before they had an answer: not among `requests`. */
  client_closed: number;
  /** Answers made by the balancer, by the problem's type. */
  problems: Record<string, number>;
  /** The entry with most failures first. The busiest keys have counts of their own; `key` "" is all others together. */
  routes: KeyedClientStats[];
  hosts: KeyedClientStats[];
}

/** Answers that clients got, with rates per second. */
export interface ClientFigures extends ClientStats {
  /** Seconds that the counts cover. */
  seconds: number;
  requests_per_second: number;
  failed_per_second: number;
}

/** Answers that clients got over a time, in a form that can be added to that of other pools. */
export interface ClientsWindow {
  /** When this was computed, and when counting began. */
  at: number;
  since: number;
  counts: ClientCountsData;
}

/** Answers that clients of one route or host got. */
export interface KeyedClientStats {
  /** A route's label: its host and path, such as `api.example.com/v1/*`. Or a host. "": all others. */
  key: string;
  requests: number;
  failed: number;
  answers: Record<AnswerClass, number>;
}

/** Null where nothing succeeded, or where too many origins are busy for each to have a sketch (docs/storage.md). */
export interface LatencyQuantiles {
  p50: number | null;
  p90: number | null;
  p99: number | null;
}

const QUANTILES = [0.5, 0.9, 0.99] as const;

/** @param sketch null: there is none */
export function quantilesOf(sketch: LatencySketch | null): LatencyQuantiles {
  const [p50 = null, p90 = null, p99 = null] = sketch?.quantiles(QUANTILES) ?? [];
  return { p50, p90, p99 };
}

export interface TrafficStats extends TrafficCounts, LatencyQuantiles {
  /** Errors per attempt that was a success or an error, 0 to 1. */
  error_rate: number;
  /** In flight now, the world over. */
  active_connections: number;
}

export interface OriginStats extends TrafficStats {
  status: HealthStatus;
  /** Eligible by its state: healthy, not ejected, not draining. */
  in_service: boolean;
  /** When the health in force began. */
  health_since: number;
}

export interface PoolStats extends TrafficStats {
  pool: string;
  /** When this was computed. */
  at: number;
  /** When counting began: at the pool's first request, or at the beginning of the window. */
  since: number;
  /** The window asked for, in seconds. Null: counts since the start, and latencies of the last hour. */
  window_s: number | null;
  /** Requests that got no origin's answer here, by reason; their route's fallback pool may have served them. */
  unserved: UnservedCounts;
  /** Requests that came by routes with several pools, by reason. */
  arrivals: ArrivalCounts;
  /** Requests that this pool was the last to handle. */
  clients: ClientStats;
  /** By origin id; every origin the pool has. */
  requests_per_server: Record<string, number>;
  /** By origin id; every origin the pool has. */
  origins: Record<string, OriginStats>;
  sync: {
    /** Isolates that work for the pool now. */
    isolates: number;
    /** Calls to the object, on average over the last minute. */
    calls_per_second: number;
    /** Calls that failed for isolates, as far as they could report them later; same period as the counts. */
    failed: number;
  };
  /**
   * Changes that isolates learned of by a note of another one, before the object told them. Absent: an object that does not
   * count them.
   */
  notes_taken?: number;
}

/**
 * Seconds that counts are of. A pool that is younger than the window has a shorter time. One second at least, or a few
 * requests of a new pool would look like a flood.
 */
export function elapsedS({ at, since }: Pick<PoolStats, "at" | "since">): number {
  return Math.max(1, (at - since) / 1_000);
}

export type HistoryRange = "hour" | "day";

export interface HistoryOrigin {
  requests: number;
  errors: number;
  p50: number | null;
  p99: number | null;
}

export interface HistoryBucket extends TrafficCounts, LatencyQuantiles {
  /** When it began. */
  at: number;
  /** Answers to clients, and those of 500 to 599 among them. Absent: there were none. */
  clients?: { requests: number; failed: number };
  /** In flight when it ended. */
  active_connections: number;
  /** By origin id; the busiest 100. The bucket's own counts are of all. */
  origins: Record<string, HistoryOrigin>;
}

/** Oldest first. Buckets in which nothing was reported are left out, and so is the one that is not over yet. */
export interface PoolHistory {
  range: HistoryRange;
  /** Length of a bucket, in seconds: 10 for the hour, 300 for the day. */
  step_s: number;
  /** When the range begins and ends. */
  from: number;
  to: number;
  buckets: HistoryBucket[];
}

/** How often something happened since the pool began, by origin id; "" for the pool as a whole. */
export type EventCounts = Partial<Record<PoolEventKind, Record<string, number>>>;

/** How many latencies were at most each bound. Bounds in ms, ascending; to within 2%. */
export interface LatencyHistogram {
  bounds: number[];
  counts: number[];
  count: number;
}

/** Everything that a scrape of the metrics needs, in one call. */
export interface PoolScrape {
  description: PoolDescription;
  /** Counts since the start, and latencies of the last five minutes. */
  stats: PoolStats;
  /** Latencies since the start. */
  latency: LatencyHistogram;
  /** The same for the times that clients waited, failed answers included. */
  client_latency: LatencyHistogram & { sum: number };
  events: EventCounts;
}
