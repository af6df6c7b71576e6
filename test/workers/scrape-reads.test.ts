/** What a scrape of the metrics reads of the stored periods, which together may have megabytes of sketches. */
import { expect, it, vi } from "vitest";
import { ClientCounts } from "../../src/core/metrics/client-counts.ts";
import { describePool } from "../../src/pool/admin/description.ts";
import { Unrouted } from "../../src/pool/routes/unrouted.ts";
import { SqlStatsTable } from "../../src/pool/storage/stats-table.ts";
import { PoolStore } from "../../src/pool/storage/store.ts";
import { originReport } from "../support/origin-reports.ts";
import { inStorage } from "./lent-storage.ts";
import { VirtualObject } from "./virtual-object.ts";

const FINE_BUCKET_MS = 10_000;
const RECENT_MS = 300_000;
const HOUR_BUCKETS = 360;

function oneAnswer(): ClientCounts {
  const counts = new ClientCounts(10);
  counts.recordAnswer({ status: 200, durationMs: 20, route: "*/*", host: "x.test", problem: null });
  return counts;
}

const SUCCESS = originReport({ outcomes: { success: 1 }, had_success: true, latency: [[145, 1]] });

it("of a pool: the last five minutes alone, as totals are in memory", async () => {
  await inStorage((sql) => {
    const object = new VirtualObject(sql, { origins: [{ id: "a", url: "https://a.example.com" }] });
    const { controller } = object;
    for (let sequence = 1; sequence <= HOUR_BUCKETS; sequence++, object.nowMs += FINE_BUCKET_MS) {
      controller.sync({
        isolate: "test",
        sequence,
        snapshot: 0,
        active: {},
        origins: { a: SUCCESS },
        clients: oneAnswer().toData(),
        demand: { requests: 1, elapsed_ms: FINE_BUCKET_MS },
        cursor: { want: 0, returned: [] },
      });
    }
    const read = vi.spyOn(SqlStatsTable.prototype, "periods");
    const state = controller.state();
    const scraped = controller.statistics.scrape(describePool(state), state.events.counts);
    const { stats, latency, client_latency } = scraped;
    const earliestMs = Math.min(...read.mock.calls.map(([, fromMs]) => fromMs));
    read.mockRestore();
    expect(earliestMs).toBeGreaterThanOrEqual(object.nowMs - RECENT_MS - FINE_BUCKET_MS);
    const counts = [stats.requests, stats.clients.requests, latency.count, client_latency.count];
    expect(counts).toEqual([HOUR_BUCKETS, HOUR_BUCKETS, HOUR_BUCKETS, HOUR_BUCKETS]);
    expect(stats.origins.a?.p50).toBeGreaterThan(0);
  });
});

it("of requests that no pool handled: nothing, as totals are in memory", async () => {
  await inStorage((sql) => {
    let nowMs = 1_800_000_000_000;
    const unrouted = new Unrouted(new PoolStore(sql).stats, () => nowMs);
    for (let sequence = 1; sequence <= HOUR_BUCKETS; sequence++, nowMs += FINE_BUCKET_MS)
      unrouted.report({ isolate: "test", sequence, clients: oneAnswer().toData() });
    const read = vi.spyOn(SqlStatsTable.prototype, "periods");
    expect(unrouted.totals().requests).toBe(HOUR_BUCKETS);
    expect(read).not.toHaveBeenCalled();
    read.mockRestore();
  });
});
