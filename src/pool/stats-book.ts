/**
 * What isolates report, added up: the open slice of 10 s, the open span of 5 min, everything since the start; and in
 * storage an hour of slices and a day of spans. A report counts in the slice in which it arrives.
 *
 * Storage is written once per slice at most, when a slice or a span closes: a restart loses the open slice alone.
 * Bounds: docs/storage.md.
 * @module
 */
import type { HistoryRange, PoolHistory } from "../contract/stats.ts";
import type { OriginReport, UnservedCounts } from "../contract/sync.ts";
import type { LatencySketch } from "../core/latency-sketch.ts";
import { historyOf } from "./history.ts";
import type { PeriodStore, StatsRow, StoredPeriod } from "./stats-periods.ts";
import { countsOf, Tally } from "./tally.ts";

export const SLICE_MS = 10_000;
export const SPAN_MS = 300_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const HOUR_SLICES = HOUR_MS / SLICE_MS;
const DAY_SPANS = DAY_MS / SPAN_MS;

export interface StatsBookOptions {
  rows: PeriodStore;
  now: () => number;
  /** True if the pool has this origin. What is said of others counts for the pool alone. */
  knows: (origin: string) => boolean;
  /** Connections in flight, the world over. */
  active: () => number;
}

/** What was counted over a time, and what was measured. */
export interface Account {
  counts: Tally;
  latencies: Tally;
  /** From when on it was counted, in ms since the epoch. */
  sinceMs: number;
}

export class StatsBook {
  readonly #options: StatsBookOptions;
  #slice = new Tally();
  #sliceAtMs: number;
  #span = new Tally();
  #spanAtMs: number;
  readonly #totals = new Tally(0);
  /** Null: nothing was ever counted. */
  #sinceMs: number | null = null;

  constructor(options: StatsBookOptions) {
    this.#options = options;
    const nowMs = options.now();
    this.#sliceAtMs = floorTo(nowMs, SLICE_MS);
    this.#spanAtMs = floorTo(nowMs, SPAN_MS);
    this.#restore();
  }

