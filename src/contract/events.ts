/**
 * Events of a pool for its operator. The object keeps them, the API shows them, and some are sent to `notify_url`.
 * @module
 */

export type PoolEventKind =
  /** A new configuration is in force. */
  | "config_applied"
  /** A configuration was refused; the last good one stays. */
  | "config_refused"
  | "healthy"
  | "unhealthy"
  /** The origin changed its health too often and is held down for a while. */
  | "flapping"
  | "ejected"
  | "unejected"
  /** The origin would have been ejected, but too many are already. */
  | "not_ejected"
  | "drain_started"
  /** No session and request is left to wait for, or the drain's time is up. */
  | "drained"
  | "undrained"
  /** The origin is gone from the configuration and drained. */
  | "removed"
  /** No origin takes requests any more. */
  | "pool_down"
  /** An origin takes requests again. */
  | "pool_up"
  /** The pool is available again to routes that choose among several pools, or takes all of its clients again. */
  | "pool_available"
  /** The pool is not available to such routes: it has too few origins. */
  | "pool_unavailable"
  /** The pool has enough origins again, and will be available if it keeps them. */
  | "pool_returning"
  /** The pool is available, but some of its clients go to the next pool. */
  | "pool_spilling"
  /** `notify_url` did not accept a notification, which is dropped now. */
  | "notify_failed"
  /** Checks of all origins take more than twice their interval: there are too many origins, or too many that hang. */
  | "checks_late"
  | "checks_in_time"
  /** An operator wrote something through the API. */
  | "audit";

export interface PoolEvent {
  /** Milliseconds since the epoch. */
  at: number;
  kind: PoolEventKind;
  pool: string;
  /** The origin concerned, if the event is about one. */
  origin?: string;
  /** Name of the operator's token, if an operator did it. */
  who?: string;
  /** In words, for people; at most 2,000 characters. Holds no address and no secret. */
  detail?: string;
}

/** The event in a sentence, for people who read it in a chat. */
export function eventText({ kind, pool, origin, detail }: PoolEvent): string {
  const subject = origin === undefined ? pool : `${pool}/${origin}`;
  const words = WORDS[kind] ?? kind.replaceAll("_", " ");
  return `${subject} ${words}${detail === undefined ? "" : `: ${detail}`}`;
}

/** Of every kind: the compiler asks for one of each. */
const WORDS: Readonly<Record<PoolEventKind, string>> = {
  healthy: "is healthy",
  unhealthy: "is unhealthy",
  flapping: "is held down, for it changes too often",
  ejected: "is ejected for failing requests",
  unejected: "is back after its ejection",
  not_ejected: "fails requests and stays, for too many are ejected",
  drain_started: "is being drained",
  drained: "is drained",
  undrained: "takes requests again",
  removed: "is removed",
  config_applied: "has a new configuration",
  config_refused: "has a configuration that was refused, the last good one stays",
  pool_down: "is down",
  pool_up: "is up again",
  pool_available: "is available to its routes",
  pool_unavailable: "is not available to its routes",
  pool_returning: "is returning to its routes",
  pool_spilling: "leaves some clients to the next pool",
  notify_failed: "notify failed",
  checks_late: "checks late",
  checks_in_time: "checks in time",
  audit: "audit",
};

export const POOL_EVENT_KINDS: readonly string[] = Object.keys(WORDS);
