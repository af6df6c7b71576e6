/**
 * The counts of an origin or of a pool: adds reports to them, and converts them to their stored form.
 * @module
 */
import type { TrafficCounts } from "../../contract/stats.ts";
import type { OriginReport } from "../../contract/sync.ts";

export type Counts = Required<TrafficCounts>;

/** In the order in which they are stored, which only ever grows at the end. */
export const COUNTS = [
  "requests",
  "errors",
  "client_closed",
  "retries",
  "rate_limited",
  "latency_sum",
  "retry_overflow",
  "connect_failures",
  "timeouts",
  "status_500",
  "status_502",
  "status_503",
  "status_504",
  "status_other",
  "answers_broken_off",
] as const satisfies (keyof TrafficCounts)[];

export function noCounts(): Counts {
  return {
    requests: 0,
    errors: 0,
    client_closed: 0,
    retries: 0,
    rate_limited: 0,
    latency_sum: 0,
    retry_overflow: 0,
    connect_failures: 0,
    timeouts: 0,
    status_500: 0,
    status_502: 0,
    status_503: 0,
    status_504: 0,
    status_other: 0,
    answers_broken_off: 0,
  };
}

/** A row that is older than a count ends before it. */
export function toCounts(row: readonly number[]): Counts {
  const counts = noCounts();
  for (const [index, name] of COUNTS.entries()) counts[name] = row[index] ?? 0;
  return counts;
}

const STATUS_COUNTS: ReadonlyMap<number, "status_500" | "status_502" | "status_503" | "status_504"> = new Map(
  [
    [500, "status_500"],
    [502, "status_502"],
    [503, "status_503"],
    [504, "status_504"],
  ] as const,
);

/**
 * Adds an isolate's counts of an origin. Called for each of thousands of origins with each report, so fields are named
 * one by one here and in `addTo`: looked up by a variable they take several times as long.
 * @param latencySum of the report's latencies, in ms
 */
export function addReport(counts: Counts, report: OriginReport, latencySum: number): void {
  const { success = 0, connect_failure = 0, timeout = 0, status = 0, client_closed = 0 } = report.outcomes;
  const errors = connect_failure + timeout + status;
  counts.requests += success + errors + client_closed;
  counts.errors += errors;
  counts.client_closed += client_closed;
  counts.retries += report.retries;
  counts.rate_limited += report.rate_limited;
  counts.latency_sum += latencySum;
  counts.retry_overflow += report.retry_overflow ?? 0;
  counts.connect_failures += connect_failure;
  counts.timeouts += timeout;
  counts.answers_broken_off += report.broken_off ?? 0;
  // Failing statuses by name; statuses that the isolate did not name count as other.
  counts.status_other += status;
  for (const [code, count] of report.statuses ?? []) {
    const name = STATUS_COUNTS.get(code);
    if (name === undefined) continue;
    counts[name] += count;
    counts.status_other -= count;
  }
}

/** Adds `added` to `counts`. */
export function addTo(counts: Counts, added: Counts): void {
  counts.requests += added.requests;
  counts.errors += added.errors;
  counts.client_closed += added.client_closed;
  counts.retries += added.retries;
  counts.rate_limited += added.rate_limited;
  counts.latency_sum += added.latency_sum;
  counts.retry_overflow += added.retry_overflow;
  counts.connect_failures += added.connect_failures;
  counts.timeouts += added.timeouts;
  counts.status_500 += added.status_500;
  counts.status_502 += added.status_502;
  counts.status_503 += added.status_503;
  counts.status_504 += added.status_504;
  counts.status_other += added.status_other;
  counts.answers_broken_off += added.answers_broken_off;
}

/** As they are stored: to a thousandth, and without the zeros at the end. */
export function toRow(counts: Counts): number[] {
  const row = COUNTS.map((name) => Math.round(counts[name] * 1_000) / 1_000);
  return row.slice(0, row.findLastIndex((count) => count !== 0) + 1);
}
