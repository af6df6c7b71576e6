/**
 * Counts outcomes at each origin, and answers to clients, since the last report. The counts are taken as a whole, so
 * that a lost report can be sent again: the same counts, with the ages of the outcomes at that time.
 * @module
 */
import type {
  ArrivalCounts,
  OriginReport,
  OutcomeKind,
  UnservedCounts,
  UnservedReason,
} from "../../contract/sync.ts";
import { ClientCounts, type ClientCountsData } from "../../core/metrics/client-counts.ts";
import { LatencySketch } from "../../core/metrics/latency-sketch.ts";
import type { Arrival } from "../../core/steering/choose-pool.ts";

type Age = "failure_age_ms" | "first_failure_age_ms" | "success_age_ms";

/** When outcomes were, in ms. Null: there was none. */
interface OutcomeTimes {
  lastFailureMs: number | null;
  /** The first of the failures in a row. */
  firstFailureMs: number | null;
  lastSuccessMs: number | null;
}

interface Entry extends Omit<OriginReport, Age | "latency" | "statuses">, OutcomeTimes {
  sketch: LatencySketch;
  /** By status: how often the origin failed with it. At most 500 to 599 but two. Null: it never did. */
  failed: Map<number, number> | null;
}

/** The counts of one report, kept until the object has them. */
export interface TakenReport {
  readonly report: Omit<OriginReport, Age>;
  readonly times: Readonly<OutcomeTimes>;
}

/** As it is sent at `nowMs`, by origin id. */
export function reportsAt(
  taken: ReadonlyMap<string, TakenReport>,
  nowMs: number,
): Record<string, OriginReport> {
  const reports = [...taken].map(([origin, { report, times }]): [string, OriginReport] => [
    origin,
    { ...report, ...agesAt(times, nowMs) },
  ]);
  return Object.fromEntries(reports);
}

function agesAt({ lastFailureMs, firstFailureMs, lastSuccessMs }: OutcomeTimes, nowMs: number) {
  const age = (ms: number): number => Math.max(0, nowMs - ms);
  return {
    ...(lastFailureMs !== null && { failure_age_ms: age(lastFailureMs) }),
    ...(firstFailureMs !== null && { first_failure_age_ms: age(firstFailureMs) }),
    ...(lastSuccessMs !== null && { success_age_ms: age(lastSuccessMs) }),
  };
}

/** Routes, and hosts, with counts of their own in a report. */
const CLIENT_KEYS = 50;

export class OutcomeBuffer {
  /** Null: no request has ended since the last report. */
  #clients: ClientCounts | null = null;
  #entries = new Map<string, Entry>();
  #unserved: UnservedCounts = {};
  #arrivals: ArrivalCounts = {};

  /**
   * @param latencyMs time to the response's headers; only successes count, or failing fast would look good
   * @param status of the origin's answer; null: there was none, or it is not known
   */
  record(
    origin: string,
    kind: OutcomeKind,
    latencyMs: number,
    nowMs: number,
    status: number | null = null,
  ): void {
    const entry = this.#entry(origin);
    entry.outcomes[kind] = (entry.outcomes[kind] ?? 0) + 1;
    if (kind === "client_closed") return;
    if (kind === "success") {
      entry.had_success = true;
      entry.failures_in_row = 0;
      entry.firstFailureMs = null;
      entry.lastSuccessMs = nowMs;
      entry.sketch.add(latencyMs);
    } else {
      entry.failures_in_row++;
      entry.firstFailureMs ??= nowMs;
      entry.lastFailureMs = nowMs;
      if (kind === "status" && status !== null) {
        entry.failed ??= new Map();
        entry.failed.set(status, (entry.failed.get(status) ?? 0) + 1);
      }
    }
  }

  retry(origin: string): void {
    this.#entry(origin).retries++;
  }

  rateLimited(origin: string): void {
    this.#entry(origin).rate_limited++;
  }

  /** A failure at `origin` would have been tried elsewhere, but the budget is spent. */
  retryOverflow(origin: string): void {
    const entry = this.#entry(origin);
    entry.retry_overflow = (entry.retry_overflow ?? 0) + 1;
  }

  /** `origin` broke an answer off that was counted by its status. */
  brokenOff(origin: string): void {
    const entry = this.#entry(origin);
    entry.broken_off = (entry.broken_off ?? 0) + 1;
  }

  /** A request ended without an origin's answer. */
  unserved(reason: UnservedReason): void {
    this.#unserved[reason] = (this.#unserved[reason] ?? 0) + 1;
  }

  /** A request came to this pool as one of several. */
  arrived(arrival: Arrival): void {
    this.#arrivals[arrival] = (this.#arrivals[arrival] ?? 0) + 1;
  }

  /** Takes the counts of `arrived` and resets them. */
  takeArrivals(): ArrivalCounts {
    const counts = this.#arrivals;
    this.#arrivals = {};
    return counts;
  }

  /** Takes the counts of `unserved` and resets them. */
  takeUnserved(): UnservedCounts {
    const counts = this.#unserved;
    this.#unserved = {};
    return counts;
  }

  /** Of requests that this pool was the last to handle. */
  get clients(): ClientCounts {
    this.#clients ??= new ClientCounts(CLIENT_KEYS);
    return this.#clients;
  }

  /** Takes the counts of answers to clients and resets them; undefined: there were none. */
  takeClients(): ClientCountsData | undefined {
    const clients = this.#clients;
    this.#clients = null;
    return clients === null || clients.isEmpty ? undefined : clients.toData();
  }

  /** Everything so far as plain data, by origin id; the buffer starts afresh. */
  take(): ReadonlyMap<string, TakenReport> {
    const taken = new Map<string, TakenReport>();
    for (const [origin, entry] of this.#entries) {
      const { sketch, failed, lastFailureMs, firstFailureMs, lastSuccessMs, ...counts } = entry;
      const statuses = failed === null ? {} : { statuses: [...failed] };
      taken.set(origin, {
        report: { ...counts, ...statuses, latency: sketch.toData() },
        times: { lastFailureMs, firstFailureMs, lastSuccessMs },
      });
    }
    this.#entries = new Map();
    return taken;
  }

  #entry(origin: string): Entry {
    let entry = this.#entries.get(origin);
    if (entry === undefined) {
      entry = {
        outcomes: {},
        failures_in_row: 0,
        had_success: false,
        retries: 0,
        rate_limited: 0,
        sketch: new LatencySketch(),
        failed: null,
        lastFailureMs: null,
        firstFailureMs: null,
        lastSuccessMs: null,
      };
      this.#entries.set(origin, entry);
    }
    return entry;
  }
}
