import { describe, expect, it } from "vitest";
import { CALL_TIMEOUT_MS, FIRST_SYNC_WAIT_MS } from "../../src/edge/sync/sync-state.ts";
import { config, Line, PACE_MS } from "./sync-line.ts";

it("an isolate tells its neighbours of the answers where its pace is longer than a second and a half", () => {
  const line = new Line();
  const isCrowded = (next_sync_ms: number) => {
    line.sync({ next_sync_ms });
    return line.state.isCrowded;
  };
  expect([900, 1_500, 1_501, 900].map(isCrowded)).toEqual([false, false, true, false]);
});

describe("a request waits", () => {
  it("on a cold isolate, for 250 ms at most, and so do those that come meanwhile", () => {
    const line = new Line();
    expect(line.isStale).toBe(true);
    line.state.begin(line.nowMs);
    line.state.beginWait(line.nowMs);
    line.after(FIRST_SYNC_WAIT_MS - 1);
    expect([line.isStale, line.state.isWaitedFor(line.nowMs)]).toEqual([true, true]);
    line.pool.adoptConfig(config);
    line.after(1);
    expect([line.isStale, line.state.isWaitedFor(line.nowMs)], "from here on from KV's config").toEqual([
      false,
      false,
    ]);
  });

  it("after a pace without requests, so that a change is in force from the first one on", () => {
    const line = new Line();
    line.sync();
    expect(line.after(PACE_MS + 250).isStale).toBe(false);
    expect(line.after(1).isStale).toBe(true);
  });

  it("not on a busy isolate, however long the object takes to answer", () => {
    const line = new Line();
    line.sync();
    line.after(PACE_MS).state.begin(line.nowMs);
    for (let waited = 0; waited < CALL_TIMEOUT_MS; waited += 100) expect(line.after(100).isStale).toBe(false);
  });

  it("not while the object does not answer, but again after a rest", () => {
    const line = new Line();
    line.sync();
    line.after(PACE_MS);
    for (let round = 0; round < 4; round++) {
      const backoffMs = line.fail();
      expect([line.isStale, line.isDue]).toEqual([false, false]);
      line.after(backoffMs);
      expect([line.isStale, line.isDue], "a call in the background finds out").toEqual([false, true]);
    }
    expect(line.after(60_000).isStale).toBe(true);
  });

  it("not for a pool that was found nowhere a moment ago", () => {
    const line = new Line();
    line.sync({ snapshot: null, configured: false });
    line.state.missing(line.nowMs);
    expect(line.isStale).toBe(false);
    expect(line.after(1_000).isStale).toBe(true);
  });
});

describe("a call is due", () => {
  it("at the pace, counted from when the last one was sent", () => {
    const line = new Line();
    line.sync({}, 200);
    expect(line.after(PACE_MS - 201).isDue).toBe(false);
    expect(line.after(1).isDue).toBe(true);
  });

  it("before that when half of the lease is spent or there is an urgent report, but not before the object allows it", () => {
    const line = new Line();
    line.sync({ early_sync_ms: 400 });
    for (let i = 0; i < 4; i++) line.pool.cursor.next();
    line.pool.hasUrgentReport = true;
    expect(line.after(399).isDue).toBe(false);
    expect(line.after(1).isDue).toBe(true);
  });

  it("at any time with an object that sets no such bound; an urgent report still waits for 200 ms", () => {
    const line = new Line();
    line.sync();
    line.pool.hasUrgentReport = true;
    expect(line.after(199).isDue).toBe(false);
    expect(line.after(1).isDue).toBe(true);
    line.sync();
    for (let i = 0; i < 8; i++) line.pool.cursor.next();
    expect(line.isDue).toBe(true);
  });

  it("again when a call was lost with the request that made it", () => {
    const line = new Line();
    line.sync();
    line.after(PACE_MS).state.begin(line.nowMs);
    expect(line.after(4_999).isDue).toBe(false);
    expect(line.after(1).isDue).toBe(true);
  });
});

