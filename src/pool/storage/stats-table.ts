/**
 * The table `stats`: a ring of closed periods, one row a write. See docs/storage.md.
 * @module
 */

import type { BucketSize, StatsRow, StatsTable, StoredPeriod, StoredTotals } from "./stats-rows.ts";
import type { Tables } from "./tables.ts";

export const STATS_TABLE = `
  CREATE TABLE IF NOT EXISTS stats (
    slot INTEGER PRIMARY KEY,
    fine_at INTEGER,
    coarse_at INTEGER,
    fine TEXT,
    coarse TEXT,
    fine_sketches TEXT,
    coarse_sketches TEXT,
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
  coarse_at: number;
  since: number;
  summary: string;
}

export class SqlStatsTable implements StatsTable {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** The ring never grows, and needs no deletes: each of those would be a write more. */
  put({ slot, fine, coarse, totals }: StatsRow): void {
    this.#tables.write(
      "INSERT OR REPLACE INTO stats VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      slot,
      fine?.at ?? null,
      coarse?.at ?? null,
      fine?.summary ?? null,
      coarse?.summary ?? null,
      fine?.sketches ?? null,
      coarse?.sketches ?? null,
      totals?.since ?? null,
      totals?.summary ?? null,
    );
  }

  clear(): void {
    this.#tables.write("DELETE FROM stats");
  }

  summaries(kind: BucketSize, fromMs: number, toMs: number): Iterable<{ at: number; summary: string }> {
    return this.#tables.read<PeriodRow>(
      `SELECT ${kind}_at AS at, ${kind} AS summary FROM stats
       WHERE ${kind}_at >= ? AND ${kind}_at < ? ORDER BY at`,
      fromMs,
      toMs,
    );
  }

  periods(kind: BucketSize, fromMs: number, toMs: number): Iterable<StoredPeriod> {
    return this.#tables.read<SketchedRow>(
      `SELECT ${kind}_at AS at, ${kind} AS summary, ${kind}_sketches AS sketches FROM stats
       WHERE ${kind}_at >= ? AND ${kind}_at < ?`,
      fromMs,
      toMs,
    );
  }

  lastTotals(): { coarseAt: number; totals: StoredTotals } | null {
    const row = this.#tables
      .read<TotalsRow>(
        `SELECT coarse_at, totals_since AS since, totals AS summary FROM stats
         WHERE totals IS NOT NULL ORDER BY coarse_at DESC LIMIT 1`,
      )
      .toArray()[0];
    return row === undefined ? null : { coarseAt: row.coarse_at, totals: row };
  }
}
