/**
 * The reasons for a decision about an origin or a pool. Plain data.
 * @module
 */
import type { Ineligibility } from "../core/server/eligibility.ts";
import type { Arrival } from "../core/steering/choose-pool.ts";

/** The reasons for the choice of the pool, as the routing gives them. */
export type { PassedRoute, SplitChoice } from "../config/routing.ts";

/**
 * The reason for a verdict on an origin. Times in ms since the epoch; null: not known, or the verdict has no such time.
 */
export interface StateReason {
  /**
   * In words: the last probe's result, the failures that ejected it, how much of a limit is in use. No address, no
   * secret.
   */
  detail: string | null;
  /** When it began. */
  since: number | null;
  /** When it ends by itself. */
  until: number | null;
  /** Name of the token of the operator who caused it. */
  who: string | null;
}

/** How one of several pools is chosen for a request. */
export interface SteeringExplanation {
  policy: "failover" | "proximity" | "split";
  /** Null: not known. */
  client_region: string | null;
  /** The pools, in this client's order. */
  order: SteeredPool[];
  /** Where the client falls, 0 to 1, exclusive; null: by chance. */
  point: number | null;
  /** The available pool that its session is in; null: in none. */
  session_pool: string | null;
  /** The pool it goes to. */
  chosen: string;
  arrival: Arrival;
  /** The pool that is tried if that one cannot serve it; null: there is none. */
  next: string | null;
  /** All pools that are tried after the chosen one, in turn, while none can serve it; `next` is the first of them. */
  after: string[];
}

interface SteeredPool {
  pool: string;
  /** Distance from the client; null: not known, or the route does not use it. */
  distance_km: number | null;
  available: boolean;
  /** Healthy weight divided by weight in service, and the part of its share that the pool takes, 0 to 1. */
  share: number;
  accept: number;
  /** Its part of the clients that have this order, 0 to 1. */
  load: number;
  /** Why the pool is left out, or takes less than all its clients; null: neither is so. */
  reason: string | null;
}

/** A hypothetical request, for an explanation. */
export interface SampleRequest {
  method: string;
  /** Path without the query, in its one form (config/request-path.ts). */
  path: string;
  /** Path and query. */
  target: string;
  /** Empty: unknown. */
  client_ip: string;
  /** Names in lower case. */
  headers: Record<string, string>;
}

/** The reason why an origin is not picked. */
export type ExclusionReason =
  | Ineligibility
  /** Its weight is 0: no algorithm picks it, but its sessions reach it. */
  | "zero_weight"
  /** A backup, and others are eligible. */
  | "backup"
  /** The Worker lacks the binding through which it is reached. */
  | "no_binding";

export interface CandidateExplanation {
  id: string;
  /** Null: it may be picked. */
  exclusion_reason: ExclusionReason | null;
  /** Weight in force, slow start included. */
  weight: number;
  active_connections: number;
  /**
   * Requests in any one second: the limit, and how many of them isolates hold the right to start. Only the isolate
   * itself knows whether it has used up its share. Null: no limit.
   */
  rate_limit: { limit: number; granted: number } | null;
  /** Null: no limit. Absent, like the fields below, in objects older than it. */
  max_connections?: number | null;
  /** The cause of `exclusion_reason`, or of a state that panic ignores; null: there is nothing to add. */
  because?: StateReason | null;
}

/** Affinity of a request, as the pool's object sees it. */
export interface AffinityExplanation {
  method: "cookie" | "ip" | "ip_cookie";
  /** `unknown`: it names no origin of this pool, or was made with another secret. Null: the method has no cookie. */
  cookie: "absent" | "valid" | "expired" | "unknown" | null;
  /** The origin that the cookie names. */
  origin: string | null;
  /** Why the request cannot go there; null if it can, or if the cookie names no origin. */
  exclusion_reason: ExclusionReason | null;
}

export interface PoolExplanation {
  pool: string;
  configured: boolean;
  algorithm: string;
  coordination: string;
  snapshot_version: number;
  /** The key of a consistent hash; null with other algorithms. Empty: the request has no key, so round robin. */
  hash_key: string | null;
  affinity: AffinityExplanation | null;
  /** True: unhealthy origins are used, because too few are healthy. */
  panic: boolean;
  candidates: CandidateExplanation[];
  /** The pick that the object would make now. Null: no origin is eligible. */
  pick: {
    origin: string;
    reason: "affinity" | "algorithm";
    /** False: chance or an isolate's own lease and latencies decide, so another request may go elsewhere. */
    certain: boolean;
  } | null;
  /** Absent in objects older than it. */
  lease?: LeaseExplanation;
  /** Facts that only an isolate knows. */
  unknown_here: string[];
}

/** The state that isolates work from. The candidates show how much of each rate limit isolates hold. */
interface LeaseExplanation {
  /** Isolates that work for the pool now. */
  isolates: number;
  /** The next round-robin position that no isolate was given. */
  cursor: number;
  /** Connections in flight in the whole world, by the isolates' last reports. */
  active_connections: number;
}
