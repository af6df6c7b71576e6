/**
 * Makes an isolate's reports to the pool's object. What has happened since the last report stands in one report, which
 * is repeated until the object has answered it; the rest is as it is when the report is sent.
 * @module
 */
import type { ArrivalCounts, SyncReport, UnservedCounts } from "../../contract/sync.ts";
import type { CursorRange } from "../../core/cursor/cursor-lease.ts";
import type { ClientCountsData } from "../../core/metrics/client-counts.ts";
import { reportsAt, type TakenReport } from "../model/outcome-buffer.ts";
import type { EdgePool } from "../pool/edge-pool.ts";

/** Smallest lease asked for: a few requests of a quiet isolate. */
const SMALLEST_WANT = 8;
/** Leases cover this many paces of the recent demand. A new one is requested at half, so that no request waits. */
const PACES_PER_LEASE = 2;
/** Positions beyond this many times the need are given back. */
const MOST_HEADROOM = 2;
/** Demand is taken over at least this long: five requests in a millisecond are not five thousand a second. */
const SHORTEST_SAMPLE_MS = 100;
const LONGEST_SAMPLE_MS = 60_000;

/** A report under way: repeated until the object has answered it. */
interface PendingReport {
  sequence: number;
  origins: ReadonlyMap<string, TakenReport>;
  sync_failures: number;
  notes_taken?: number;
  unserved: UnservedCounts;
  arrivals?: ArrivalCounts;
  clients?: ClientCountsData;
  returned: CursorRange[];
}

export class SyncReports {
  readonly #pool: EdgePool;
  readonly #isolate: string;
  #sequence = 0;
  #pending: PendingReport | null = null;
  /** When the last report was made. */
  #reportedMs = Number.NEGATIVE_INFINITY;
  #reportedOpen = 0;

  constructor(pool: EdgePool, isolate: string) {
    this.#pool = pool;
    this.#isolate = isolate;
  }

  /** There was a report, whether the object answered it or not. */
  get hasMade(): boolean {
    return this.#sequence > 0;
  }

  /** Connections that the object may count as open: those of the last report that it answered, or of a later one. */
  get reportedOpen(): number {
    return this.#reportedOpen;
  }

  /** @param paceMs how far apart reports are, which sizes the lease that it asks for */
  make(nowMs: number, paceMs: number, isAwaited = false): SyncReport {
    const sampleMs = Math.min(Math.max(nowMs - this.#reportedMs, SHORTEST_SAMPLE_MS), LONGEST_SAMPLE_MS);
    const requests = this.#pool.requests;
    const active = this.#activeGauge();
    this.#reportedMs = nowMs;
    this.#pool.requests = 0;
    const open = sum(Object.values(active));
    this.#reportedOpen = Math.max(this.#reportedOpen, open);
    this.#pool.residenceTime.observe(open, requests, sampleMs);
    const need = Math.max(SMALLEST_WANT, Math.ceil((requests / sampleMs) * paceMs * PACES_PER_LEASE));
    this.#pending ??= this.#newReport(need);
    const { returned, origins, ...pending } = this.#pending;
    return {
      isolate: this.#isolate,
      ...pending,
      origins: reportsAt(origins, nowMs),
      snapshot: this.#pool.activePool?.version ?? 0,
      active,
      demand: { requests, elapsed_ms: sampleMs },
      cursor: { want: Math.max(0, need - this.#pool.cursor.remaining), returned },
      rates: this.#pool.rates.reports(nowMs, isAwaited),
      ...(isAwaited && { waiting: 1 }),
      ...this.#strictPicks(),
    };
  }

  /** The object has it. */
  answered({ sequence, active }: Pick<SyncReport, "sequence" | "active">): void {
    this.#reportedOpen = sum(Object.values(active));
    if (this.#pending?.sequence === sequence) this.#pending = null;
  }

  #strictPicks(): Pick<SyncReport, "picks"> {
    const { strictPicks, activePool } = this.#pool;
    const isStrict = strictPicks.size > 0 || activePool?.config.coordination === "strict";
    return isStrict ? { picks: Object.fromEntries(strictPicks) } : {};
  }

  /** Positions far beyond the need are given back, the others are spent. */
  #newReport(need: number): PendingReport {
    const { cursor, outcomes, failedCalls: sync_failures, notesTaken: notes_taken } = this.#pool;
    this.#pool.failedCalls = 0;
    this.#pool.notesTaken = 0;
    const unserved = outcomes.takeUnserved();
    const arrivals = outcomes.takeArrivals();
    const clients = outcomes.takeClients();
    const returned = cursor.remaining > MOST_HEADROOM * need ? cursor.giveBack(need) : [];
    return {
      sequence: ++this.#sequence,
      origins: outcomes.take(),
      sync_failures,
      ...(notes_taken > 0 && { notes_taken }),
      unserved,
      ...(Object.keys(arrivals).length > 0 && { arrivals }),
      ...(clients && { clients }),
      returned,
    };
  }

  #activeGauge(): Record<string, number> {
    const active: Record<string, number> = {};
    for (const server of this.#pool.servers) if (server.own > 0) active[server.id] = server.own;
    return active;
  }
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
