/**
 * A pool at this moment, for who watches it: one call has everything that a screen shows, and is cheap enough to be
 * asked each second. Plain data. Times in milliseconds since the epoch, latencies in milliseconds, shares 0 to 1.
 * @module
 */
import type { PoolConfig } from "../config/schema.ts";
import type { OriginDescription } from "./admin.ts";
import type { PoolEvent } from "./events.ts";
import type { LatencyQuantiles } from "./stats.ts";

/** Over the last ten to twenty seconds. */
export interface LiveTraffic extends LatencyQuantiles {
  /** Attempts that ended. */
  requests_per_second: number;
  /** Errors per attempt that was a success or an error. */
  error_rate: number;
  retries_per_second: number;
  /** Times an origin was passed over for its rate limit. */
  rate_limited_per_second: number;
  /** In flight now. */
  active_connections: number;
}

export interface LiveOrigin extends OriginDescription, LiveTraffic {
  /** As configured. */
  weight: number;
  enabled: boolean;
  backup: boolean;
  /** A new request may be sent there as far as configuration and state go; limits aside. */
  eligible: boolean;
  /** Of the pool's requests. Null: there were none. */
  share: number | null;
  /** What the weights in force come to. Null: the algorithm goes by load. */
  intended_share: number | null;
  /** Requests in any one second, and how many isolates hold the right to start. Null: no limit. */
  rate_limit: { limit: number; granted: number } | null;
  max_connections: number | null;
  /** How many times the base its last ejection lasted: grows when it is ejected again and again. 0: none lately. */
  ejection_steps: number;
}

export interface LivePool extends LiveTraffic {
  pool: string;
  at: number;
  /** False: the pool has no usable configuration, and the rest says nothing. */
  configured: boolean;
  config_version: number;
  config_error: string | null;
  algorithm: PoolConfig["algorithm"] | null;
  coordination: PoolConfig["coordination"] | null;
  /** How sessions are kept; null: they are not. */
  sticky: "cookie" | "ip" | "ip_cookie" | null;
  /** The pool has active checks. */
  checked: boolean;
  /** Unhealthy origins are used, because too few are healthy. */
  panic: boolean;
  isolates: number;
  origin_count: number;
  eligible_count: number;
  /** In the order of the configuration; if there are more than were asked for, those with trouble first. */
  origins: LiveOrigin[];
  /** Newest first. */
  events: PoolEvent[];
}

export interface LiveOptions {
  /** Most origins to tell of. */
  origins: number;
  /** One that is told of in any case, first if there are more than that. */
  origin?: string | undefined;
  /** Most events to tell of. */
  events: number;
}
