/**
 * The calls of the admin API to a pool's object, and their answers. Plain data in both directions.
 * @module
 */
import type { HealthCheckConfig, PoolConfig, StickyConfig } from "../config/schema.ts";
import type { PoolEvent } from "./events.ts";
import type { PoolExplanation, SampleRequest } from "./explanation.ts";
import type { LiveOptions, LivePool } from "./live.ts";
import type { PoolLocation, PoolStatus } from "./pool-status.ts";
import type { ClientsWindow, HistoryRange, PoolHistory, PoolScrape, PoolStats } from "./stats.ts";
import type { OriginState } from "./sync.ts";

export type HealthStatus = "healthy" | "unhealthy" | "flapping";

/** An origin as shown to its operator. Times in milliseconds since the epoch. */
export interface OriginDescription extends OriginState {
  id: string;
  url: string;
  /** Name of the binding through which it is reached; null: over the network. */
  binding: string | null;
  status: HealthStatus;
  /** When the health in force began. */
  since: number;
  /** Null if it is not ejected. */
  ejected_until: number | null;
  /** Null if it is not draining. */
  drain_deadline: number | null;
  /** When its drain began; null with `drain_deadline`. */
  drain_started: number | null;
  /** When it began to be drained or being drained; null: it is neither. */
  drained_since: number | null;
  /** Name of the operator's token that drained it; null: no operator did. */
  drained_by: string | null;
  /** It is gone from the configuration and will be removed once it is drained. */
  removing: boolean;
  active_connections: number;
  /** Requests in any one second: the limit, and how many isolates hold the right to start. Null: no limit. */
  rate_limit: { limit: number; granted: number } | null;
  /** Null: no limit. */
  max_connections: number | null;
  last_probe: { at: number; passed: boolean; detail: string; duration_ms: number } | null;
}

/** A pool as shown to its operator. */
export interface PoolDescription {
  pool: string;
  /** False: the pool has no usable configuration. */
  configured: boolean;
  config: PoolConfig | null;
  /** Counts the configurations that were in force. */
  config_version: number;
  /** Why the last configuration offered was refused; null if it was not. */
  config_error: string | null;
  snapshot_version: number;
  origins: OriginDescription[];
  active_connections: number;
  /** Isolates that work for the pool. */
  isolates: number;
  /** True: unhealthy origins are used, because too few are healthy. */
  panic: boolean;
  /**
   * Seconds in which active checks probe all origins once: about their interval, unless there are more origins than fit
   * into it. Null: not known yet.
   */
  check_round: number | null;
  /** The status that routes with several pools use; null: no such route names the pool. */
  status: PoolStatus | null;
}

/** A pool with its document, which may have 2 MB: for whoever shows or edits it. */
export interface WrittenPool extends PoolDescription {
  /** The configuration as its author wrote it: JSON. Null with `config`. */
  document: string | null;
  /** The same with its author's comments and layout; null: they were not kept. */
  written: string | null;
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
  /** As in the description. */
  status: PoolStatus | null;
  /** How it keeps sessions; null: not at all, or it has no usable configuration. */
  sticky: StickyConfig | null;
  /** Its place; null: it has none, or no usable configuration. */
  location: PoolLocation | null;
}

/** Conditions and authorship of an operator's write. */
export interface WriteOptions {
  /**
   * Version that the writer has seen; 0: the pool must not exist. Absent: the version in force is overwritten,
   * whichever it is.
   */
  expected_version?: number;
  /** Name of the writer's token, for the audit event. */
  who: string;
  /** The writer's action, for the audit event. */
  what: string;
  /** The reason in the writer's words. Absent: none was given. */
  message?: string;
  /** For routes: the pools there are, which routes may name. Absent: they may name any. */
  pools?: string[];
}

/** An error in a document and its path, such as `pools.api.origins[0].weight`. */
interface WriteProblem {
  path: string;
  message: string;
}

export type WriteResult =
  /** In force. `stored`: KV has it; if not, the object keeps writing until KV does. */
  | { status: "applied"; version: number; stored: boolean }
  /** The document equals the one in force: nothing happened. */
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
  /** When it was written to KV; null if its writer left no timestamp. */
  updated_at: number | null;
  /** As its author wrote it: JSON. Only where one version was asked for. */
  document?: string;
  /** The same with its author's comments and layout. Absent: they were not kept. */
  written?: string;
  /** Name of the token that wrote it through the API. Absent: it came from KV. */
  who?: string;
  /** The reason in the writer's words. */
  message?: string;
}

/** The result of one probe. */
export interface ProbeReport {
  origin: string;
  /** Null: the origin was not probed, because the time was up. */
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

/** The methods of a pool's object for the admin API. */
export interface PoolAdminRpc {
  describe(): Promise<WrittenPool>;
  summary(): Promise<PoolSummary>;
  /** Newest first. */
  events(limit?: number): Promise<PoolEvent[]>;
  /** Newest first; one if `version` is given. */
  versions(version?: number): Promise<VersionDescription[]>;
  /** @param document with its author's comments and layout, which are kept */
  putConfig(document: string, options: WriteOptions): Promise<WriteResult>;
  /** A new version with the document of an earlier one. */
  rollback(version: number, options: WriteOptions): Promise<WriteResult>;
  /** Retires the pool at once. */
  removePool(options: WriteOptions): Promise<WriteResult>;
  drain(origin: string, who: string): Promise<DrainResult>;
  undrain(origin: string, who: string): Promise<DrainResult>;
  /**
   * @param monitor a health check to try instead of the pool's own, whose results do not count; null: the pool's own,
   *   whose results count
   */
  check(monitor: HealthCheckConfig | null, who: string): Promise<CheckReport>;
  /** Changes nothing. */
  explain(facts: SampleRequest): Promise<PoolExplanation>;
  /** @param windowS the last so many seconds, 10 to 86,400; absent: counts since the start, latencies of an hour */
  stats(windowS?: number): Promise<PoolStats>;
  /** @param sinceMs only buckets that began then or later; absent: the whole range */
  history(range: HistoryRange, sinceMs?: number): Promise<PoolHistory>;
  /** Answers that clients got. @param windowS seconds, 10 to 86,400 */
  clients(windowS: number): Promise<ClientsWindow>;
  scrape(): Promise<PoolScrape>;
  live(options: LiveOptions): Promise<LivePool>;
}
