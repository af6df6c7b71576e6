/**
 * The live facts, as `GET /live` answers them.
 * @module
 */
import type { LivePool as PoolFacts } from "../../../contract/live.ts";
import type { ClientFigures } from "../../../contract/stats.ts";

export type { FailureKind, LiveOrigin, LiveTraffic } from "../../../contract/live.ts";

export interface LivePool extends Omit<PoolFacts, "clients"> {
  /** What clients got. Null or absent: the object is older than that. */
  clients?: ClientFigures | null;
}

/** One whose object could not be asked. */
interface UnavailablePool {
  pool: string;
  error: string;
}

export type WatchedPool = LivePool | UnavailablePool;

export interface LiveAnswer {
  at: number;
  /** What clients got, of all pools and of none; only where all were asked for. */
  clients?: ClientFigures | null;
  /** The same of requests that no pool handled. */
  unrouted?: ClientFigures | null;
  pools: WatchedPool[];
}
