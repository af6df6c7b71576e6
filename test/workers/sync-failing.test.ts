import { describe, expect, it } from "vitest";
import { Line } from "./sync-line.ts";

describe("an object that fails", () => {
  it("is called again after longer and longer times, at least its pace, up to a bound", () => {
    const line = new Line();
    line.sync({ next_sync_ms: 900 });
    const backoffs = [1, 2, 3, 4, 5, 6, 7].map(() => line.fail());
    expect(backoffs).toEqual([900, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
    line.sync({ next_sync_ms: 60_000 });
    expect(line.fail(), "one of very many isolates").toBe(60_000);
  });

  it("is called again much later if it is overloaded", () => {
    const line = new Line();
    expect([1, 2, 3, 4, 5].map(() => line.fail("overloaded"))).toEqual([
      4_000, 8_000, 16_000, 32_000, 60_000,
    ]);
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

  it("is told how long ago an origin last failed", () => {
    const line = new Line();
    line.sync();
    line.pool.outcomes.record("a", "timeout", 5, line.nowMs - 700);
    line.pool.outcomes.record("a", "success", 5, line.nowMs - 100);
    line.pool.outcomes.record("b", "success", 5, line.nowMs);
    const { a, b } = line.sync().origins;
    expect([a?.failure_age_ms, b?.failure_age_ms]).toEqual([700, undefined]);
  });

  it("is told how old failures are when they are reported at last", () => {
    const line = new Line();
    line.sync();
    line.pool.outcomes.record("a", "timeout", 5, line.nowMs);
    const ages = [1, 2, 3].map(() => {
      const startedMs = line.nowMs;
      const { a } = line.state.begin(startedMs).origins;
      line.after(20_000).state.failed(startedMs, line.nowMs, "timeout");
      return a?.failure_age_ms;
    });
    expect(ages).toEqual([0, 20_000, 40_000]);
    expect(line.sync().origins.a?.failure_age_ms).toBe(60_000);
  });

  it("gets the same report again, with the same number, and then what it missed", () => {
    const line = new Line();
    line.sync();
    line.pool.outcomes.record("a", "timeout", 5, line.nowMs);
    const lost = line.state.begin(line.nowMs);
    line.state.failed(line.nowMs, line.nowMs, "timeout");
    line.pool.outcomes.record("b", "timeout", 5, line.nowMs);
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
