/**
 * Closed periods of the statistics, and what keeps them.
 * @module
 */

/** A closed period as text; see tally.ts. */
export interface StoredPeriod {
  /** When it began, in ms since the epoch. */
  at: number;
  summary: string;
  sketches: string;
}

/** What one write brings: a closed slice, a closed span, or both. */
export interface StatsRow {
  /** Place in the ring. */
  slot: number;
  slice: StoredPeriod | null;
  span: StoredPeriod | null;
  /** Everything up to the span's end; there if a span is. */
  totals: StoredTotals | null;
}

/** Everything that was ever counted. */
export interface StoredTotals {
  /** From when on, in ms since the epoch. */
  since: number;
  summary: string;
}

export type PeriodKind = "slice" | "span";

export interface PeriodStore {
  /** Takes the place of what stood in its slot. */
  put(row: StatsRow): void;
  /** Periods that began in [fromMs, toMs), oldest first, without their sketches. */
  summaries(kind: PeriodKind, fromMs: number, toMs: number): Iterable<{ at: number; summary: string }>;
  /** Periods that began in [fromMs, toMs), in no order. One at a time: all of them at once may be large. */
  periods(kind: PeriodKind, fromMs: number, toMs: number): Iterable<StoredPeriod>;
  /** The totals written last and the beginning of their span; null if no span was ever closed. */
  lastTotals(): { spanAt: number; totals: StoredTotals } | null;
}
