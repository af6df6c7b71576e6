/**
 * Counts and latencies of one period, per origin and of the whole pool, and how a period is written down.
 * @module
 */
import { quantilesOf } from "../../contract/stats.ts";
import {
  type ArrivalCounts,
  type OriginReport,
  UNSERVED_REASONS,
  type UnservedCounts,
} from "../../contract/sync.ts";
import { ClientCounts, type ClientCountsData } from "../../core/metrics/client-counts.ts";
import { LatencySketch, type SketchData } from "../../core/metrics/latency-sketch.ts";
import { ARRIVALS } from "../../core/steering/choose-pool.ts";
import { addReport, addTo, COUNTS, type Counts, noCounts, toCounts, toRow } from "./traffic-counts.ts";

/** Most origins of a period with latencies of their own, the first ones reported. The pool's latencies cover all. */
const SKETCHED_ORIGINS = 500;
/**
 * Most characters of a period as text, and of its counts alone. Two periods and the totals share a row, and a row of
 * SQLite holds at most 2 MB.
 */
const PERIOD_CHARS = 600_000;
const SUMMARY_CHARS = 400_000;
const TOTALS_CHARS = 550_000;
/** So many routes, and as many hosts, have counts of their own. At 120 characters each they take 30,000 in all. */
const CLIENT_KEYS = 100;

type OriginRow = [id: string, counts: number[], quantiles?: (number | null)[]];

/** A period as it is stored: busiest origins first. */
export interface Summary {
  pool: [counts: number[], quantiles?: (number | null)[]];
  origins: OriginRow[];
  /** Connections in flight when it ended. */
  active: number;
  /** Syncs that failed. */
  failed: number;
  /** Absent: none. */
  notes_taken?: number;
  /** Absent: none. */
  unserved?: UnservedCounts;
  /** Absent: none. */
  arrivals?: ArrivalCounts;
  /** Absent: none. Without latencies but in totals. */
  clients?: ClientCountsData;
  /** The pool's latencies; of totals alone, whose sketches are not stored apart. */
  latencies?: SketchData;
}

interface Sketches {
  pool: SketchData;
  /** Times that clients waited. Absent: none. */
  clients?: SketchData;
  origins: [id: string, sketch: SketchData][];
}

/** One origin's share of a period, or the whole. */
export interface Entry {
  readonly counts: Counts;
  /** Null: no room for one. */
  readonly sketch: LatencySketch | null;
}

/** Counts that are of no origin. */
export type PoolCounts = Pick<Summary, "failed" | "notes_taken" | "unserved" | "arrivals">;

export class PeriodStats {
  readonly pool: { readonly counts: Counts; readonly sketch: LatencySketch } = {
    counts: noCounts(),
    sketch: new LatencySketch(),
  };
  readonly #origins = new Map<string, Entry>();
  readonly #sketched: number;
  /** Syncs that failed. */
  failed = 0;
  /** Verdicts that isolates took from notes. */
  notesTaken = 0;
  /** Requests that got no origin's answer, by why. */
  readonly unserved: UnservedCounts = {};
  /** Requests of routes with several pools, by reason. */
  readonly arrivals: ArrivalCounts = {};
  /** Answers that clients got. */
  readonly clients = new ClientCounts(CLIENT_KEYS);

  /** @param sketched how many origins get latencies of their own */
  constructor(sketched = SKETCHED_ORIGINS) {
    this.#sketched = sketched;
  }

  get isEmpty(): boolean {
    if (!this.clients.isEmpty) return false;
    if (Object.keys(this.unserved).length + Object.keys(this.arrivals).length > 0) return false;
    return this.failed + this.notesTaken === 0 && COUNTS.every((name) => this.pool.counts[name] === 0);
  }

  get origins(): ReadonlyMap<string, Entry> {
    return this.#origins;
  }

