/**
 * What the admin API asks of a pool's object. Plain data in both directions.
 * @module
 */
import type { HealthCheckConfig, PoolConfig } from "../config/schema.ts";
import type { Ineligibility } from "../core/eligibility.ts";
import type { PoolEvent } from "./events.ts";
import type { LiveOptions, LivePool } from "./live.ts";
import type { HistoryRange, PoolHistory, PoolScrape, PoolStats } from "./stats.ts";
import type { OriginState } from "./sync.ts";

export type HealthStatus = "healthy" | "unhealthy" | "flapping";

/** An origin as its operator sees it. Times in milliseconds since the epoch. */
export interface OriginDescription extends OriginState {
  id: string;
  url: string;
  status: HealthStatus;
  /** When the health in force began. */
  since: number;
  /** Null if it is not ejected. */
  ejected_until: number | null;
  /** Null if it is not draining. */
  drain_deadline: number | null;
  /** When its drain began; null with `drain_deadline`. Absent in objects older than it. */
  drain_started?: number | null;
  /** It is gone from the configuration and will be removed once it is drained. */
  leaving: boolean;
  active_connections: number;
  /** Requests in any one second: the limit, and how many isolates hold the right to start. Null: no limit. */
  rate_limit?: { limit: number; granted: number } | null;
  /** Null: no limit. Absent, as the one above, in objects older than it. */
  max_connections?: number | null;
  last_probe: { at: number; passed: boolean; detail: string; duration_ms: number } | null;
}

export interface PoolDescription {
  pool: string;
  /** False: the pool has no usable configuration. */
  configured: boolean;
  config: PoolConfig | null;
  /** The configuration as its author wrote it: JSON. Null with `config`. */
  document: string | null;
  /** Counts the configurations that were in force. */
  config_version: number;
  /** Why the last configuration offered was refused; null if it was not. */
  config_error: string | null;
  snapshot_version: number;
  origins: OriginDescription[];
  active_connections: number;
  /** Isolates that work for the pool. */
  isolates: number;
  /** True: unhealthy origins are used, because too few are healthy. Absent in objects older than it. */
  panic?: boolean;
}

/** A pool in a line. */
export interface PoolSummary {
  pool: string;
  configured: boolean;
  /** Null if the pool has no usable configuration. */
  algorithm: string | null;
  origins: { total: number; eligible: number };
  config_version: number;
  config_error: string | null;
}

/** How an operator's write is to be done. */
export interface WriteOptions {
  /** Version the writer has seen; 0: the pool must not exist. Absent: whatever is in force is overwritten. */
  expected_version?: number;
  /** Name of the writer's token, for the audit event. */
  who: string;
  /** What the writer did, for the audit event. */
  what: string;
}

/** What is wrong with a document, and where: `pools.api.origins[0].weight`. */
export interface WriteProblem {
  path: string;
  message: string;
}

export type WriteResult =
  /** In force. `stored`: KV has it; if not, the object keeps writing until KV does. */
  | { status: "applied"; version: number; stored: boolean }
  /** Equal to what is in force: nothing happened. */
  | { status: "unchanged"; version: number }
  /** Another version than the expected one is in force; 0: the pool does not exist. */
  | { status: "conflict"; version: number }
  | { status: "invalid"; problems: WriteProblem[] }
  /** There is no such pool, or no such version. */
  | { status: "missing" };

/** A configuration that was in force. Times in milliseconds since the epoch. */
export interface VersionDescription {
  version: number;
  applied_at: number;
  /** When it was written to KV; null if its writer left no mark. */
  updated_at: number | null;
  /** As its author wrote it: JSON. */
  document: string;
}

/** What one probe saw. */
export interface ProbeReport {
  origin: string;
  /** Null: it was not probed, because time was up. */
  passed: boolean | null;
  detail: string;
  duration_ms: number;
}

export interface CheckReport {
  /** False: there is no health check to run. */
  checked: boolean;
  probes: ProbeReport[];
}

export type DrainResult = "changed" | "unchanged" | "missing";

/** A request that may never have been made. */
export interface RequestFacts {
  method: string;
  /** Path without the query, as it stands in the URL. */
  path: string;
  /** Path and query. */
  target: string;
  /** Empty: unknown. */
  client_ip: string;
  /** Names in lower case. */
  headers: Record<string, string>;
}

