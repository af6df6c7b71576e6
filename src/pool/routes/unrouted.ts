/**
 * Counts answers to clients whose requests no pool handled: no route matched, or the request failed before. Isolates
 * report them to the object of the routes, which adds them up as a pool's object does.
 * @module
 */
import { clientStats } from "../../contract/client-stats.ts";
import type { UnroutedReply, UnroutedReport } from "../../contract/routes.ts";
import type { ClientStats, ClientsWindow } from "../../contract/stats.ts";
import { StatsAggregator } from "../stats/stats-aggregator.ts";
import type { StatsTable } from "../storage/stats-rows.ts";

/** An isolate reports no more often than this. */
const LEAST_PACE_MS = 10_000;
/** All isolates together report no more often than this. */
const MOST_CALLS_PER_SECOND = 100;
/** A report that is repeated comes within this time. It also bounds the memory of reports. */
const REMEMBERED_MS = 120_000;
const MOST_REMEMBERED = 20_000;

export class Unrouted {
  readonly #aggregator: StatsAggregator;
  readonly #now: () => number;
  /** The last sequence of each isolate, in the order of their last reports. */
  readonly #lastReports = new Map<string, { sequence: number; atMs: number }>();

  constructor(table: StatsTable, now: () => number) {
    this.#now = now;
    this.#aggregator = new StatsAggregator({ table, now, hasOrigin: () => false, active: () => 0 });
  }

  report({ isolate, sequence, clients }: UnroutedReport): UnroutedReply {
    const before = this.#lastReports.get(isolate);
    if (before === undefined || sequence > before.sequence) this.#aggregator.record({ origins: {}, clients });
    this.#remember(isolate, Math.max(sequence, before?.sequence ?? 0));
    const paceMs = Math.ceil((this.#lastReports.size / MOST_CALLS_PER_SECOND) * 1_000);
    return { next_report_ms: Math.max(LEAST_PACE_MS, paceMs) };
  }

  /** @param windowS seconds, at most a day */
  clients(windowS: number): ClientsWindow {
    const { counts, sinceMs } = this.#aggregator.window(windowS);
    return { at: this.#now(), since: sinceMs, counts: counts.clients.toData() };
  }

  /** Since the first that was counted. */
  totals(): ClientStats {
    const { clients } = this.#aggregator.totals().counts;
    return clientStats(clients, clients.sketch);
  }

  /** Stores the buckets that are over. */
  run(): void {
    this.#aggregator.roll();
  }

  /** When `run` is next worth calling, in ms since the epoch; Infinity if nothing waits. */
  nextRunMs(): number {
    return this.#aggregator.nextCloseMs();
  }

  #remember(isolate: string, sequence: number): void {
    const nowMs = this.#now();
    this.#lastReports.delete(isolate);
    this.#lastReports.set(isolate, { sequence, atMs: nowMs });
    for (const [id, { atMs }] of this.#lastReports) {
      if (nowMs - atMs < REMEMBERED_MS && this.#lastReports.size <= MOST_REMEMBERED) break;
      this.#lastReports.delete(id);
    }
  }
}
