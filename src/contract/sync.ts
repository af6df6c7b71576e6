/**
 * The RPC between an isolate and the pool's object: one call does everything. Plain data in both directions.
 *
 * Worker and object run different versions for minutes during a deploy, so this contract only ever grows: a field
 * added later is optional, and its absence means what it meant before.
 * @module
 */
import type { PoolConfig } from "../config/schema.ts";
import type { CursorRange } from "../core/cursor/cursor-lease.ts";
import type { ClientCountsData } from "../core/metrics/client-counts.ts";
import type { RateGrant, RateReport } from "../core/rate-limit/rate-lease.ts";
import type { Arrival } from "../core/steering/choose-pool.ts";
import type { PoolStatuses } from "./pool-status.ts";
import type { PickReply, PickRequest, ReleaseReport } from "./strict.ts";
import type { WatchReply, WatchRequest } from "./verdict-watch.ts";

/** The run-time state of one origin that an isolate needs to pick. */
export interface OriginState {
  healthy: boolean;
  ejected: boolean;
  draining: boolean;
  drained: boolean;
  /** Slow start: share of the weight in force, in (0, 1]. */
  weight_factor: number;
  /** The Worker lacks the origin's binding, so that nothing can be sent there. Absent: that is not so. */
  no_binding?: true;
}

/** The state assumed for an origin of which the object has not spoken. */
export const UNKNOWN_STATE: OriginState = {
  healthy: true,
  ejected: false,
  draining: false,
  drained: false,
  weight_factor: 1,
};

/** The tokens that session cookies carry instead of an origin's name, by origin id. */
export interface AffinityTokens {
  /** Tokens of the current secret: given out and accepted. */
  tokens: Record<string, string>;
  /** Tokens of the previous secret: still accepted. Empty if there is none. */
  previous: Record<string, string>;
  /** Tells this pool's cookies from those of other pools. Absent: an object without tags. */
  pool_tag?: string;
}

/** A versioned, immutable view of the pool. Two snapshots of one version are equal. */
export interface PoolSnapshot {
  version: number;
  config: PoolConfig;
  /** By origin id; every configured origin is there. */
  origins: Record<string, OriginState>;
  /** Only for a pool whose sessions are kept by cookie. */
  affinity?: AffinityTokens;
}

/** How an attempt ended. `client_closed` says nothing about the origin. */
export type OutcomeKind = "success" | "connect_failure" | "timeout" | "status" | "client_closed";

/** Why a request got no origin's answer from a pool; its route's fallback pool may have served it. */
export const UNSERVED_REASONS = [
  "no_origin_available",
  "rate_limited",
  "origin_failed",
  "origin_timeout",
] as const;
export type UnservedReason = (typeof UNSERVED_REASONS)[number];
export type UnservedCounts = Partial<Record<UnservedReason, number>>;

/** How requests came to a pool that is one of several. */
export type ArrivalCounts = Partial<Record<Arrival, number>>;

/** Counts of one origin since the previous report. */
export interface OriginReport {
  /** Attempts that ended, by outcome. */
  outcomes: Partial<Record<OutcomeKind, number>>;
  /** Failures since the last success; all failures if `had_success` is false. */
  failures_in_row: number;
  had_success: boolean;
  /** Milliseconds from the last failure to the sending of this report. Absent: there was none, or it is not known. */
  failure_age_ms?: number;
  /** The same from the first of the failures in a row. Absent: there are none, or it is not known. */
  first_failure_age_ms?: number;
  /** The same from the last success. Absent: there was none, or it is not known. */
  success_age_ms?: number;
  /** Attempts beyond a request's first. */
  retries: number;
  /** Times the origin was passed over for its rate limit. */
  rate_limited: number;
  /** Failures that would have been tried elsewhere, had the retry budget not been spent. Absent: none. */
  retry_overflow?: number;
  /** Answers that the origin broke off after their headers. Absent: none, or an isolate that does not count them. */
  broken_off?: number;
  /**
   * Failing statuses of the origin's own answers, each with how often it came. Absent: an isolate that reports none.
   */
  statuses?: [status: number, count: number][];
  /** Latency to headers of successes: sparse sketch buckets, [index, count]. */
  latency: [number, number][];
}

