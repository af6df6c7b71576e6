/**
 * The pool's statistics: what isolates reported, beside what the origins are now.
 * @module
 */
import type { OriginDescription, PoolDescription } from "../contract/admin.ts";
import type {
  EventCounts,
  HistoryRange,
  LatencyQuantiles,
  OriginStats,
  PoolHistory,
  PoolScrape,
  PoolStats,
  TrafficCounts,
  TrafficStats,
} from "../contract/stats.ts";
import type { SyncReport } from "../contract/sync.ts";
import type { LatencySketch } from "../core/latency-sketch.ts";
import { CallMeter } from "./call-meter.ts";
import type { Isolates } from "./isolates.ts";
import type { OriginBoard } from "./origin-board.ts";
import { StatsBook } from "./stats-book.ts";
import type { PoolStore } from "./store.ts";
import { noCounts, quantilesOf } from "./tally.ts";

/** What the latency summaries of the metrics are taken from, in seconds: long enough to be steady. */
const RECENT_S = 300;
/** Prometheus' own default buckets, and one more for what is nearly a time-out. */
const HISTOGRAM_BOUNDS_MS = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000];

export interface StatisticsOptions {
  store: PoolStore;
  now: () => number;
  board: OriginBoard;
  isolates: Isolates;
}

export class Statistics {
  readonly #options: StatisticsOptions;
  readonly #book: StatsBook;
  readonly #calls: CallMeter;

  constructor(options: StatisticsOptions) {
    const { store, now, board, isolates } = options;
    this.#options = options;
    this.#calls = new CallMeter(now());
    this.#book = new StatsBook({
      rows: store.stats,
      now,
      knows: (origin) => board.record(origin) !== null,
      active: () => board.origins().reduce((sum, { id }) => sum + isolates.active(id), 0),
    });
  }

  /** An isolate called, for whatever. */
  called(): void {
    this.#calls.mark(this.#options.now());
  }

  /** An isolate reported what was not counted before. */
  heard({ origins, sync_failures, unserved }: SyncReport): void {
    this.#book.record(origins, sync_failures, unserved);
  }

  /** Writes down what is over. */
  run(): void {
    this.#book.roll();
  }

  /** When `run` is next worth calling, in ms since the epoch; Infinity if nothing waits. */
  nextRunMs(): number {
    return this.#book.nextCloseMs();
  }

  /** @param windowS seconds, at most a day; null: since the start */
  stats(windowS: number | null, described: PoolDescription): PoolStats {
    const nowMs = this.#options.now();
    const account = this.#book.account(windowS);
    const { counts, latencies } = account;
    const origins = described.origins.map((origin): [string, OriginStats] => {
      const counted = counts.origins.get(origin.id)?.counts ?? noCounts();
      const sketch = latencies.origins.get(origin.id)?.sketch ?? null;
      return [origin.id, { ...traffic(counted, sketch, origin.active_connections), ...standing(origin) }];
    });
    return {
      pool: described.pool,
      at: nowMs,
      since: account.sinceMs,
      window_s: windowS,
      ...traffic(counts.pool.counts, latencies.pool.sketch, described.active_connections),
      unserved: counts.unserved,
      requests_per_server: Object.fromEntries(origins.map(([id, { requests }]) => [id, requests])),
      origins: Object.fromEntries(origins),
      sync: {
        isolates: described.isolates,
        calls_per_second: this.#calls.perSecond(nowMs),
        failed: counts.failed,
      },
    };
  }

  /** All that a scrape of the metrics needs. */
  scrape(description: PoolDescription, events: EventCounts): PoolScrape {
    const { latencies } = this.#book.account(RECENT_S);
    const recent = description.origins.map(({ id }): [string, LatencyQuantiles] => {
      return [id, quantilesOf(latencies.origins.get(id)?.sketch ?? null)];
    });
    const sketch = this.#book.latencies;
    return {
      description,
      stats: this.stats(null, description),
      latency: {
        bounds: [...HISTOGRAM_BOUNDS_MS],
        counts: sketch.countsUpTo(HISTOGRAM_BOUNDS_MS),
        count: sketch.count,
      },
      recent: Object.fromEntries(recent),
      events,
    };
  }

  history(range: HistoryRange, sinceMs?: number): PoolHistory {
    return this.#book.history(range, sinceMs);
  }
}

function traffic(counts: TrafficCounts, sketch: LatencySketch | null, active: number): TrafficStats {
  const judged = counts.requests - counts.client_closed;
  return {
    ...counts,
    error_rate: judged === 0 ? 0 : counts.errors / judged,
    active_connections: active,
    ...quantilesOf(sketch),
  };
}

function standing(origin: OriginDescription): Pick<OriginStats, "status" | "in_service" | "health_since"> {
  const { status, healthy, ejected, draining, drained, since } = origin;
  return { status, in_service: healthy && !ejected && !draining && !drained, health_since: since };
}
