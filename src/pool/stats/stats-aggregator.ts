/**
 * Adds up the reports of isolates: the open fine bucket (10 s), the open coarse bucket (5 min), everything since the
 * start; and in storage an hour of fine and a day of coarse buckets. A report counts in the fine bucket in which it
 * arrives.
 *
 * Storage is written once per fine bucket at most, when a fine or a coarse one closes: a restart loses the open fine
 * bucket alone.
 * Bounds: docs/storage.md.
 * @module
 */
import type { HistoryRange, PoolHistory } from "../../contract/stats.ts";
import type { SyncReport } from "../../contract/sync.ts";
import type { StatsRow, StatsTable, StoredPeriod } from "../storage/stats-rows.ts";
import { historyOf } from "./history.ts";
import { PeriodStats } from "./period-stats.ts";

const FINE_BUCKET_MS = 10_000;
const COARSE_BUCKET_MS = 300_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const FINE_BUCKETS = HOUR_MS / FINE_BUCKET_MS;
const COARSE_BUCKETS = DAY_MS / COARSE_BUCKET_MS;

/** The parts of a report that are counted. */
export type Recorded = Pick<
  SyncReport,
  "origins" | "sync_failures" | "notes_taken" | "unserved" | "arrivals" | "clients"
>;

export interface StatsAggregatorOptions {
  table: StatsTable;
  now: () => number;
  /** True if the pool has this origin. Counts of others are added to the pool alone. */
  hasOrigin: (origin: string) => boolean;
  /** Connections in flight, the world over. */
  active: () => number;
}

/** Counts and latencies over a time. */
export interface StatsWindow {
  counts: PeriodStats;
  latencies: PeriodStats;
  /** From when on it was counted, in ms since the epoch. */
  sinceMs: number;
}

export class StatsAggregator {
  readonly #options: StatsAggregatorOptions;
  #fine = new PeriodStats();
  #fineAtMs: number;
  #coarse = new PeriodStats();
  #coarseAtMs: number;
  #totals = new PeriodStats(0);
  /** Null: nothing was ever counted. */
  #sinceMs: number | null = null;
  /** The fine bucket before this one had reports, so this one may well have some too. */
  #isBusy = false;

  constructor(options: StatsAggregatorOptions) {
    this.#options = options;
    const nowMs = options.now();
    this.#fineAtMs = floorTo(nowMs, FINE_BUCKET_MS);
    this.#coarseAtMs = floorTo(nowMs, COARSE_BUCKET_MS);
    this.#restore();
  }

