/**
 * What is kept of an origin, as it is stored.
 * @module
 */
import type { OriginConfig } from "../config/schema.ts";
import { type FlapState, type HealthState, STEADY } from "../core/health.ts";

export interface OriginRecord {
  health: HealthState;
  /** When the last probe result changed the health, in ms since the epoch. */
  sinceMs: number;
  flap: FlapState;
  /** Held down as flapping, whatever its probes say. */
  held: boolean;
  /** When it came back to a pool that did without it; null: it never left. */
  backSinceMs: number | null;
  drain: { startedMs: number; deadlineMs: number } | null;
  drained: boolean;
  /** Its last configuration, if it is gone from the pool's: it is drained before it goes. */
  leaving: OriginConfig | null;
}

export function newRecord(healthy: boolean, nowMs: number, backSinceMs: number | null): OriginRecord {
  return {
    health: { healthy, streak: 0 },
    sinceMs: nowMs,
    flap: STEADY,
    held: false,
    backSinceMs,
    drain: null,
    drained: false,
    leaving: null,
  };
}