  /**
   * What an isolate saw since its last report, each report once.
   * @param syncFailures calls to the object that failed at its end
   */
  record(
    origins: Readonly<Record<string, OriginReport>>,
    syncFailures = 0,
    unserved: UnservedCounts = {},
  ): void {
    this.roll();
    const open = [this.#slice, this.#span, this.#totals];
    for (const tally of open) tally.addPoolCounts(syncFailures, unserved);
    for (const [origin, report] of Object.entries(origins)) {
      const counts = countsOf(report);
      const known = this.#options.knows(origin) ? origin : null;
      for (const tally of open) tally.add(known, counts, report.latency);
    }
    if (this.#sinceMs === null && !this.#slice.isEmpty) this.#sinceMs = this.#options.now();
  }

  /** Closes the slice and the span whose time is over, with one write for both. */
  roll(): void {
    const nowMs = this.#options.now();
    const isSliceOver = nowMs >= this.#sliceAtMs + SLICE_MS;
    const isSpanOver = nowMs >= this.#spanAtMs + SPAN_MS;
    if (!isSliceOver && !isSpanOver) return;
    const slice = this.#close(this.#slice, this.#sliceAtMs);
    const span = isSpanOver ? this.#close(this.#span, this.#spanAtMs) : null;
    if (slice !== null || span !== null) this.#options.rows.put(this.#row(slice, span));
    this.#slice = new Tally();
    this.#sliceAtMs = floorTo(nowMs, SLICE_MS);
    if (!isSpanOver) return;
    this.#span = new Tally();
    this.#spanAtMs = floorTo(nowMs, SPAN_MS);
  }

  /** When `roll` has something to write, in ms since the epoch; Infinity if nothing waits. */
  nextCloseMs(): number {
    if (!this.#slice.isEmpty) return this.#sliceAtMs + SLICE_MS;
    return this.#span.isEmpty ? Number.POSITIVE_INFINITY : this.#spanAtMs + SPAN_MS;
  }

  /**
   * The last `windowS` seconds, at most a day. Begins with a slice, if it is longer than an hour with a span, so it
   * may be longer by one of these. Null: counts of all time and the latencies of the last hour.
   */
  account(windowS: number | null): Account {
    this.roll();
    const nowMs = this.#options.now();
    if (windowS === null) {
      const latencies = this.#window(floorTo(nowMs - HOUR_MS, SLICE_MS));
      return { counts: this.#totals, latencies, sinceMs: this.#sinceMs ?? nowMs };
    }
    const windowMs = Math.min(Math.max(windowS * 1_000, SLICE_MS), DAY_MS);
    const startMs = floorTo(nowMs - windowMs, windowMs > HOUR_MS ? SPAN_MS : SLICE_MS);
    const tally = this.#window(startMs);
    return { counts: tally, latencies: tally, sinceMs: Math.max(startMs, this.#sinceMs ?? nowMs) };
  }

  /** Latencies of the pool since the start. */
  get latencies(): LatencySketch {
    return this.#totals.pool.sketch;
  }

  /** @param sinceMs only slices that began then or later */
  history(range: HistoryRange, sinceMs = 0): PoolHistory {
    this.roll();
    const isHour = range === "hour";
    const stepMs = isHour ? SLICE_MS : SPAN_MS;
    const from = floorTo(this.#options.now() - (isHour ? HOUR_MS : DAY_MS), stepMs);
    const to = isHour ? this.#sliceAtMs : this.#spanAtMs;
    const periods = this.#options.rows.summaries(isHour ? "slice" : "span", Math.max(from, sinceMs), to);
    return { range, step_s: stepMs / 1_000, from, to, slices: historyOf(periods) };
  }

  /** Everything since `startMs`, from as few pieces as will do: whole spans in the middle, slices at both ends. */
  #window(startMs: number): Tally {
    const { rows } = this.#options;
    const window = new Tally();
    const merge = (periods: Iterable<StoredPeriod>): void => {
      for (const { summary, sketches } of periods) window.merge(summary, sketches);
    };
    if (startMs > this.#spanAtMs) {
      merge(rows.periods("slice", startMs, this.#sliceAtMs));
      window.mergeTally(this.#slice);
      return window;
    }
    const firstSpanMs = Math.ceil(startMs / SPAN_MS) * SPAN_MS;
    if (startMs < firstSpanMs) merge(rows.periods("slice", startMs, firstSpanMs));
    merge(rows.periods("span", firstSpanMs, this.#spanAtMs));
    window.mergeTally(this.#span);
    return window;
  }

  #close(tally: Tally, at: number): StoredPeriod | null {
    if (tally.isEmpty) return null;
    return { at, ...tally.texts(this.#options.active()) };
  }

  /** A span's row has a place of its own, for a day, and takes along the slice that ends with it. */
  #row(slice: StoredPeriod | null, span: StoredPeriod | null): StatsRow {
    if (span === null) return { slot: (this.#sliceAtMs / SLICE_MS) % HOUR_SLICES, slice, span, totals: null };
    this.#totals.forget(this.#options.knows);
    const totals = { since: this.#sinceMs ?? span.at, summary: this.#totals.totals() };
    return { slot: HOUR_SLICES + ((span.at / SPAN_MS) % DAY_SPANS), slice, span, totals };
  }

  /** Totals as of the last closed span, and the slices since, which are the open span. */
  #restore(): void {
    const { rows } = this.#options;
    const last = rows.lastTotals();
    if (last !== null) {
      this.#totals.merge(last.totals.summary, null);
      this.#sinceMs = last.totals.since;
    }
    const fromMs = last === null ? 0 : last.spanAt + SPAN_MS;
    for (const { at, summary, sketches } of rows.periods("slice", fromMs, Number.MAX_SAFE_INTEGER)) {
      this.#span.merge(summary, sketches);
      this.#totals.merge(summary, sketches);
      this.#spanAtMs = floorTo(at, SPAN_MS);
      if (last === null) this.#sinceMs = Math.min(this.#sinceMs ?? at, at);
    }
  }
}

function floorTo(ms: number, stepMs: number): number {
  return Math.floor(ms / stepMs) * stepMs;
}