  /**
   * Adds an isolate's report, each report once. It counts in the open fine bucket alone, which is added to the coarse
   * bucket and the totals when it closes, because each report may have thousands of origins.
   */
  record(report: Recorded): void {
    this.roll();
    const { origins, sync_failures: failed = 0, notes_taken = 0, clients } = report;
    const { unserved = {}, arrivals = {} } = report;
    const fine = this.#fine;
    fine.addPoolCounts({ failed, notes_taken, unserved, arrivals });
    if (clients !== undefined) fine.clients.merge(clients);
    for (const origin of Object.keys(origins)) {
      const report = origins[origin];
      if (report !== undefined) fine.addReport(this.#options.hasOrigin(origin) ? origin : null, report);
    }
    if (this.#sinceMs === null && !fine.isEmpty) this.#sinceMs = this.#options.now();
  }

  /** Nothing was counted yet. The store is cleared by its owner. */
  clear(): void {
    this.#fine = new PeriodStats();
    this.#coarse = new PeriodStats();
    this.#totals = new PeriodStats(0);
    this.#sinceMs = null;
    this.#isBusy = false;
  }

  /** Closes the fine and the coarse bucket whose time is over, with one write for both. */
  roll(): void {
    const nowMs = this.#options.now();
    const isFineOver = nowMs >= this.#fineAtMs + FINE_BUCKET_MS;
    const isCoarseOver = nowMs >= this.#coarseAtMs + COARSE_BUCKET_MS;
    if (!isFineOver && !isCoarseOver) return;
    for (const whole of [this.#coarse, this.#totals]) whole.mergeStats(this.#fine);
    const fine = this.#close(this.#fine, this.#fineAtMs);
    const coarse = isCoarseOver ? this.#close(this.#coarse, this.#coarseAtMs) : null;
    if (fine !== null || coarse !== null) this.#options.table.put(this.#row(fine, coarse));
    this.#isBusy = fine !== null;
    this.#fine = new PeriodStats();
    this.#fineAtMs = floorTo(nowMs, FINE_BUCKET_MS);
    if (!isCoarseOver) return;
    this.#coarse = new PeriodStats();
    this.#coarseAtMs = floorTo(nowMs, COARSE_BUCKET_MS);
  }

  /**
   * When `roll` has something to write, in ms since the epoch; Infinity if nothing waits. In the middle of traffic that is
   * the end of the fine bucket even while it is empty: a later time would be made earlier by the next report.
   */
  nextCloseMs(): number {
    if (!this.#fine.isEmpty || this.#isBusy) return this.#fineAtMs + FINE_BUCKET_MS;
    return this.#coarse.isEmpty ? Number.POSITIVE_INFINITY : this.#coarseAtMs + COARSE_BUCKET_MS;
  }

  /**
   * The last `windowS` seconds, at most a day. Begins with a fine bucket, if it is longer than an hour with a coarse
   * one, so it may be longer by one of these. Null: counts of all time and the latencies of the last hour.
   */
  window(windowS: number | null): StatsWindow {
    this.roll();
    const nowMs = this.#options.now();
    if (windowS === null) {
      return { ...this.totals(), latencies: this.#sumSince(floorTo(nowMs - HOUR_MS, FINE_BUCKET_MS)) };
    }
    const windowMs = Math.min(Math.max(windowS * 1_000, FINE_BUCKET_MS), DAY_MS);
    const startMs = floorTo(nowMs - windowMs, windowMs > HOUR_MS ? COARSE_BUCKET_MS : FINE_BUCKET_MS);
    const stats = this.#sumSince(startMs);
    return { counts: stats, latencies: stats, sinceMs: Math.max(startMs, this.#sinceMs ?? nowMs) };
  }

  /** Counts of all time, with the latencies of the pool and of its clients. Reads nothing that is stored. */
  totals(): Omit<StatsWindow, "latencies"> {
    this.roll();
    const counts = new PeriodStats(0);
    for (const part of [this.#totals, this.#fine]) counts.mergeStats(part);
    return { counts, sinceMs: this.#sinceMs ?? this.#options.now() };
  }

  /** @param sinceMs only buckets that began then or later */
  history(range: HistoryRange, sinceMs = 0): PoolHistory {
    this.roll();
    const isHour = range === "hour";
    const stepMs = isHour ? FINE_BUCKET_MS : COARSE_BUCKET_MS;
    const from = floorTo(this.#options.now() - (isHour ? HOUR_MS : DAY_MS), stepMs);
    const to = isHour ? this.#fineAtMs : this.#coarseAtMs;
    const periods = this.#options.table.summaries(isHour ? "fine" : "coarse", Math.max(from, sinceMs), to);
    return { range, step_s: stepMs / 1_000, from, to, buckets: historyOf(periods) };
  }

  /** Everything since `startMs`, from as few pieces as will do: coarse buckets in the middle, fine ones at both ends. */
  #sumSince(startMs: number): PeriodStats {
    const { table } = this.#options;
    const window = new PeriodStats();
    const merge = (periods: Iterable<StoredPeriod>): void => {
      for (const { summary, sketches } of periods) window.merge(summary, sketches);
    };
    if (startMs > this.#coarseAtMs) {
      merge(table.periods("fine", startMs, this.#fineAtMs));
      window.mergeStats(this.#fine);
      return window;
    }
    const firstCoarseMs = Math.ceil(startMs / COARSE_BUCKET_MS) * COARSE_BUCKET_MS;
    if (startMs < firstCoarseMs) merge(table.periods("fine", startMs, firstCoarseMs));
    merge(table.periods("coarse", firstCoarseMs, this.#coarseAtMs));
    for (const open of [this.#coarse, this.#fine]) window.mergeStats(open);
    return window;
  }

  #close(stats: PeriodStats, at: number): StoredPeriod | null {
    if (stats.isEmpty) return null;
    return { at, ...stats.texts(this.#options.active()) };
  }

  /** A coarse bucket's row has a slot of its own, for a day, and takes along the fine one that ends with it. */
  #row(fine: StoredPeriod | null, coarse: StoredPeriod | null): StatsRow {
    if (coarse === null)
      return { slot: (this.#fineAtMs / FINE_BUCKET_MS) % FINE_BUCKETS, fine, coarse, totals: null };
    this.#totals.forget(this.#options.hasOrigin);
    const totals = { since: this.#sinceMs ?? coarse.at, summary: this.#totals.totals() };
    return { slot: FINE_BUCKETS + ((coarse.at / COARSE_BUCKET_MS) % COARSE_BUCKETS), fine, coarse, totals };
  }

  /** Totals as of the last closed coarse bucket, and the fine ones since, which are the open coarse bucket. */
  #restore(): void {
    const { table } = this.#options;
    const last = table.lastTotals();
    if (last !== null) {
      this.#totals.merge(last.totals.summary, null);
      this.#sinceMs = last.totals.since;
    }
    const fromMs = last === null ? 0 : last.coarseAt + COARSE_BUCKET_MS;
    for (const { at, summary, sketches } of table.periods("fine", fromMs, Number.MAX_SAFE_INTEGER)) {
      this.#coarse.merge(summary, sketches);
      this.#totals.merge(summary, sketches);
      this.#coarseAtMs = floorTo(at, COARSE_BUCKET_MS);
      if (last === null) this.#sinceMs = Math.min(this.#sinceMs ?? at, at);
    }
  }
}

function floorTo(ms: number, stepMs: number): number {
  return Math.floor(ms / stepMs) * stepMs;
}
