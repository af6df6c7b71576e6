import { describe, expect, it } from "vitest";
import { LeasedLimiter } from "../../src/core/leased-limiter.ts";
import type { RateGrant } from "../../src/core/rate-lease.ts";

const NOTHING: RateGrant = { lease: 1, share: 0, valid_ms: 2_500, tokens: 0, token_ms: 50, wait_ms: 0 };

/** How many of `offered` requests may start at `nowMs`. */
function started(limiter: LeasedLimiter, nowMs: number, offered = 100): number {
  let count = 0;
  for (let i = 0; i < offered; i++) if (limiter.allows(nowMs) && limiter.take(nowMs)) count++;
  return count;
}

function leased(grant: Partial<RateGrant>, sentMs = 0, nowMs = sentMs): LeasedLimiter {
  const limiter = new LeasedLimiter(50);
  limiter.apply({ ...NOTHING, ...grant }, sentMs, nowMs);
  return limiter;
}

describe("a share", () => {
  it("is what may start in a second, from the moment it is there", () => {
    const limiter = new LeasedLimiter(50);
    expect(started(limiter, 0)).toBe(0);
    limiter.apply({ ...NOTHING, share: 7 }, 0, 10);
    expect([started(limiter, 10), started(limiter, 1_014), started(limiter, 1_015)]).toEqual([7, 0, 7]);
  });

  it("ends before the object thinks so, counted from the sending of the report", () => {
    const limiter = leased({ share: 7, valid_ms: 2_500 }, 1_000, 1_400);
    expect([limiter.inForce(3_490), limiter.inForce(3_500)]).toEqual([7, 0]);
  });

  it("counts what an earlier, larger one let through", () => {
    const limiter = leased({ share: 7 });
    expect(started(limiter, 0)).toBe(7);
    limiter.apply({ ...NOTHING, lease: 2, share: 3 }, 100, 120);
    expect([started(limiter, 500), started(limiter, 1_005)]).toEqual([0, 3]);
  });

  it("is kept in true time, though the clock counts whole milliseconds and stands still while code runs", () => {
    const limiter = leased({ share: 1 });
    // Taken at 0.9 ms: at 1,000.1 ms not a second has passed.
    expect([0, 1_000, 1_004, 1_005].map((nowMs) => started(limiter, nowMs))).toEqual([1, 0, 0, 1]);
  });

  it("is not replaced by an older answer that comes late", () => {
    const limiter = leased({ lease: 5, share: 7 });
    limiter.apply({ ...NOTHING, lease: 4, share: 40 }, 0, 100);
    expect(started(limiter, 100)).toBe(7);
  });

  it("is never more than the configured limit, should that have been lowered since", () => {
    const limiter = leased({ share: 40 });
    limiter.setLimit(3);
    expect(started(limiter, 0)).toBe(3);
  });
});

describe("tokens", () => {
  it("come on top of the share and perish", () => {
    const limiter = leased({ share: 2, tokens: 3, token_ms: 50 });
    expect(started(limiter, 10)).toBe(5);
    expect(started(leased({ share: 2, tokens: 3, token_ms: 50 }), 60)).toBe(2);
  });

  it("are told of once they are done with: how many were spent, and how long ago", () => {
    const limiter = leased({ lease: 9, tokens: 3, token_ms: 50 });
    started(limiter, 10, 2);
    expect(limiter.report(40).spent).toBeUndefined();
    expect(limiter.report(60).spent).toEqual([[9, 2, 50]]);
    expect(limiter.report(70).spent).toBeUndefined();
  });

  it("that arrive too late are not used, and are told of as unspent", () => {
    const limiter = leased({ lease: 9, tokens: 3, token_ms: 50 }, 0, 80);
    expect([started(limiter, 80), limiter.report(80).spent]).toEqual([0, [[9, 0, 80]]]);
  });

  it("are asked for in the isolate's turn alone, if it was given one", () => {
    const limiter = leased({ wait_ms: 300, ask_ms: 100 });
    expect([299, 300, 399, 400].map((nowMs) => limiter.mayAsk(nowMs))).toEqual([false, true, true, false]);
    expect(limiter.retryAfterMs(100)).toBe(200);
    limiter.apply({ ...NOTHING, lease: 2, wait_ms: 900, ask_ms: 100 }, 100, 100);
    expect(limiter.mayAsk(300), "a turn that is still to come is not given up").toBe(true);
    expect(limiter.retryAfterMs(500), "the next turn is not known").toBeGreaterThan(0);
    limiter.apply({ ...NOTHING, lease: 3, wait_ms: 100 }, 500, 500);
    expect([599, 600, 9_000].map((nowMs) => limiter.mayAsk(nowMs))).toEqual([false, true, true]);
  });
});

describe("asking", () => {
  it("is not repeated before the time the object named, nor while a call is under way", () => {
    const limiter = leased({});
    limiter.ask(100, 50);
    expect([limiter.mayAsk(120), limiter.isAsking(120)]).toEqual([false, true]);
    limiter.apply({ ...NOTHING, lease: 2, wait_ms: 300 }, 100, 130);
    limiter.askEnded(130, false);
    expect([limiter.mayAsk(429), limiter.mayAsk(430)]).toEqual([false, true]);
    expect(limiter.retryAfterMs(130)).toBe(300);
  });

  it("may be done anew when a call was never answered", () => {
    const limiter = leased({});
    limiter.ask(100, 50);
    expect(limiter.mayAsk(350)).toBe(true);
  });

  it("says what is in hand and for how long, what is wanted, and how many wait", () => {
    const limiter = leased({ lease: 3, share: 5 }, 0, 20);
    for (let ms = 0; ms < 2_000; ms += 10) limiter.refused(ms);
    const report = limiter.ask(2_000, 40);
    expect(report).toMatchObject({ lease: 3, share: 5, held_ms: 1_980, left_ms: 495, token_ms: 40 });
    expect(report.demand).toBeCloseTo(100, -1);
    expect(report.need).toBe(1 + Math.floor(report.demand * 0.04));
  });
});

describe("when the object does not answer", () => {
  it("keeps the last share, or lets the whole limit through where there never was one", () => {
    const limiter = leased({ share: 7 });
    const cold = new LeasedLimiter(50);
    for (const each of [limiter, cold]) each.failStatic = true;
    expect([started(limiter, 60_000), started(cold, 60_000)]).toEqual([7, 50]);
    expect(limiter.mayAsk(60_000)).toBe(false);
  });

  it("does not add to a share that is still good", () => {
    const limiter = leased({ share: 0 });
    limiter.failStatic = true;
    expect([started(limiter, 100), started(limiter, 5_000)]).toEqual([0, 1]);
  });

  it("goes back to its share with the first answer", () => {
    const cold = new LeasedLimiter(50);
    cold.failStatic = true;
    cold.apply({ ...NOTHING, share: 4 }, 0, 10);
    expect(started(cold, 10)).toBe(4);
  });
});