describe("a lease far beyond the need", () => {
  it("is returned with the next report, once, except for a rest", () => {
    const line = new Line();
    line.sync({ cursor: { start: 0, end: 4_000 } });
    line.pool.requests = 4;
    const { cursor } = line.after(PACE_MS).sync({ cursor: null });
    expect(cursor).toEqual({ want: 0, returned: [{ start: 8, end: 4_000 }] });
    expect(line.pool.cursor.remaining).toBe(8);
    expect(line.after(PACE_MS).sync().cursor).toEqual({ want: 0, returned: [] });
  });
});

describe("a removed pool", () => {
  it("is gone at once, and stays gone until there is a new snapshot", () => {
    const line = new Line();
    line.sync();
    line.sync({ snapshot: null, configured: false, removed: true });
    expect([line.pool.activePool, line.pool.isRemoved]).toEqual([null, true]);
    line.sync();
    expect([line.pool.activePool === null, line.pool.isRemoved]).toEqual([false, false]);
  });

  it("is told apart from one that the object does not know yet, which is served from KV", () => {
    const line = new Line();
    line.pool.adoptConfig(config);
    line.sync({ snapshot: null, configured: false });
    expect([line.pool.activePool === null, line.pool.isRemoved]).toEqual([false, false]);
  });
});

describe("a scheduled report", () => {
  it("is made by the request that scheduled it first, while that has time left", () => {
    const line = new Line();
    line.sync({ next_sync_ms: 60_000 });
    line.state.scheduleReport(line.nowMs);
    expect(line.after(9_999).state.needsReport(line.nowMs)).toBe(false);
    expect(line.after(1).state.needsReport(line.nowMs), "the platform ends it 30 s after its answer").toBe(
      true,
    );
  });

  it("is made after 25 s, however long the pace: the request that scheduled it is not kept alive for longer", () => {
    const line = new Line();
    line.sync({ next_sync_ms: 60_000 });
    line.state.scheduleReport(line.nowMs);
    let waitedMs = 0;
    while (!line.state.mustReport(line.nowMs)) {
      const waitMs = line.state.waitMs(line.nowMs);
      waitedMs += waitMs;
      line.after(waitMs);
    }
    expect(waitedMs).toBe(25_000);
  });

  it("is followed by another as long as it reports what is open", () => {
    const line = new Line();
    line.sync();
    expect(line.state.hasReportedOpen).toBe(false);
    const server = line.pool.server("a");
    if (server === null) throw new Error("no such origin");
    server.activeConnections++;
    line.sync();
    server.activeConnections--;
    expect(line.state.hasReportedOpen, "its end was not reported yet").toBe(true);
    line.sync();
    expect(line.state.hasReportedOpen).toBe(false);
  });
});

describe("a clock that is set back", () => {
  const BACK_MS = -60_000;

  it("makes a call due, and requests wait for it", () => {
    const line = new Line();
    line.sync();
    line.after(BACK_MS);
    expect([line.isDue, line.isStale]).toEqual([true, true]);
    line.sync();
    expect([line.isDue, line.isStale]).toEqual([false, false]);
  });

  it("by a little counts as standing still", () => {
    const line = new Line();
    line.sync();
    line.after(-900);
    expect([line.isDue, line.isStale]).toEqual([false, false]);
  });

  it("during a call ends that call, and its answer counts as old", () => {
    const line = new Line();
    line.sync();
    const startedMs = line.after(PACE_MS).nowMs;
    const report = line.state.begin(startedMs);
    line.state.beginWait(startedMs);
    line.after(BACK_MS);
    expect([line.state.isCalling(line.nowMs), line.state.isWaitedFor(line.nowMs)]).toEqual([false, false]);
    const reply = { snapshot: null, cursor: null, active: {}, next_sync_ms: PACE_MS, configured: true };
    line.state.answered(report, reply, startedMs, line.nowMs);
    expect(line.isDue).toBe(true);
  });

  it("ends back-offs, scheduled reports, and the silence about a pool that was found nowhere", () => {
    const line = new Line();
    line.sync();
    line.state.scheduleReport(line.nowMs);
    for (let i = 0; i < 4; i++) line.fail();
    line.after(BACK_MS);
    expect([line.isDue, line.state.needsReport(line.nowMs)]).toEqual([true, true]);
    const missing = new Line();
    missing.sync({ snapshot: null, configured: false });
    missing.state.missing(missing.nowMs);
    expect(missing.after(BACK_MS).isStale).toBe(true);
  });
});
