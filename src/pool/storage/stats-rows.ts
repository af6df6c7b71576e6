/**
 * The rows of the table of closed periods, without SQLite.
 * @module
 */

/** A closed period as text; see period-stats.ts. */
export interface StoredPeriod {
  /** When it began, in ms since the epoch. */
  at: number;
  summary: string;
  sketches: string;
}

/** One write: a closed fine bucket, a closed coarse bucket, or both. */
export interface StatsRow {
  /** Place in the ring. */
  slot: number;
  fine: StoredPeriod | null;
  coarse: StoredPeriod | null;
  /** Everything up to the end of the coarse bucket; there if that is. */
  totals: StoredTotals | null;
}

/** Everything that was ever counted. */
export interface StoredTotals {
  /** From when on, in ms since the epoch. */
  since: number;
  summary: string;
}

export type BucketSize = "fine" | "coarse";

export interface StatsTable {
  /** The new row replaces the old one in its slot. */
  put(row: StatsRow): void;
  /** Periods that began in [fromMs, toMs), oldest first, without their sketches. */
  summaries(kind: BucketSize, fromMs: number, toMs: number): Iterable<{ at: number; summary: string }>;
  /** Periods that began in [fromMs, toMs), in no order. One at a time: all of them at once may be large. */
  periods(kind: BucketSize, fromMs: number, toMs: number): Iterable<StoredPeriod>;
  /** The totals written last and the beginning of their coarse bucket; null if none was ever closed. */
  lastTotals(): { coarseAt: number; totals: StoredTotals } | null;
}
