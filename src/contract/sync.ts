/**
 * The RPC between an isolate and the pool's object: one call does everything. Plain data in both directions.
 *
 * Worker and object run different versions for minutes during a deploy, so this contract only ever grows: a field
 * added later is optional, and its absence means what it meant before.
 * @module
 */
import type { PoolConfig } from "../config/schema.ts";
import type { CursorRange } from "../core/cursor-lease.ts";
import type { RateGrant, RateReport } from "../core/rate-lease.ts";
import type { PickReply, PickRequest, ReleaseReport } from "./strict.ts";

/** Run-time state of one origin, as an isolate needs it to pick. */
export interface OriginState {
  healthy: boolean;
  ejected: boolean;
  draining: boolean;
  drained: boolean;
  /** Slow start: share of the weight in force, in (0, 1]. */
  weight_factor: number;
}

/** What session cookies say instead of an origin's name, by origin id. */
export interface AffinityTokens {
  /** Of the current secret: given out and taken. */
  tokens: Record<string, string>;
  /** Of the secret before: still taken. Empty if there is none. */
  previous: Record<string, string>;
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

/** What happened at one origin since the report before. */
export interface OriginReport {
  /** Attempts that ended, by how. */
  outcomes: Partial<Record<OutcomeKind, number>>;
  /** Failures since the last success; all failures if `had_success` is false. */
  failures_in_row: number;
  had_success: boolean;
  /** Milliseconds from the last failure to the making of this. Absent: there was none, or it is not known. */
  failure_age_ms?: number;
  /** Attempts beyond a request's first. */
  retries: number;
  /** Times the origin was passed over for its rate limit. */
  rate_limited: number;
  /** Failures that would have been tried elsewhere, had the retry budget not been spent. Absent: none. */
  retry_overflow?: number;
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
  /** By origin id; only those with something to say. */
  origins: Record<string, OriginReport>;
  /** Calls of any kind that failed since the report before; counts once with `origins`. */
  sync_failures?: number;
  /** Requests that got no origin's answer since the report before, by why; counts once with `origins`. */
  unserved?: UnservedCounts;
  /** Requests answered here since the report before, and over how long. Sets the size of leases. */
  demand: { requests: number; elapsed_ms: number };
  cursor: {
    /** How many positions the isolate would like. */
    want: number;
    /** Unspent ranges it gives back. */
    returned: CursorRange[];
  };
  /** By origin id; only those with a rate limit and in use here. Absent: an isolate that knows nothing of shares. */
  rates?: Record<string, RateReport>;
  /**
   * Attempts open here that the object picked for, with the origin of each; what it holds beyond them was lost on the
   * way. Absent: not a strict pool, or an isolate that does not keep account.
   */
  picks?: Record<string, string>;
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
  /** However low the lease and whatever the news, not before that, counted alike. Absent: any time. */
  early_sync_ms?: number;
  /** False: there is no usable config for this pool anywhere. */
  configured: boolean;
  /** The pool was removed: what KV still shows of it is the past. Absent: that is not known. */
  removed?: boolean;
  /** Shares by origin id: what was reported, and for a cold isolate every limit. Absent: an object without shares. */
  rates?: Record<string, RateGrant>;
  /** Tells an isolate whether its routes are the newest; see contract/routes.ts. 0 or absent: nothing is known. */
  routes_mark?: number;
}

/** A request found no token: what the isolate holds, by origin id. One token of one origin is enough. */
export interface AcquireReport {
  /** Random id of the isolate. */
  isolate: string;
  rates: Record<string, RateReport>;
}

export interface AcquireReply {
  rates: Record<string, RateGrant>;
}

/** What the object shows to the Worker. */
export interface PoolRpc {
  sync(report: SyncReport): Promise<SyncReply>;
  /** Asks for tokens between two syncs. Objects older than it throw; they also send no `rates`. */
  acquire(report: AcquireReport): Promise<AcquireReply>;
  /** Picks for one request of a `strict` pool. Absent in objects older than it. */
  pick?(request: PickRequest): Promise<PickReply>;
  /** Ends what `pick` began. */
  release?(report: ReleaseReport): Promise<void>;
  /** The routes changed. Absent in objects older than it. */
  noteRoutes?(mark: number): Promise<void>;
  /** The watchdog's call: be there, be armed, have the current config. */
  wake(): Promise<void>;
}
