/**
 * The present state of a pool for somebody who watches it. One call returns everything that a screen shows, and is
 * cheap enough to be made each second. Plain data. Times in milliseconds since the epoch, latencies in milliseconds,
 * shares 0 to 1.
 * @module
 */
import type { PoolConfig } from "../config/schema.ts";
import type { SharedBy } from "../core/algorithms/index.ts";
import type { OriginDescription } from "./admin.ts";
import type { PoolEvent } from "./events.ts";
import type { PoolStatus } from "./pool-status.ts";
import type { ClientsWindow, LatencyQuantiles, TrafficCounts } from "./stats.ts";

/**
 * Seconds that the figures cover at least. They cover up to twice as many, because the newest bucket may have just
 * begun.
 */
export const LIVE_WINDOW_S = 10;

/** How an attempt fails, as in TrafficCounts. */
export const FAILURE_KINDS = [
  "connect_failures",
  "timeouts",
  "status_500",
  "status_502",
  "status_503",
  "status_504",
  "status_other",
] as const satisfies (keyof TrafficCounts)[];
export type FailureKind = (typeof FAILURE_KINDS)[number];
export type Failures = Partial<Record<FailureKind, number>>;

/** Over the last ten to twenty seconds. */
export interface LiveTraffic extends LatencyQuantiles {
  /** Attempts that ended. */
  requests_per_second: number;
  /** Errors per attempt that was a success or an error. */
  error_rate: number;
  /** Of the attempts that were a success or an error, the share that failed so; only kinds that occurred. */
  failures: Failures;
  retries_per_second: number;
  /** Times an origin was passed over for its rate limit. */
  rate_limited_per_second: number;
  /** Answers that an origin broke off after their headers, as in TrafficCounts. Absent: as there. */
  answers_broken_off_per_second?: number;
  /** In flight now. */
  active_connections: number;
}

export interface LiveOrigin extends OriginDescription, LiveTraffic {
  /** As configured. */
  weight: number;
  enabled: boolean;
  backup: boolean;
  /** True: configuration and state allow new requests there, limits aside. */
  eligible: boolean;
  /** Share of the pool's requests. Null: there were none. */
  share: number | null;
  /** Share by the weights in force. Null: shares go by load or by order. */
  expected_share: number | null;
  /** Requests in any one second, and how many isolates hold the right to start. Null: no limit. */
  rate_limit: { limit: number; granted: number } | null;
  max_connections: number | null;
  /** The last ejection lasted this many times the base; the number grows with repeated ejections. 0: none lately. */
  ejection_steps: number;
}

export interface LivePool extends LiveTraffic {
  pool: string;
  at: number;
  /** False: the pool has no usable configuration, and the other fields mean nothing. */
  configured: boolean;
  config_version: number;
  config_error: string | null;
  algorithm: PoolConfig["algorithm"] | null;
  /** How the origins' shares are decided. Null: no configuration. */
  shared_by: SharedBy | null;
  coordination: PoolConfig["coordination"] | null;
  /** How sessions are kept; null: the pool keeps none. */
  sticky: "cookie" | "ip" | "ip_cookie" | null;
  /** The pool has active checks. */
  checked: boolean;
  /** Longest time that an origin may take to answer, in seconds. Null: no configuration. */
  attempt_timeout: number | null;
  /** Unhealthy origins are used, because too few are healthy. */
  panic: boolean;
  /** Answers that clients got over the same time. */
  clients: ClientsWindow;
  isolates: number;
  /** The status that routes with several pools use; null: no such route names the pool. */
  status: PoolStatus | null;
  origin_count: number;
  eligible_count: number;
  /** In the order of the configuration; if there are more than were asked for, those with trouble first. */
  origins: LiveOrigin[];
  /** Newest first. */
  events: PoolEvent[];
}

export interface LiveOptions {
  /** Most origins in the answer. */
  origins: number;
  /** An origin that is always in the answer; it comes first if there are more origins than the most. */
  origin?: string | undefined;
  /** Most events in the answer. */
  events: number;
}
