import { describe, expect, it } from "vitest";
import { LeasedLimiter } from "../../../src/core/rate-limit/leased-limiter.ts";
import { leased, NOTHING, started } from "../../support/leased-limits.ts";

describe("a share", () => {
  it("is the number of requests that may start in a second, from its arrival on", () => {
    const limiter = new LeasedLimiter(50);
    expect(started(limiter, 0)).toBe(0);
    limiter.apply({ ...NOTHING, share: 7 }, 0, 10);
    expect([started(limiter, 10), started(limiter, 1_014), started(limiter, 1_015)]).toEqual([7, 0, 7]);
  });

  it("ends before the object assumes that it ends, counted from the sending of the report", () => {
    const limiter = leased({ share: 7, valid_ms: 2_500 }, 1_000, 1_400);
    expect([limiter.effectiveLimit(3_490), limiter.effectiveLimit(3_500)]).toEqual([7, 0]);
  });

  it("counts the requests that an earlier, larger share let through", () => {
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
  it("are added to the share and expire", () => {
    const limiter = leased({ share: 2, tokens: 3, token_ms: 50 });
    expect(started(limiter, 10)).toBe(5);
    expect(started(leased({ share: 2, tokens: 3, token_ms: 50 }), 60)).toBe(2);
  });

  it("are reported once all are spent or expired: how many were spent, and how long ago", () => {
    const limiter = leased({ lease: 9, tokens: 3, token_ms: 50 });
    started(limiter, 10, 2);
    expect(limiter.report(40).spent).toBeUndefined();
    expect(limiter.report(60).spent).toEqual([[9, 2, 50]]);
    expect(limiter.report(70).spent).toBeUndefined();
  });

  it("that arrive too late are not used, and are reported as unspent", () => {
    const limiter = leased({ lease: 9, tokens: 3, token_ms: 50 }, 0, 80);
    expect([started(limiter, 80), limiter.report(80).spent]).toEqual([0, [[9, 0, 80]]]);
  });

  it("are requested in the isolate's slot alone, if it was given one", () => {
    const limiter = leased({ wait_ms: 300, slot_ms: 100 });
    expect([299, 300, 399, 400].map((nowMs) => limiter.canRequest(nowMs))).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(limiter.retryAfterMs(100)).toBe(200);
    limiter.apply({ ...NOTHING, lease: 2, wait_ms: 900, slot_ms: 100 }, 100, 100);
    expect(limiter.canRequest(300), "a slot that is still to come is not given up").toBe(true);
    expect(limiter.retryAfterMs(500), "the next slot is not known").toBeGreaterThan(0);
    limiter.apply({ ...NOTHING, lease: 3, wait_ms: 100 }, 500, 500);
    expect([599, 600, 9_000].map((nowMs) => limiter.canRequest(nowMs))).toEqual([false, true, true]);
  });
});

describe("a request for tokens", () => {
  it("is not repeated before the time the object named, nor while a call is under way", () => {
    const limiter = leased({});
    limiter.request(100, 50);
    expect([limiter.canRequest(120), limiter.pendingMs(120)]).toEqual([false, 20]);
    limiter.apply({ ...NOTHING, lease: 2, wait_ms: 300 }, 100, 130);
    limiter.requestDone(130, false);
    expect([limiter.canRequest(429), limiter.canRequest(430)]).toEqual([false, true]);
    expect(limiter.retryAfterMs(130)).toBe(300);
  });

  it("may be done anew when a call was never answered", () => {
    const limiter = leased({});
    limiter.request(100, 50);
    expect(limiter.canRequest(350)).toBe(true);
  });

  it("contains the tokens in hand and their time, the number wanted, and the number of waiting requests", () => {
    const limiter = leased({ lease: 3, share: 5 }, 0, 20);
    for (let ms = 0; ms < 2_000; ms += 10) limiter.refused(ms);
    const report = limiter.request(2_000, 40);
    expect(report).toMatchObject({ lease: 3, share: 5, held_ms: 1_980, left_ms: 495, token_ms: 40 });
    expect(report.demand).toBeCloseTo(100, -1);
    expect(report.need).toBe(1 + Math.floor(report.demand * 0.04));
    expect(limiter.request(4_000, 40, 12).need, "for all that wait").toBeGreaterThanOrEqual(12);
  });
});

describe("when the object does not answer", () => {
  it("the last share stays, or the whole limit is let through if there never was a share", () => {
    const limiter = leased({ share: 7 });
    const cold = new LeasedLimiter(50);
    for (const each of [limiter, cold]) each.failStatic = true;
    expect([started(limiter, 60_000), started(cold, 60_000)]).toEqual([7, 50]);
    expect(limiter.canRequest(60_000)).toBe(false);
  });

  it("nothing is added to a share that is still valid", () => {
    const limiter = leased({ share: 0 });
    limiter.failStatic = true;
    expect([started(limiter, 100), started(limiter, 5_000)]).toEqual([0, 1]);
  });

  it("the first answer brings the share back", () => {
    const cold = new LeasedLimiter(50);
    cold.failStatic = true;
    cold.apply({ ...NOTHING, share: 4 }, 0, 10);
    expect(started(cold, 10)).toBe(4);
  });
});

describe("a clock that is set back", () => {
  it.each([-60_000, -2_000, -500])(
    "by %i ms ends share and tokens, because their age is no longer known",
    (stepMs) => {
      const limiter = leased({ share: 7, tokens: 5, token_ms: 5_000 }, 100_000);
      expect(limiter.allows(101_000)).toBe(true);
      expect(started(limiter, 101_000 + stepMs)).toBe(0);
      expect(limiter.canRequest(101_000 + stepMs), "and another may be asked for at once").toBe(true);
    },
  );

  it("lets no more requests than the share start in true time, whatever the step", () => {
    for (const stepMs of [-60_000, -1_000, -400, -6]) {
      const limiter = leased({ share: 7, valid_ms: 10_000 }, 100_000);
      const before = started(limiter, 101_000);
      limiter.apply({ ...NOTHING, lease: 2, share: 7, valid_ms: 10_000 }, 101_000 + stepMs, 101_000 + stepMs);
      expect(before + started(limiter, 101_000 + stepMs), `${stepMs} ms`).toBe(7);
    }
  });

  it("during a call for tokens makes no request wait for the answer, which is ignored", () => {
    const limiter = leased({ share: 0 }, 100_000);
    limiter.request(100_000, 50);
    expect(limiter.pendingMs(40_000)).toBeNull();
    limiter.apply({ ...NOTHING, lease: 2, share: 7, tokens: 3, valid_ms: 10_000 }, 100_000, 40_050);
    expect(started(limiter, 40_050)).toBe(0);
  });

  it("by a few milliseconds changes nothing, because leases leave room for it", () => {
    const limiter = leased({ share: 7 }, 100_000);
    expect(limiter.allows(100_100)).toBe(true);
    expect(started(limiter, 100_095)).toBe(7);
  });
});

describe("a share while the object withholds a part of the limit", () => {
  it("is given up with a report, once it was not used for a while", () => {
    const limiter = leased({ share: 2, withheld_ms: 3_000 });
    limiter.take(100);
    expect([limiter.mayRelease(700), limiter.report(700).released_ms]).toEqual([true, undefined]);
    const report = limiter.report(900);
    expect(report).toMatchObject({ lease: 1, share: 2, left_ms: 0, released_ms: 800 });
    expect([limiter.allows(900), limiter.mayRelease(900)]).toEqual([false, false]);
    expect(limiter.report(1_700).released_ms, "there is nothing left to give up").toBeUndefined();
  });

  it("stays given up, whatever an answer to an earlier report says", () => {
    const limiter = leased({ share: 2, withheld_ms: 3_000 });
    limiter.take(100);
    limiter.report(900);
    limiter.apply({ ...NOTHING, lease: 2, share: 5, valid_ms: 2_500 }, 890, 950);
    limiter.apply({ ...NOTHING, lease: 3, share: 5, valid_ms: 2_500 }, 900, 950);
    expect(limiter.allows(950)).toBe(false);
    limiter.apply({ ...NOTHING, lease: 4, share: 5, valid_ms: 2_500 }, 901, 950);
    expect(limiter.allows(950)).toBe(true);
  });

  it("is kept at other times, and by a call for tokens", () => {
    const usual = leased({ share: 2 });
    expect([usual.mayRelease(2_000), usual.report(2_000).released_ms]).toEqual([false, undefined]);
    const asking = leased({ share: 2, withheld_ms: 3_000 });
    expect(asking.request(2_000, 50).released_ms).toBeUndefined();
  });

  it("is the last one that goes on if the object is lost after that", () => {
    const limiter = leased({ share: 2, withheld_ms: 3_000 });
    limiter.report(900);
    limiter.failStatic = true;
    expect(limiter.effectiveLimit(5_000)).toBe(2);
  });
});
