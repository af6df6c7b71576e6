import { describe, expect, it } from "vitest";
import type { LoadedHistory } from "../../../src/admin/dashboard/lib/history.ts";
import { originCharts, poolCharts } from "../../../src/admin/dashboard/lib/series.ts";
import type { HistoryBucket } from "../../../src/contract/stats.ts";
import { noCounts } from "../../../src/pool/stats/traffic-counts.ts";
import { clientFigures, liveOrigin, livePool } from "./live-fixtures.ts";

const STEP_MS = 10_000;
/** A quarter of an hour: the shortest span. */
const SLICES = 90;

function slice(at: number, origins: HistoryBucket["origins"]): HistoryBucket {
  const counts = { ...noCounts(), requests: 30, errors: 3 };
  return { at, ...counts, p50: 7, p90: 8, p99: 9, active_connections: 0, origins };
}

const A = liveOrigin("a", { requests_per_second: 2, error_rate: 0.5, p50: 4, p99: 6 });
const B = liveOrigin("b", { requests_per_second: 0, p50: null, p99: null });
const toMs = 2_000_000;
const history: LoadedHistory = {
  range: "hour",
  stepMs: STEP_MS,
  toMs,
  buckets: [
    slice(toMs - 2 * STEP_MS, { a: { requests: 30, errors: 3, p50: 7, p99: 9 } }),
    // Older than the span.
    slice(toMs - 200 * STEP_MS, { a: { requests: 999, errors: 0, p50: 1, p99: 1 } }),
  ],
};
const pool = livePool([A, B], { at: toMs + 4_000, p50: 3, p99: 5 });

describe("the charts of a pool", () => {
  const { requests, errors, latency } = poolCharts(pool, history, "15 min");

  it("have an even grid that ends now", () => {
    expect(requests.times).toHaveLength(SLICES + 1);
    expect(requests.times.slice(-3)).toEqual([1_990, 2_000, 2_004]);
    for (const { lines, times } of [requests, errors, latency]) {
      for (const { values } of lines) expect(values).toHaveLength(times.length);
    }
  });

  it("have zero requests in a time without reports, and no latency and errors there", () => {
    const [a, b] = requests.lines;
    expect(a?.values.slice(-3)).toEqual([3, 0, 2]);
    expect(b?.values.every((value) => value === 0)).toBe(true);
    expect(errors.lines[0]?.values.slice(-3)).toEqual([10, null, 50]);
    expect(latency.lines.map(({ values }) => values.slice(-3))).toEqual([
      [7, null, 3],
      [9, null, 5],
    ]);
  });

  it("begin with the failed requests of clients, if these are known", () => {
    const known = { ...history.buckets[0], clients: { requests: 50, failed: 1 } } as HistoryBucket;
    const clients = clientFigures(200, 3);
    const charts = poolCharts({ ...pool, clients }, { ...history, buckets: [known] }, "15 min");
    const [first, a] = charts.errors.lines;
    expect([first?.label, first?.values.slice(-3)]).toEqual(["clients", [2, null, 1.5]]);
    expect(a?.label).toBe("a");
  });

  it("leave out what is older than the span", () => {
    expect(Math.max(...(requests.lines[0]?.values ?? []).map((value) => value ?? 0))).toBe(3);
  });

  it("show the eight busiest of many origins", () => {
    const many = Array.from({ length: 20 }, (_, i) => liveOrigin(`o${i}`, { requests_per_second: i }));
    const { lines } = poolCharts(livePool(many, { at: toMs }), history, "15 min").requests;
    expect(lines.map(({ label }) => label)).toEqual(["o19", "o18", "o17", "o16", "o15", "o14", "o13", "o12"]);
    expect(new Set(lines.map(({ colour }) => colour)).size).toBe(8);
  });
});

describe("the charts of an origin", () => {
  it("have its own counts and latencies", () => {
    const { requests, latency } = originCharts(pool, A, history, "15 min");
    expect(requests.lines.map(({ values }) => values.slice(-3))).toEqual([[3, 0, 2]]);
    expect(latency.lines.map(({ values }) => values.slice(-3))).toEqual([
      [7, null, 4],
      [9, null, 6],
    ]);
  });
});
