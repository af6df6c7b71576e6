/**
 * Statistics of the pool's object in workerd: what is counted, what is written, what survives an eviction.
 */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { beforeEach, describe, expect, inject, it } from "vitest";
import type { OriginReport, SyncReport } from "../../src/contract/sync.ts";
import { LatencySketch } from "../../src/core/metrics/latency-sketch.ts";
import { PoolStore } from "../../src/pool/storage/store.ts";
import { clock } from "./test-clock.ts";

const origins = inject("origins").slice(0, 2);
const FINE_BUCKET_MS = 10_000;
let count = 0;
let pool = "";

beforeEach(async () => {
  pool = `stats-${++count}`;
  await configure();
});

const stub = () => env.UPSTREAM_POOL.getByName(pool);

async function configure(ids = ["a", "b"]): Promise<void> {
  const document = { origins: ids.map((id, i) => ({ id, url: origins[i] })), log: { sample: 0 } };
  await env.POOLS.put(`pool:${pool}`, JSON.stringify(document), { metadata: { updated_at: Date.now() } });
  await stub().wake();
}

function seen(latencies: number[], more: Partial<OriginReport> = {}): OriginReport {
  const sketch = new LatencySketch();
  for (const latency of latencies) sketch.add(latency);
  const outcomes = { success: latencies.length, ...more.outcomes };
  const none = { failures_in_row: 0, had_success: true, retries: 0, rate_limited: 0 };
  return { ...none, ...more, outcomes, latency: sketch.toData() };
}

let sequence = 0;
function report(reported: Record<string, OriginReport>, more: Partial<SyncReport> = {}): SyncReport {
  return {
    isolate: "test",
    sequence: ++sequence,
    snapshot: 0,
    active: {},
    origins: reported,
    demand: { requests: 1, elapsed_ms: 1_000 },
    cursor: { want: 0, returned: [] },
    ...more,
  };
}

/** Fine and coarse buckets on disk. */
async function rows(): Promise<{ fine: number; coarse: number }> {
  return await runInDurableObject(stub(), (_instance, state) => {
    const { stats } = new PoolStore(state.storage.sql);
    const end = Number.MAX_SAFE_INTEGER;
    return {
      fine: [...stats.periods("fine", 0, end)].length,
      coarse: [...stats.periods("coarse", 0, end)].length,
    };
  });
}

/** To the beginning of the next fine bucket. */
const toNextFineBucket = () => clock.skip(FINE_BUCKET_MS - (clock.nowMs % FINE_BUCKET_MS) + 50);

describe("stats", () => {
  it("merge what isolates report, and count a repeated report once", async () => {
    const first = report({ a: seen([10, 20, 30], { retries: 1 }), b: seen([100]) }, { active: { a: 3 } });
    const second = report(
      { a: seen([40], { outcomes: { timeout: 1, client_closed: 2 } }) },
      { sync_failures: 2, notes_taken: 4 },
    );
    for (const each of [first, first, second, first, second]) await stub().sync(each);
    await stub().sync(
      report({ b: seen([200], { rate_limited: 5 }) }, { isolate: "other", active: { a: 1 } }),
    );
    const stats = await stub().stats();
    expect(stats.requests_per_server).toEqual({ a: 7, b: 2 });
    expect(stats).toMatchObject({ requests: 9, errors: 1, error_rate: 1 / 7, retries: 1, rate_limited: 5 });
    expect(stats.client_closed).toBe(2);
    expect(stats.sync).toMatchObject({ isolates: 2, failed: 2 });
    expect(stats.notes_taken).toBe(4);
    expect(stats.sync.calls_per_second).toBeGreaterThan(0);
    const { a, b } = stats.origins;
    expect(a).toMatchObject({
      requests: 7,
      errors: 1,
      error_rate: 1 / 5,
      status: "healthy",
      in_service: true,
    });
    expect([(a?.p50 ?? 0) / 20, (b?.p99 ?? 0) / 100]).toEqual([expect.closeTo(1, 1), expect.closeTo(1, 1)]);
    expect(a?.health_since).toBeLessThanOrEqual(Date.now());
  });

  it("show the connections that are open now", async () => {
    await stub().sync(report({}, { active: { a: 2, b: 1 } }));
    await stub().sync(report({}, { isolate: "other", active: { a: 5 } }));
    const stats = await stub().stats(60);
    const each = Object.values(stats.origins).map(({ active_connections }) => active_connections);
    expect([stats.active_connections, ...each]).toEqual([8, 7, 1]);
  });

  it("know every origin of the pool, and none that left it or never was in it", async () => {
    await stub().sync(report({ a: seen([1]), stranger: seen([1, 1]) }));
    const stats = await stub().stats();
    expect([stats.requests, stats.requests_per_server]).toEqual([3, { a: 1, b: 0 }]);
    expect(stats.origins.b).toMatchObject({ requests: 0, error_rate: 0, p50: null });
  });

  it("count requests through the data path", async () => {
    await env.POOLS.put("routes", JSON.stringify([{ host: `${pool}.example`, pool }]));
    const startedMs = clock.nowMs;
    for (let i = 0; i < 10; i++) {
      const response = await exports.default.fetch(`http://${pool}.example/`);
      expect([response.status, await response.text()]).toEqual([200, expect.any(String)]);
    }
    await clock.until(async () => {
      expect((await stub().stats(60)).requests).toBe(10);
    });
    const stats = await stub().stats(60);
    expect(stats.requests_per_server).toEqual({ a: 5, b: 5 });
    // Of which each is a part, and known to one percent.
    expect(stats.p50).toBeLessThanOrEqual(1.01 * (clock.nowMs - startedMs));
  });
});

