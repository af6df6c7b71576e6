/**
 * The table `stats`: a ring of closed periods, one row a write. See docs/storage.md.
 * @module
 */

import type { PeriodKind, PeriodStore, StatsRow, StoredPeriod, StoredTotals } from "./stats-periods.ts";

const TABLE = `
  CREATE TABLE IF NOT EXISTS stats (
    slot INTEGER PRIMARY KEY,
    slice_at INTEGER,
    span_at INTEGER,
    slice TEXT,
    span TEXT,
    slice_sketches TEXT,
    span_sketches TEXT,
    totals_since INTEGER,
    totals TEXT
  );
`;

interface PeriodRow extends Record<string, SqlStorageValue> {
  at: number;
  summary: string;
}

interface SketchedRow extends PeriodRow {
  sketches: string;
}

interface TotalsRow extends Record<string, SqlStorageValue> {
  span_at: number;
  since: number;
  summary: string;
}

export class StatsRows implements PeriodStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(TABLE);
  }

  /** The ring never grows, and needs no deletes: each of those would be a write more. */
  put({ slot, slice, span, totals }: StatsRow): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO stats VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      slot,
      slice?.at ?? null,
      span?.at ?? null,
      slice?.summary ?? null,
      span?.summary ?? null,
      slice?.sketches ?? null,
      span?.sketches ?? null,
      totals?.since ?? null,
      totals?.summary ?? null,
    );
  }

  summaries(kind: PeriodKind, fromMs: number, toMs: number): Iterable<{ at: number; summary: string }> {
    return this.#sql.exec<PeriodRow>(
      `SELECT ${kind}_at AS at, ${kind} AS summary FROM stats
       WHERE ${kind}_at >= ? AND ${kind}_at < ? ORDER BY at`,
      fromMs,
      toMs,
    );
  }

  periods(kind: PeriodKind, fromMs: number, toMs: number): Iterable<StoredPeriod> {
    return this.#sql.exec<SketchedRow>(
      `SELECT ${kind}_at AS at, ${kind} AS summary, ${kind}_sketches AS sketches FROM stats
       WHERE ${kind}_at >= ? AND ${kind}_at < ?`,
      fromMs,
      toMs,
    );
  }

  lastTotals(): { spanAt: number; totals: StoredTotals } | null {
    const row = this.#sql
      .exec<TotalsRow>(
        `SELECT span_at, totals_since AS since, totals AS summary FROM stats
         WHERE totals IS NOT NULL ORDER BY span_at DESC LIMIT 1`,
      )
      .toArray()[0];
    return row === undefined ? null : { spanAt: row.span_at, totals: row };
  }
}
