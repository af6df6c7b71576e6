/**
 * The pool's statistics: the counts that isolates reported, together with the present state of the origins.
 * @module
 */
import type { OriginDescription, PoolDescription } from "../../contract/admin.ts";
import { clientStats } from "../../contract/client-stats.ts";
import {
  type ClientsWindow,
  type EventCounts,
  type HistoryRange,
  type LatencyHistogram,
  type OriginStats,
  type PoolHistory,
  type PoolScrape,
  type PoolStats,
  quantilesOf,
  type TrafficCounts,
  type TrafficStats,
} from "../../contract/stats.ts";
import type { SyncReport } from "../../contract/sync.ts";
import type { LatencySketch } from "../../core/metrics/latency-sketch.ts";
import { RollingCounter } from "../../core/metrics/rolling-counter.ts";
import type { Isolates } from "../leases/isolates.ts";
import type { OriginStates } from "../origins/origin-states.ts";
import type { PoolStore } from "../storage/store.ts";
import { StatsAggregator, type StatsWindow } from "./stats-aggregator.ts";
import { noCounts } from "./traffic-counts.ts";

/** Window of the latency summaries of the metrics, in seconds: long enough to be steady. */
const RECENT_S = 300;
/** Prometheus' own default buckets, and one more for answers near the time-out. */
const HISTOGRAM_BOUNDS_MS = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000];

/** How often the object is called: over the last minute. */
const CALLS_SLOT_MS = 5_000;
const CALLS_SLOTS = 12;

export interface StatisticsOptions {
  store: PoolStore;
  now: () => number;
  originStates: OriginStates;
  isolates: Isolates;
}

export class Statistics {
  readonly #options: StatisticsOptions;
  readonly #aggregator: StatsAggregator;
  /** Calls of isolates, over the last minute. */
  readonly #calls = new RollingCounter(CALLS_SLOT_MS, CALLS_SLOTS);
  readonly #createdMs: number;

  constructor(options: StatisticsOptions) {
    const { store, now, originStates, isolates } = options;
    this.#options = options;
    this.#createdMs = now();
    this.#aggregator = new StatsAggregator({
      table: store.stats,
      now,
      hasOrigin: (origin) => originStates.record(origin) !== null,
      active: () => originStates.origins().reduce((sum, { id }) => sum + isolates.active(id), 0),
    });
  }

  /** An isolate called, for whatever. */
  recordCall(): void {
    this.#calls.add(this.#options.now());
  }

  /** Adds a report that was not counted before. */
  record(report: SyncReport): void {
    this.#aggregator.record(report);
  }

  /** Nothing was counted yet. The store is cleared by its owner. */
  clear(): void {
    this.#aggregator.clear();
  }

  /** Stores the buckets that are over. */
  run(): void {
    this.#aggregator.roll();
  }

  /** When `run` is next worth calling, in ms since the epoch; Infinity if nothing waits. */
  nextRunMs(): number {
    return this.#aggregator.nextCloseMs();
  }

  /** @param windowS seconds, at most a day; null: since the start */
  stats(windowS: number | null, described: PoolDescription): PoolStats {
    return this.#statsOf(this.#aggregator.window(windowS), windowS, described);
  }

  /** All that a scrape of the metrics needs. */
  scrape(description: PoolDescription, events: EventCounts): PoolScrape {
    const { latencies } = this.#aggregator.window(RECENT_S);
    const totals = this.#aggregator.totals();
    const { pool, clients } = totals.counts;
    return {
      description,
      stats: this.#statsOf({ ...totals, latencies }, null, description),
      latency: histogramOf(pool.sketch),
      client_latency: { ...histogramOf(clients.sketch), sum: clients.sketch.sum },
      events,
    };
  }

  /** Answers that clients got in the last `windowS` seconds. */
  clients(windowS: number): ClientsWindow {
    const { counts, sinceMs } = this.#aggregator.window(windowS);
    return { at: this.#options.now(), since: sinceMs, counts: counts.clients.toData() };
  }

  history(range: HistoryRange, sinceMs?: number): PoolHistory {
    return this.#aggregator.history(range, sinceMs);
  }

  #statsOf(window: StatsWindow, windowS: number | null, described: PoolDescription): PoolStats {
    const nowMs = this.#options.now();
    const { counts, latencies } = window;
    const origins = described.origins.map((origin): [string, OriginStats] => {
      const counted = counts.origins.get(origin.id)?.counts ?? noCounts();
      const sketch = latencies.origins.get(origin.id)?.sketch ?? null;
      return [origin.id, { ...traffic(counted, sketch, origin.active_connections), ...statusOf(origin) }];
    });
    return {
      pool: described.pool,
      at: nowMs,
      since: window.sinceMs,
      window_s: windowS,
      ...traffic(counts.pool.counts, latencies.pool.sketch, described.active_connections),
      unserved: counts.unserved,
      arrivals: counts.arrivals,
      clients: clientStats(counts.clients, latencies.clients.sketch),
      requests_per_server: Object.fromEntries(origins.map(([id, { requests }]) => [id, requests])),
      origins: Object.fromEntries(origins),
      sync: {
        isolates: described.isolates,
        calls_per_second: this.#calls.perSecond(nowMs, this.#createdMs),
        failed: counts.failed,
      },
      notes_taken: counts.notesTaken,
    };
  }
}

function histogramOf(sketch: LatencySketch): LatencyHistogram {
  return {
    bounds: [...HISTOGRAM_BOUNDS_MS],
    counts: sketch.countsUpTo(HISTOGRAM_BOUNDS_MS),
    count: sketch.count,
  };
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

function statusOf(origin: OriginDescription): Pick<OriginStats, "status" | "in_service" | "health_since"> {
  const { status, healthy, ejected, draining, drained, since } = origin;
  return { status, in_service: healthy && !ejected && !draining && !drained, health_since: since };
}