describe("storage", () => {
  it("is written once per fine bucket, by the next report or by the alarm", async () => {
    toNextFineBucket();
    await clock.still(async () => {
      for (let i = 0; i < 20; i++) await stub().sync(report({ a: seen([10]) }));
      expect(await rows()).toEqual({ fine: 0, coarse: 0 });
    });
    const alarmMs = await runInDurableObject(stub(), (_instance, state) => state.storage.getAlarm());
    expect(
      (alarmMs ?? 0) % FINE_BUCKET_MS,
      "no check is configured, so the alarm is the fine bucket's end",
    ).toBe(0);
    toNextFineBucket();
    await runDurableObjectAlarm(stub());
    expect((await rows()).fine).toBe(1);
    const { buckets } = await stub().history("hour");
    expect(buckets).toMatchObject([{ requests: 20, errors: 0, origins: { a: { requests: 20, errors: 0 } } }]);
    await evictDurableObject(stub());
    const stats = await stub().stats();
    expect(stats.requests_per_server).toEqual({ a: 20, b: 0 });
    expect((stats.p50 ?? 0) / 10).toBeCloseTo(1, 1);
    expect((await stub().stats(60)).requests).toBe(20);
    expect((await stub().history("hour")).buckets).toEqual(buckets);
  });

  it("is one row a write, also where a fine bucket and a coarse bucket end together, and not one more after a replaced one", async () => {
    const written = await runInDurableObject(stub(), (_instance, state) => {
      const { sql } = state.storage;
      const counts: number[] = [];
      const counting = {
        exec: (query: string, ...bindings: unknown[]) => {
          const cursor = sql.exec(query, ...bindings);
          if (query.startsWith("INSERT")) counts.push(cursor.rowsWritten);
          return cursor;
        },
      } as unknown as SqlStorage;
      const { stats } = new PoolStore(counting);
      const period = { at: 1, summary: "s", sketches: "k" };
      const totals = { since: 1, summary: "t" };
      for (const slot of [0, 0, 360, 360]) {
        stats.put({
          slot,
          fine: period,
          coarse: slot === 0 ? null : period,
          totals: slot === 0 ? null : totals,
        });
      }
      sql.exec("DELETE FROM stats");
      return counts;
    });
    expect(written).toEqual([1, 1, 1, 1]);
  });

  it("keeps the order of time, and each end's half-open ranges", async () => {
    const found = await runInDurableObject(stub(), (_instance, state) => {
      const { stats } = new PoolStore(state.storage.sql);
      for (const [slot, at] of [
        [2, 30],
        [0, 10],
        [1, 20],
      ] as const) {
        const fine = { at, summary: `at ${at}`, sketches: "" };
        stats.put({ slot, fine, coarse: null, totals: null });
      }
      const summaries = [...stats.summaries("fine", 10, 30)].map(({ at }) => at);
      const last = stats.lastTotals();
      state.storage.sql.exec("DELETE FROM stats");
      return { summaries, last };
    });
    expect(found).toEqual({ summaries: [10, 20], last: null });
  });

  it("does nothing for a pool without requests", async () => {
    await stub().sync(report({}));
    expect(await runInDurableObject(stub(), (_instance, state) => state.storage.getAlarm())).toBeNull();
    await runDurableObjectAlarm(stub());
    expect(await rows()).toEqual({ fine: 0, coarse: 0 });
  });
});
