/**
 * What a runtime's clock says: whole milliseconds, off from the true time.
 * @module
 */
import type { Agenda } from "./agenda.ts";

/** Virtual second 0: any moment will do, but it must be the same each time. */
const EPOCH_MS = Date.UTC(2026, 0, 1);
/** Clocks of different machines are off by up to this. */
const LARGEST_SKEW_MS = 500;

/** @param random draws the skew, in [0, 1) */
export function skewedClock(agenda: Agenda, random: () => number): () => number {
  const offsetMs = EPOCH_MS + (2 * random() - 1) * LARGEST_SKEW_MS;
  return () => Math.floor(agenda.nowMs + offsetMs);
}