/** Why an origin is not picked. */
export type LeftOut =
  | Ineligibility
  /** Its weight is 0: no algorithm picks it, but its sessions reach it. */
  | "zero_weight"
  /** A backup, and others are eligible. */
  | "backup";

export interface CandidateExplanation {
  id: string;
  /** Null: it may be picked. */
  left_out: LeftOut | null;
  /** Weight in force, slow start included. */
  weight: number;
  active_connections: number;
  /**
   * Requests in any one second: the limit, and how many of them isolates hold the right to start. Whether an isolate
   * has used its share up is known there only. Null: no limit.
   */
  rate_limit: { limit: number; granted: number } | null;
}

/** Affinity of a request, as the pool's object sees it. */
export interface AffinityExplanation {
  method: "cookie" | "ip" | "ip_cookie";
  /** `unknown`: it names no origin of this pool, or was made with another secret. Null: the method has no cookie. */
  cookie: "absent" | "valid" | "expired" | "unknown" | null;
  /** The origin the cookie names. */
  origin: string | null;
  /** Why the request cannot go there; null if it can or there is none. */
  left_out: LeftOut | null;
}

export interface PoolExplanation {
  pool: string;
  configured: boolean;
  algorithm: string;
  coordination: string;
  snapshot_version: number;
  /** What a consistent hash goes by; null with other algorithms. Empty: the request has no key, so round robin. */
  hash_key: string | null;
  affinity: AffinityExplanation | null;
  /** True: unhealthy origins are used, because too few are healthy. */
  panic: boolean;
  candidates: CandidateExplanation[];
  /** What the object would pick now. Null: none is eligible. */
  pick: {
    origin: string;
    reason: "affinity" | "algorithm";
    /** False: chance or an isolate's own lease and latencies decide, so another request may go elsewhere. */
    certain: boolean;
  } | null;
  /** Absent in objects older than it. */
  lease?: LeaseExplanation;
  /** What an isolate knows and the object does not. */
  unknown_here: string[];
}

/** What isolates work from. How much of each rate limit they hold stands with the candidates. */
export interface LeaseExplanation {
  /** Isolates that work for the pool now. */
  isolates: number;
  /** The next round-robin position that no isolate was given. */
  cursor: number;
  /** Connections in flight, the world over, as of the isolates' last reports. */
  active_connections: number;
}

/** What a pool's object shows to the admin API. */
export interface PoolAdminRpc {
  describe(): Promise<PoolDescription>;
  summary(): Promise<PoolSummary>;
  /** Newest first. */
  events(limit?: number): Promise<PoolEvent[]>;
  /** Newest first; one if `version` is given. */
  versions(version?: number): Promise<VersionDescription[]>;
  /** @param document JSON, which must hold a value */
  putConfig(document: string, options: WriteOptions): Promise<WriteResult>;
  /** A new version with the document of an earlier one. */
  rollback(version: number, options: WriteOptions): Promise<WriteResult>;
  /** Retires the pool at once. */
  removePool(options: WriteOptions): Promise<WriteResult>;
  drain(origin: string, who: string): Promise<DrainResult>;
  undrain(origin: string, who: string): Promise<DrainResult>;
  /** @param monitor tried instead of the pool's own, and not counted; null: the pool's own, which counts */
  check(monitor: HealthCheckConfig | null, who: string): Promise<CheckReport>;
  /** Changes nothing. */
  explain(facts: RequestFacts): Promise<PoolExplanation>;
  /**
   * Absent in objects older than it.
   * @param windowS the last so many seconds, 10 to 86,400; absent: counts since the start, latencies of an hour
   */
  stats?(windowS?: number): Promise<PoolStats>;
  /**
   * Absent in objects older than it.
   * @param sinceMs only slices that began then or later; absent: the whole range, as in objects older than this
   */
  history?(range: HistoryRange, sinceMs?: number): Promise<PoolHistory>;
  /** Absent in objects older than it. */
  scrape?(): Promise<PoolScrape>;
  /** Absent in objects older than it. */
  live?(options: LiveOptions): Promise<LivePool>;
}
