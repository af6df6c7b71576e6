import { describe, expect, it } from "vitest";
import { parsePool } from "../../src/config/parse.ts";
import type { PoolConfig } from "../../src/config/schema.ts";
import type { SyncReply } from "../../src/contract/sync.ts";
import { EdgePool } from "../../src/edge/edge-pool.ts";
import { CALL_TIMEOUT_MS, FIRST_SYNC_WAIT_MS, SyncState } from "../../src/edge/sync-state.ts";

const PACE_MS = 1_000;

function poolConfig(): PoolConfig {
  const origins = ["a", "b"].map((id) => ({ id, url: `https://${id}.example` }));
  const parsed = parsePool({ origins });
  if (!parsed.ok) throw new Error("the fixture is no configuration");
  return parsed.value;
}

const config = poolConfig();
let version = 0;

/** An isolate's pool and its line to an object that answers what it is told to, on a clock that is told to move. */
class Line {
  nowMs = 100_000;
  /** Of the spread of back-offs: the middle. */
  random = 0.5;
  readonly pool = new EdgePool(
    "p",
    () => 0,
    () => this.nowMs,
  );
  readonly state = new SyncState(this.pool, "isolate", () => this.random);

  /** One call that is answered after `tookMs`. */
  sync(more: Partial<SyncReply> = {}, tookMs = 0) {
    const startedMs = this.nowMs;
    const report = this.state.begin(startedMs);
    this.nowMs += tookMs;
    const origins = Object.fromEntries(
      ["a", "b"].map((id) => [
        id,
        { healthy: true, ejected: false, draining: false, drained: false, weight_factor: 1 },
      ]),
    );
    const reply: SyncReply = {
      snapshot: { version: ++version, config, origins },
      cursor: report.cursor.want > 0 ? { start: 0, end: report.cursor.want } : null,
      active: {},
      next_sync_ms: PACE_MS,
      configured: true,
      ...more,
    };
    this.state.answered(report, reply, startedMs, this.nowMs);
    return report;
  }

  fail(isOverloaded = false): number {
    const startedMs = this.nowMs;
    this.state.begin(startedMs);
    return this.state.failed(startedMs, this.nowMs, isOverloaded);
  }

  after(ms: number): this {
    this.nowMs += ms;
    return this;
  }

  get isStale(): boolean {
    return this.state.isStale(this.nowMs);
  }

  get isDue(): boolean {
    return this.state.isDue(this.nowMs);
  }
}

describe("a request waits", () => {
  it("on a cold isolate, for 250 ms at most, and so do those that come meanwhile", () => {
    const line = new Line();
    expect(line.isStale).toBe(true);
    line.state.begin(line.nowMs);
    line.state.await(line.nowMs);
    line.after(FIRST_SYNC_WAIT_MS - 1);
    expect([line.isStale, line.state.isAwaited(line.nowMs)]).toEqual([true, true]);
    line.pool.adoptConfig(config);
    line.after(1);
    expect([line.isStale, line.state.isAwaited(line.nowMs)], "from here on from KV's config").toEqual([
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

  it("before that when half of the lease is spent or there is news, but not before the object allows it", () => {
    const line = new Line();
    line.sync({ early_sync_ms: 400 });
    for (let i = 0; i < 4; i++) line.pool.cursor.next();
    line.pool.hasNews = true;
    expect(line.after(399).isDue).toBe(false);
    expect(line.after(1).isDue).toBe(true);
  });

  it("at any time with an object that knows of no such bound; news still wait for 200 ms", () => {
    const line = new Line();
    line.sync();
    line.pool.hasNews = true;
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

describe("an object that fails", () => {
  it("is left alone for longer each time, never for less than its pace, and forever no", () => {
    const line = new Line();
    line.sync({ next_sync_ms: 900 });
    const backoffs = [1, 2, 3, 4, 5, 6, 7].map(() => line.fail());
    expect(backoffs).toEqual([900, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
    line.sync({ next_sync_ms: 60_000 });
    expect(line.fail(), "one of very many isolates").toBe(60_000);
  });

  it("is left alone for much longer if it is overloaded", () => {
    const line = new Line();
    expect([1, 2, 3, 4, 5].map(() => line.fail(true))).toEqual([4_000, 8_000, 16_000, 32_000, 60_000]);
  });

  it("is not called by all isolates at once afterwards", () => {
    const line = new Line();
    const backoffs = [0, 0.999].map((random) => {
      line.random = random;
      line.sync();
      return line.fail();
    });
    expect(backoffs).toEqual([500, 1_499]);
  });

  it("hears how long ago an origin last failed", () => {
    const line = new Line();
    line.sync();
    line.pool.ledger.outcome("a", "timeout", 5, line.nowMs - 700);
    line.pool.ledger.outcome("a", "success", 5, line.nowMs - 100);
    line.pool.ledger.outcome("b", "success", 5, line.nowMs);
    const { a, b } = line.sync().origins;
    expect([a?.failure_age_ms, b?.failure_age_ms]).toEqual([700, undefined]);
  });

  it("hears the same report again, with the same number, and then what it missed", () => {
    const line = new Line();
    line.sync();
    line.pool.ledger.outcome("a", "timeout", 5, line.nowMs);
    const lost = line.state.begin(line.nowMs);
    line.state.failed(line.nowMs, line.nowMs);
    line.pool.ledger.outcome("b", "timeout", 5, line.nowMs);
    const { sequence, origins, sync_failures, cursor } = line.sync();
    expect([sequence, origins, sync_failures]).toEqual([lost.sequence, lost.origins, 0]);
    expect(cursor.returned).toEqual(lost.cursor.returned);
    const next = line.sync();
    expect([next.sequence, Object.keys(next.origins), next.sync_failures]).toEqual([
      lost.sequence + 1,
      ["b"],
      1,
    ]);
  });
});

describe("what is far beyond the need", () => {
  it("goes back with the next report, once, the rest stays", () => {
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
  it("is gone at once, and stays it until there is a new snapshot", () => {
    const line = new Line();
    line.sync();
    line.sync({ snapshot: null, configured: false, removed: true });
    expect([line.pool.view, line.pool.isRemoved]).toEqual([null, true]);
    line.sync();
    expect([line.pool.view === null, line.pool.isRemoved]).toEqual([false, false]);
  });

  it("is told apart from one that the object does not know yet, which is served from KV", () => {
    const line = new Line();
    line.pool.adoptConfig(config);
    line.sync({ snapshot: null, configured: false });
    expect([line.pool.view === null, line.pool.isRemoved]).toEqual([false, false]);
  });
});
