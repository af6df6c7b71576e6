/**
 * The stored state of an origin.
 * @module
 */

import type { OriginConfig } from "../../config/schema.ts";
import { type FlapState, type HealthState, NO_FLAPS } from "../../core/health/health-state.ts";
import type { JudgedOrigin } from "../../core/steering/pool-strength.ts";
import type { Drain } from "./drain.ts";

export interface OriginRecord {
  health: HealthState;
  /** When the last probe result changed the health, in ms since the epoch. */
  sinceMs: number;
  flap: FlapState;
  /** Held down as flapping, whatever its probes say. */
  holdDown: boolean;
  /** When it came back to a pool that did without it; null: it never left. */
  backSinceMs: number | null;
  drain: Drain | null;
  drained: boolean;
  /**
   * The operator who drains it, and since when; null: none does. Absent: not drained, or drained by an older version.
   */
  drainedBy?: { who: string | null; sinceMs: number } | null;
  /** Its last configuration, if it is gone from the pool's: it is drained before it goes. */
  removing: OriginConfig | null;
}

export function newRecord(healthy: boolean, nowMs: number, backSinceMs: number | null): OriginRecord {
  return {
    health: { healthy, streak: 0 },
    sinceMs: nowMs,
    flap: NO_FLAPS,
    holdDown: false,
    backSinceMs,
    drain: null,
    drained: false,
    removing: null,
  };
}

/** Who asked for the drain of an origin, and since when it is drained; null: not drained, or not recorded. */
export function drainAsked({ drain, drainedBy }: OriginRecord): {
  who: string | null;
  sinceMs: number | null;
} {
  return drainedBy ?? { who: null, sinceMs: drain?.startedMs ?? null };
}

/** How a pool judges an origin when it speaks of itself. */
export interface TrackedOrigin extends JudgedOrigin {
  /** Until when it counts as ejected although too few others keep it in, in ms since the epoch; null: it does not. */
  readonly keptInUntilMs: number | null;
  /** It takes no new requests now. */
  readonly isOut: boolean;
}