export interface SyncReport {
  /** Random id of the isolate. */
  isolate: string;
  /** Counts up with each new set of `origins` and of returned ranges; the object counts a repeated one once. */
  sequence: number;
  /** Version of the snapshot in hand; 0: none. */
  snapshot: number;
  /** Live connections by origin id: a gauge, not a delta, so the counts of a vanished isolate lapse. */
  active: Record<string, number>;
  /** By origin id; only origins with counts. */
  origins: Record<string, OriginReport>;
  /** Calls of any kind that failed since the previous report; counts once with `origins`. */
  sync_failures?: number;
  /**
   * Verdicts that other isolates' notes told before the object did, since the previous report; counts once with
   * `origins`. Absent: none, or an isolate without notes.
   */
  notes_taken?: number;
  /** Requests that got no origin's answer since the previous report, by reason; counts once with `origins`. */
  unserved?: UnservedCounts;
  /** Requests of routes with several pools since the previous report, by reason. Absent: none. As above. */
  arrivals?: ArrivalCounts;
  /**
   * Answers to clients whose last pool this was, since the previous report; counts once with `origins`. Absent: none.
   */
  clients?: ClientCountsData;
  /**
   * Requests that wait for the answer. Only a cold isolate's matter, which knows no limits yet: others say of each limit
   * how many tokens they need. Absent: none, or an isolate that does not say.
   */
  waiting?: number;
  /** Requests answered here since the report before, and over how long. Sets the size of leases. */
  demand: { requests: number; elapsed_ms: number };
  cursor: {
    /** How many positions the isolate would like. */
    want: number;
    /** Unspent ranges that it gives back. */
    returned: CursorRange[];
  };
  /** By origin id; only those with a rate limit and in use here. Absent: an isolate that knows nothing of shares. */
  rates?: Record<string, RateReport>;
  /**
   * Open attempts that the object picked for, with the origin of each. The end of any other that the object still holds
   * was lost on the way. Absent: not a strict pool, or an isolate that does not track them.
   */
  picks?: Record<string, string>;
  /**
   * Mark of the pool statuses that this object gave it last. Absent: none, or an isolate that knows nothing of them.
   */
  pool_status_mark?: number;
  /** Where the isolate is, such as `FRA`. Absent: it is not in a crowd, does not know, or cannot watch. */
  data_center?: string;
}

export interface SyncReply {
  /** The new snapshot, or null if the isolate has the current one or the pool has no config. */
  snapshot: PoolSnapshot | null;
  /** The lease. */
  cursor: CursorRange | null;
  /** Live connections by origin id that all other isolates hold. */
  active: Record<string, number>;
  /** When to come back, counted from when the report was sent. */
  next_sync_ms: number;
  /**
   * The isolate must not come back earlier, however low its lease and whatever happens; counted from the same moment.
   * Absent: any time.
   */
  early_sync_ms?: number;
  /** False: there is no usable config for this pool anywhere. */
  configured: boolean;
  /** True: the pool was removed, and KV may still show its past. Absent: not known. */
  removed?: boolean;
  /**
   * Shares by origin id: for each limit reported, and for a cold isolate for every limit. Absent: an object without
   * shares.
   */
  rates?: Record<string, RateGrant>;
  /** Tells an isolate whether its routes are the newest; see contract/routes.ts. 0 or absent: nothing is known. */
  routes_revision?: number;
  /**
   * Statuses of the pools that share a route with this one, and its own. Absent: the isolate has the current ones, no
   * such route is known, or an object without statuses. Statuses of pools that are not in it stay.
   */
  pool_statuses?: PoolStatuses;
  /** For `SyncReport.pool_status_mark`. Present with `pool_statuses`; only equality of two marks has a meaning. */
  pool_status_mark?: number;
  /** The isolate is asked to watch for its data centre, after so many ms. See contract/verdict-watch.ts. Absent: it is not. */
  watch_after_ms?: number;
}

/** The report of an isolate in which a request found no token, by origin id. One token of one origin is enough. */
export interface AcquireReport {
  /** Random id of the isolate. */
  isolate: string;
  rates: Record<string, RateReport>;
}

export interface AcquireReply {
  rates: Record<string, RateGrant>;
}

/** The methods of the object for the data path. */
export interface PoolRpc {
  sync(report: SyncReport): Promise<SyncReply>;
  /** Asks for tokens between two syncs. */
  acquire(report: AcquireReport): Promise<AcquireReply>;
  /** Waits for a verdict. Of an isolate that was asked to. */
  watch(request: WatchRequest): Promise<WatchReply>;
  /** Picks for one request of a `strict` pool. */
  pick(request: PickRequest): Promise<PickReply>;
  /** Ends what `pick` began. */
  release(report: ReleaseReport): Promise<void>;
  /**
   * The routes changed.
   * @param sharers the other pools of all routes that choose among several with this one; empty: no route does
   */
  announceRoutes(revision: number, sharers: readonly string[]): Promise<void>;
  /** New statuses of pools that share a route with this one. */
  notePoolStatuses(statuses: PoolStatuses): Promise<void>;
  /** The watchdog's call: the object starts, sets its alarm and reads the current configuration. */
  wake(): Promise<void>;
}
