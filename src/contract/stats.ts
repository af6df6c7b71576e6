/**
 * What a pool has seen, as the admin API shows it. Plain data. Counts are of attempts that ended: a request that was
 * sent to two origins counts at both, so `requests - retries` is how many client requests reached an origin. Times in
 * milliseconds since the epoch, latencies in milliseconds to the response's headers, of successes, to within 1%.
 * @module
 */
import type { HealthStatus, PoolDescription } from "./admin.ts";
import type { PoolEventKind } from "./events.ts";
import type { UnservedCounts } from "./sync.ts";

/** Counts that add up over time, over origins and over isolates. */
export interface TrafficCounts {
  /** Attempts that ended, however they did. */
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
}

/** Null where nothing succeeded, or where too many origins are busy for each to have a sketch (docs/storage.md). */
export interface LatencyQuantiles {
  p50: number | null;
  p90: number | null;
  p99: number | null;
}

export interface TrafficStats extends TrafficCounts, LatencyQuantiles {
  /** Errors per attempt that was a success or an error, 0 to 1. */
  error_rate: number;
  /** In flight now, the world over. */
  active_connections: number;
}

export interface OriginStats extends TrafficStats {
  status: HealthStatus;
  /** Eligible as far as its state goes: healthy, not ejected, not draining. */
  in_service: boolean;
  /** When the health in force began. */
  health_since: number;
}

export interface PoolStats extends TrafficStats {
  pool: string;
  /** When this was put together. */
  at: number;
  /** From when on it was counted: since the pool's first request, or the beginning of the window. */
  since: number;
  /** The window asked for, in seconds. Null: counts since the start, and latencies of the last hour. */
  window_s: number | null;
  /** Requests that got no origin's answer here, by why; their route's fallback pool may have served them. */
  unserved: UnservedCounts;
  /** By origin id; every origin the pool has. */
  requests_per_server: Record<string, number>;
  /** By origin id; every origin the pool has. */
  origins: Record<string, OriginStats>;
  sync: {
    /** Isolates that work for the pool now. */
    isolates: number;
    /** Calls to the object, on average over the last minute. */
    calls_per_second: number;
    /** Calls that failed at the isolates' end, as far as they could tell later; same period as the counts. */
    failed: number;
  };
}

/**
 * Seconds that counts are of. A pool that is younger than the window has not had all of it; one second at least, or a
 * few requests of a new pool would look like a flood.
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

export interface HistorySlice extends TrafficCounts, LatencyQuantiles {
  /** When it began. */
  at: number;
  /** In flight when it ended. */
  active_connections: number;
  /** By origin id; the busiest 100. The slice's own counts are of all. */
  origins: Record<string, HistoryOrigin>;
}

/** Oldest first. Slices in which nothing was reported are left out, and so is the one that is not over yet. */
export interface PoolHistory {
  range: HistoryRange;
  /** Length of a slice, in seconds: 10 for the hour, 300 for the day. */
  step_s: number;
  /** When the range begins and ends. */
  from: number;
  to: number;
  slices: HistorySlice[];
}

/** How often something happened since the pool began, by origin id; "" for the pool as a whole. */
export type EventCounts = Partial<Record<PoolEventKind, Record<string, number>>>;

/** All that a scrape of the metrics needs, in one call. */
export interface PoolScrape {
  description: PoolDescription;
  /** Since the start. */
  stats: PoolStats;
  /** Latencies since the start: how many were at most so long. Bounds in ms, ascending; to within 2%. */
  latency: { bounds: number[]; counts: number[]; count: number };
  /** Latencies of the last five minutes, by origin id. */
  recent: Record<string, LatencyQuantiles>;
  events: EventCounts;
}
