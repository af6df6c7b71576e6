/**
 * The statuses by which pools and routes know other pools. A pool's object tells the object of the routes, which tells
 * the pools that share a route with it; these tell their isolates with the syncs that are made anyway. Plain data that
 * only ever grows: every field but the first four is optional, and its absence has a meaning.
 * @module
 */
import { loadsInOrder, type PoolStanding } from "../core/steering/choose-pool.ts";
import { unitVector } from "../core/steering/great-circle.ts";
import { takenShare } from "../core/steering/priority-load.ts";

/** A pool's `overprovisioning` if its status has none. Not the configuration's default: it may change, this may not. */
export const DEFAULT_OVERPROVISIONING = 1.4;

/** A pool's report about itself. Any of it may be out of date; the mark orders reports. */
export interface PoolStatus {
  /** Counts up with each change, also over restarts of the pool's object and lives of the pool. */
  mark: number;
  /** The pool has enough origins, and has had them for long enough. */
  available: boolean;
  /** Healthy weight divided by weight in service, 0 to 1. */
  share: number;
  /** The part of its share that it takes, 0 to 1, by capacity, return and shed. */
  accept: number;
  /** The pool's `overprovisioning`. Absent: 1.4. */
  overprovisioning?: number;
  /**
   * Part of its clients that is to go elsewhere, 0 to 1: the pool's `shed_percent`. `accept` includes it. Absent: none.
   */
  shed?: number;
  /** Part of the sessions that are to go elsewhere, 0 to 1: the pool's `shed_sessions_percent`. Absent: none. */
  shed_sessions?: number;
  /** The pool's `location`, in degrees. Absent: it has none. */
  location?: PoolLocation;
  /** Origins that take no new requests now, at most 50: an isolate that never called can pick without them. */
  down?: string[];
  /** While it has enough origins again and waits: when it counts again, in ms since the epoch. Absent: it does not. */
  returns_at?: number;
  /** Isolates that work for it. Absent: not known. A change of this alone is not announced. */
  isolates?: number;
  /**
   * Why it is not available, is returning or takes less than all, for people. Absent: it takes all. A change of this
   * alone is not announced.
   */
  reason?: string;
}

export interface PoolLocation {
  latitude: number;
  longitude: number;
}

/** The properties of a status that the choice of a pool depends on. */
export function standingOf(status: Readonly<PoolStatus>): PoolStanding {
  const { available, share, accept, shed = 0, shed_sessions = 0, location } = status;
  const { overprovisioning = DEFAULT_OVERPROVISIONING } = status;
  return {
    available,
    share,
    accept,
    overprovisioning,
    shed,
    shedSessions: shed_sessions,
    place: location === undefined ? null : unitVector(location.latitude, location.longitude),
  };
}

/**
 * Each pool's part of the clients of a route that lists the pools in this order, 0 to 1 (core/steering/choose-pool.ts).
 */
export function sharesInOrder(statuses: readonly Readonly<PoolStatus>[], spills: boolean): number[] {
  return loadsInOrder([...statuses.keys()], statuses.map(standingOf), spills);
}

/** By pool id. */
export type PoolStatuses = Record<string, PoolStatus>;

/** Stands for a pool without a status, which is tried. */
export const UNKNOWN_POOL_STATUS: Readonly<PoolStatus> = Object.freeze({
  mark: 0,
  available: true,
  share: 1,
  accept: 1,
});

/** Stands for a pool that is not there, or has no usable configuration: it is passed over. */
export const NO_POOL_STATUS: Readonly<PoolStatus> = Object.freeze({
  ...UNKNOWN_POOL_STATUS,
  available: false,
  reason: "it has no usable configuration",
});

/** The answer of the routes' object to a pool that reports its status. */
export interface PoolStatusReply {
  /** False: no route chooses among several pools that include this one. The pool need not report further. */
  wanted: boolean;
  /** Statuses of the pools that share a route with it, as far as they are known. */
  statuses: PoolStatuses;
}

/** The part of a status that can be put into words; the API's form of a status has it too. */
export interface SpokenStatus {
  readonly available: boolean;
  readonly share: number;
  readonly accept: number;
  readonly overprovisioning?: number | undefined;
  readonly returns_at?: number | undefined;
  readonly reason?: string | undefined;
}

/**
 * The consequence of a status for routes, in words; null: the pool takes all of its clients.
 * @param nowMs ms since the epoch
 */
export function poolStatusText(status: SpokenStatus, nowMs: number): string | null {
  const {
    available,
    share,
    accept,
    overprovisioning = DEFAULT_OVERPROVISIONING,
    returns_at,
    reason,
  } = status;
  if (!available) {
    if (returns_at === undefined) return `unavailable${reason === undefined ? "" : `: ${reason}`}`;
    return `returning in ${Math.max(0, Math.ceil((returns_at - nowMs) / 1_000))} s`;
  }
  const taken = takenShare({ share, accept, overprovisioning });
  if (taken >= 1) return null;
  const passed = Math.max(1, Math.round((1 - taken) * 100));
  return `spilling ${passed}% of its clients${reason === undefined ? "" : `: ${reason}`}`;
}
