/**
 * What happened at each origin since the last report. Taken whole, so a report that was lost on the way can be
 * sent again unchanged.
 * @module
 */
import type { OriginReport, OutcomeKind, UnservedCounts, UnservedReason } from "../contract/sync.ts";
import { LatencySketch } from "../core/latency-sketch.ts";

interface Entry extends Omit<OriginReport, "latency" | "failure_age_ms"> {
  sketch: LatencySketch;
  /** Null: there was none. */
  lastFailureMs: number | null;
}

export class Ledger {
  #entries = new Map<string, Entry>();
  #unserved: UnservedCounts = {};

  /** @param latencyMs time to the response's headers; only successes count, or failing fast would look good */
  outcome(origin: string, kind: OutcomeKind, latencyMs: number, nowMs: number): void {
    const entry = this.#entry(origin);
    entry.outcomes[kind] = (entry.outcomes[kind] ?? 0) + 1;
    if (kind === "client_closed") return;
    if (kind === "success") {
      entry.had_success = true;
      entry.failures_in_row = 0;
      entry.sketch.add(latencyMs);
    } else {
      entry.failures_in_row++;
      entry.lastFailureMs = nowMs;
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

  /** A request ended without an origin's answer. */
  unserved(reason: UnservedReason): void {
    this.#unserved[reason] = (this.#unserved[reason] ?? 0) + 1;
  }

  /** What `unserved` counted so far; the count starts afresh. */
  takeUnserved(): UnservedCounts {
    const counts = this.#unserved;
    this.#unserved = {};
    return counts;
  }

  /** Everything so far as plain data; the ledger starts afresh. */
  take(nowMs: number): Record<string, OriginReport> {
    const reports: Record<string, OriginReport> = {};
    for (const [origin, { sketch, lastFailureMs, ...counts }] of this.#entries) {
      const age = lastFailureMs === null ? {} : { failure_age_ms: nowMs - lastFailureMs };
      reports[origin] = { ...counts, ...age, latency: sketch.toData() };
    }
    this.#entries = new Map();
    return reports;
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
        lastFailureMs: null,
      };
      this.#entries.set(origin, entry);
    }
    return entry;
  }
}
