/**
 * Counts and latencies of one period, per origin and of the whole pool, and how a period is written down.
 * @module
 */
import type { LatencyQuantiles, TrafficCounts } from "../contract/stats.ts";
import { type OriginReport, UNSERVED_REASONS, type UnservedCounts } from "../contract/sync.ts";
import { LatencySketch, type SketchData } from "../core/latency-sketch.ts";

/** So many origins of a period have latencies of their own: those first heard of. The pool's cover all. */
export const SKETCHED_ORIGINS = 500;
/**
 * What a period may take as text, in characters, and how much of it its counts: two periods and the totals share a row,
 * and a row of SQLite holds at most 2 MB.
 */
const PERIOD_CHARS = 600_000;
const SUMMARY_CHARS = 400_000;
const TOTALS_CHARS = 600_000;

const QUANTILES = [0.5, 0.9, 0.99] as const;

/** In the order in which they are stored, which only ever grows at the end. */
const COUNTS = [
  "requests",
  "errors",
  "client_closed",
  "retries",
  "rate_limited",
  "latency_sum",
  "retry_overflow",
] as const;

export type OriginRow = [id: string, counts: number[], quantiles?: (number | null)[]];

/** A period as it is stored: busiest origins first. */
export interface Summary {
  pool: [counts: number[], quantiles?: (number | null)[]];
  origins: OriginRow[];
  /** Connections in flight when it ended. */
  active: number;
  /** Syncs that failed. */
  failed: number;
  /** Absent: none. */
  unserved?: UnservedCounts;
  /** The pool's latencies; of totals alone, whose sketches are not stored apart. */
  latencies?: SketchData;
}

interface Sketches {
  pool: SketchData;
  origins: [id: string, sketch: SketchData][];
}

/** One origin's share of a period, or the whole. */
export interface Entry {
  readonly counts: TrafficCounts;
  /** Null: no room for one. */
  readonly sketch: LatencySketch | null;
}

export class Tally {
  readonly pool: { readonly counts: TrafficCounts; readonly sketch: LatencySketch } = {
    counts: noCounts(),
    sketch: new LatencySketch(),
  };
  readonly #origins = new Map<string, Entry>();
  readonly #sketched: number;
  /** Syncs that failed. */
  failed = 0;
  /** Requests that got no origin's answer, by why. */
  readonly unserved: UnservedCounts = {};

  /** @param sketched how many origins get latencies of their own */
  constructor(sketched = SKETCHED_ORIGINS) {
    this.#sketched = sketched;
  }

  get isEmpty(): boolean {
    if (Object.keys(this.unserved).length > 0) return false;
    return this.failed === 0 && COUNTS.every((name) => this.pool.counts[name] === 0);
  }

  get origins(): ReadonlyMap<string, Entry> {
    return this.#origins;
  }

  /** @param origin null: one the pool does not have (any more), so that only the pool's own counts grow */
  add(origin: string | null, counts: TrafficCounts, latency: SketchData): void {
    this.pool.sketch.mergeData(latency);
    addTo(this.pool.counts, counts);
    if (origin === null) return;
    const entry = this.#entry(origin);
    entry.sketch?.mergeData(latency);
    addTo(entry.counts, counts);
  }

  /** Adds what is of no origin. */
  addPoolCounts(failed: number, unserved: UnservedCounts): void {
    this.failed += failed;
    for (const reason of UNSERVED_REASONS) {
      const added = unserved[reason] ?? 0;
      if (added > 0) this.unserved[reason] = (this.unserved[reason] ?? 0) + added;
    }
  }