  /**
   * Adds an isolate's counts of an origin.
   * @param origin null: the pool does not have it (any longer), so only the pool's own counts grow
   */
  addReport(origin: string | null, report: OriginReport): void {
    const latencySum = LatencySketch.sumOf(report.latency);
    this.pool.sketch.mergeData(report.latency);
    addReport(this.pool.counts, report, latencySum);
    if (origin === null) return;
    const entry = this.#entry(origin);
    entry.sketch?.mergeData(report.latency);
    addReport(entry.counts, report, latencySum);
  }

  get poolCounts(): PoolCounts {
    const { failed, notesTaken, unserved, arrivals } = this;
    return { failed, ...(notesTaken > 0 && { notes_taken: notesTaken }), unserved, arrivals };
  }

  /** Adds counts that belong to no origin. */
  addPoolCounts({ failed, notes_taken = 0, unserved = {}, arrivals = {} }: PoolCounts): void {
    this.failed += failed;
    this.notesTaken += notes_taken;
    addCounts(this.unserved, unserved, UNSERVED_REASONS);
    addCounts(this.arrivals, arrivals, ARRIVALS);
  }

  /** Adds a stored period. @param sketches null: counts alone */
  merge(summary: string, sketches: string | null): void {
    const counted = JSON.parse(summary) as Summary;
    this.addPoolCounts(counted);
    if (counted.clients !== undefined) this.clients.merge(counted.clients);
    this.pool.sketch.mergeData(counted.latencies ?? []);
    addTo(this.pool.counts, toCounts(counted.pool[0]));
    for (const [id, counts] of counted.origins) addTo(this.#entry(id).counts, toCounts(counts));
    if (sketches === null) return;
    const measured = JSON.parse(sketches) as Sketches;
    this.pool.sketch.mergeData(measured.pool);
    this.clients.sketch.mergeData(measured.clients ?? []);
    for (const [id, sketch] of measured.origins) this.#entry(id).sketch?.mergeData(sketch);
  }

  /** Adds a period that is still in memory. */
  mergeStats(other: PeriodStats): void {
    this.addPoolCounts(other.poolCounts);
    this.clients.merge(other.clients.toData());
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
    const { latency: waited, ...answered } = this.clients.toData();
    const clients: ClientCountsData = { ...answered, latency: [] };
    const counted: Summary = { pool, origins, active, ...this.poolCounts, clients };
    const summary = JSON.stringify(counted);
    const measured = entries.flatMap(([id, { sketch }]): Sketches["origins"] => {
      return sketch === null || sketch.count === 0 ? [] : [[id, sketch.toData()]];
    });
    const all: Sketches = { pool: this.pool.sketch.toData(), clients: waited, origins: [] };
    const room = PERIOD_CHARS - summary.length - JSON.stringify(all).length;
    return { summary, sketches: JSON.stringify({ ...all, origins: within(measured, room) }) };
  }

  /** Counts, and the latencies of the pool as a whole. */
  totals(): string {
    const rows = this.#busiestFirst().map(([id, { counts }]): OriginRow => [id, toRow(counts)]);
    const summary: Summary = {
      pool: [toRow(this.pool.counts)],
      origins: within(rows, TOTALS_CHARS),
      active: 0,
      ...this.poolCounts,
      clients: this.clients.toData(),
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

function storedQuantiles(sketch: LatencySketch | null): (number | null)[] {
  const { p50, p90, p99 } = quantilesOf(sketch);
  return [p50, p90, p99].map((value) => value && Number(value.toPrecision(6)));
}

/** The first of `items` that together take at most this many characters of JSON. */
function within<T>(items: readonly T[], chars: number): T[] {
  let left = chars;
  const kept = items.findIndex((item) => {
    left -= JSON.stringify(item).length + 1;
    return left < 0;
  });
  return items.slice(0, kept < 0 ? items.length : kept);
}

function addCounts<K extends string>(
  counts: Partial<Record<K, number>>,
  added: Partial<Record<K, number>>,
  names: readonly K[],
): void {
  for (const name of names) {
    const count = added[name] ?? 0;
    if (count > 0) counts[name] = (counts[name] ?? 0) + count;
  }
}
