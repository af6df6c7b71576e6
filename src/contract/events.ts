/**
 * What happened to a pool, for its operator: kept by the object, shown by the API, sent to `notify_url`.
 * @module
 */

export type PoolEventKind =
  /** A new configuration is in force. */
  | "config_applied"
  /** A configuration was refused; the last good one stays. */
  | "config_refused"
  | "healthy"
  | "unhealthy"
  /** Changes its health too often and is held down for a while. */
  | "flapping"
  | "ejected"
  | "unejected"
  /** Would have been ejected, but too many are already. */
  | "not_ejected"
  | "drain_started"
  /** Nothing is left to wait for, or the drain's time is up. */
  | "drained"
  | "undrained"
  /** Gone from the configuration and drained. */
  | "removed"
  /** An operator wrote something through the API. */
  | "audit";

export interface PoolEvent {
  /** Milliseconds since the epoch. */
  at: number;
  kind: PoolEventKind;
  pool: string;
  /** The origin concerned, if it is one. */
  origin?: string;
  /** Name of the operator's token, if an operator did it. */
  who?: string;
  /** In words, for people. Holds no address and no secret. */
  detail?: string;
}

/** Kinds that say an origin began or ceased to serve: `notify_url` hears of these. */
export const HEALTH_TRANSITIONS: ReadonlySet<PoolEventKind> = new Set([
  "healthy",
  "unhealthy",
  "flapping",
  "ejected",
  "unejected",
]);
