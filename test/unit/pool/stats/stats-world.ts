/** A pool's statistics on a virtual clock, over the table `stats` in memory. */
import type { OriginReport } from "../../../../src/contract/sync.ts";
import { LatencySketch } from "../../../../src/core/metrics/latency-sketch.ts";
import { StatsAggregator } from "../../../../src/pool/stats/stats-aggregator.ts";
import type {
  BucketSize,
  StatsRow,
  StatsTable,
  StoredPeriod,
} from "../../../../src/pool/storage/stats-rows.ts";
import { originReport } from "../../../support/origin-reports.ts";

export const START_MS = 1_800_000_000_000;
export const FINE_BUCKET_MS = 10_000;
export const COARSE_BUCKET_MS = 300_000;

/** The table `stats` in memory. */
class Rows implements StatsTable {
  readonly rows = new Map<number, StatsRow>();
  writes: number[] = [];
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  put(row: StatsRow): void {
    this.rows.set(row.slot, row);
    this.writes.push(this.#now());
  }

  periods(kind: BucketSize, fromMs: number, toMs: number): StoredPeriod[] {
    const periods = [...this.rows.values()].flatMap((row) => row[kind] ?? []);
    return periods.filter(({ at }) => at >= fromMs && at < toMs);
  }

  summaries(kind: BucketSize, fromMs: number, toMs: number): StoredPeriod[] {
    return this.periods(kind, fromMs, toMs).sort((a, b) => a.at - b.at);
  }

  lastTotals() {
    const newestFirst = [...this.rows.values()].sort((a, b) => (b.coarse?.at ?? 0) - (a.coarse?.at ?? 0));
    const last = newestFirst[0];
    return last?.coarse == null || last.totals === null
      ? null
      : { coarseAt: last.coarse.at, totals: last.totals };
  }

  /** The largest row, in characters: SQLite takes 2 MB. */
  get largest(): number {
    return Math.max(...[...this.rows.values()].map((row) => JSON.stringify(row).length));
  }
}

export class StatsWorld {
  nowMs = START_MS;
  active = 0;
  known: (origin: string) => boolean = () => true;
  readonly rows = new Rows(() => this.nowMs);
  aggregator = this.open();

  /** As an object does that starts. */
  open(): StatsAggregator {
    return new StatsAggregator({
      table: this.rows,
      now: () => this.nowMs,
      hasOrigin: (origin) => this.known(origin),
      active: () => this.active,
    });
  }

  restart(): void {
    this.aggregator = this.open();
  }

  requests(windowS: number | null): number {
    return this.aggregator.window(windowS).counts.pool.counts.requests;
  }
}

export function successes(latencies: readonly number[]): OriginReport {
  const sketch = new LatencySketch();
  for (const latency of latencies) sketch.add(latency);
  return originReport({
    outcomes: { success: latencies.length },
    had_success: true,
    latency: sketch.toData(),
  });
}