  /** Adds a stored period. @param sketches null: counts alone */
  merge(summary: string, sketches: string | null): void {
    const counted = JSON.parse(summary) as Summary;
    this.addPoolCounts(counted.failed, counted.unserved ?? {});
    this.pool.sketch.mergeData(counted.latencies ?? []);
    addTo(this.pool.counts, toCounts(counted.pool[0]));
    for (const [id, counts] of counted.origins) addTo(this.#entry(id).counts, toCounts(counts));
    if (sketches === null) return;
    const measured = JSON.parse(sketches) as Sketches;
    this.pool.sketch.mergeData(measured.pool);
    for (const [id, sketch] of measured.origins) this.#entry(id).sketch?.mergeData(sketch);
  }

  /** Adds a period that is still in memory. */
  mergeTally(other: Tally): void {
    this.addPoolCounts(other.failed, other.unserved);
    addTo(this.pool.counts, other.pool.counts);
    this.pool.sketch.merge(other.pool.sketch);
    for (const [id, { counts, sketch }] of other.origins) {
      const entry = this.#entry(id);
      addTo(entry.counts, counts);
      if (sketch !== null) entry.sketch?.merge(sketch);
    }
  }

  forget(isKnown: (id: string) => boolean): void {
    for (const id of this.#origins.keys()) if (!isKnown(id)) this.#origins.delete(id);
  }

  /** As it is stored. @param active connections in flight now */
  texts(active: number): { summary: string; sketches: string } {
    const entries = this.#busiestFirst();
    const rows = entries.map(([id, { counts, sketch }]): OriginRow => {
      return [id, toRow(counts), storedQuantiles(sketch)];
    });
    const pool: Summary["pool"] = [toRow(this.pool.counts), storedQuantiles(this.pool.sketch)];
    const origins = within(rows, SUMMARY_CHARS);
    const { failed, unserved } = this;
    const summary = JSON.stringify({ pool, origins, active, failed, unserved } satisfies Summary);
    const measured = entries.flatMap(([id, { sketch }]): Sketches["origins"] => {
      return sketch === null || sketch.count === 0 ? [] : [[id, sketch.toData()]];
    });
    const all: Sketches = { pool: this.pool.sketch.toData(), origins: [] };
    const room = PERIOD_CHARS - summary.length - JSON.stringify(all).length;
    return { summary, sketches: JSON.stringify({ ...all, origins: within(measured, room) }) };
  }

  /** Counts, and the latencies of the pool as a whole. */
  totals(): string {
    const rows = this.#busiestFirst().map(([id, { counts }]): OriginRow => [id, toRow(counts)]);
    const { failed, unserved } = this;
    const summary: Summary = {
      pool: [toRow(this.pool.counts)],
      origins: within(rows, TOTALS_CHARS),
      active: 0,
      failed,
      unserved,
      latencies: this.pool.sketch.toData(),
    };
    return JSON.stringify(summary);
  }

  #busiestFirst(): [string, Entry][] {
    return [...this.#origins].sort(([, a], [, b]) => b.counts.requests - a.counts.requests);
  }

  #entry(id: string): Entry {
    let entry = this.#origins.get(id);
    if (entry === undefined) {
      const sketch = this.#origins.size < this.#sketched ? new LatencySketch() : null;
      entry = { counts: noCounts(), sketch };
      this.#origins.set(id, entry);
    }
    return entry;
  }
}

export function noCounts(): TrafficCounts {
  return {
    requests: 0,
    errors: 0,
    client_closed: 0,
    retries: 0,
    rate_limited: 0,
    latency_sum: 0,
    retry_overflow: 0,
  };
}

export function toCounts(row: readonly number[]): TrafficCounts {
  const counts = noCounts();
  COUNTS.forEach((name, index) => {
    counts[name] = row[index] ?? 0;
  });
  return counts;
}

export function quantilesOf(sketch: LatencySketch | null): LatencyQuantiles {
  const [p50 = null, p90 = null, p99 = null] = sketch?.quantiles(QUANTILES) ?? [];
  return { p50, p90, p99 };
}

export function countsOf(report: OriginReport): TrafficCounts {
  const { success = 0, connect_failure = 0, timeout = 0, status = 0, client_closed = 0 } = report.outcomes;
  const errors = connect_failure + timeout + status;
  const { retries, rate_limited, latency, retry_overflow = 0 } = report;
  const latency_sum = LatencySketch.from(latency).sum;
  return {
    requests: success + errors + client_closed,
    errors,
    client_closed,
    retries,
    rate_limited,
    latency_sum,
    retry_overflow,
  };
}

function addTo(counts: TrafficCounts, added: TrafficCounts): void {
  for (const name of COUNTS) counts[name] += added[name];
}

function toRow(counts: TrafficCounts): number[] {
  return COUNTS.map((name) => Math.round(counts[name] * 1_000) / 1_000);
}

function storedQuantiles(sketch: LatencySketch | null): (number | null)[] {
  const { p50, p90, p99 } = quantilesOf(sketch);
  return [p50, p90, p99].map((value) => value && Number(value.toPrecision(6)));
}

/** The first of `items` that together take at most so many characters of JSON. */
function within<T>(items: readonly T[], chars: number): T[] {
  let left = chars;
  const kept = items.findIndex((item) => {
    left -= JSON.stringify(item).length + 1;
    return left < 0;
  });
  return items.slice(0, kept < 0 ? items.length : kept);
}
