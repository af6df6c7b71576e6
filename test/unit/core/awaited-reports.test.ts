import { describe, expect, it } from "vitest";
import { leased, started } from "../../support/leased-limits.ts";

describe("a report that requests wait for", () => {
  const awaited = { waiting: 2, tokenMs: 100 };

  it("asks for them, and says how much of a share is taken, which the object cannot know", () => {
    const limiter = leased({ share: 3 });
    started(limiter, 0, 2);
    expect(limiter.report(10, awaited)).toMatchObject({ need: 2, token_ms: 100, taken: 2 });
    expect(limiter.report(2_000, awaited)).toMatchObject({ taken: 0 });
    expect(limiter.report(2_000, { ...awaited, waiting: 0 })).not.toHaveProperty("need");
  });

  it("gives nothing up, however long there was no request", () => {
    const restarted = () => leased({ share: 3, withheld_ms: 3_000 });
    expect(restarted().report(1_500)).toHaveProperty("released_ms");
    const waitedFor = restarted().report(1_500, { ...awaited, waiting: 0 });
    expect(waitedFor).not.toHaveProperty("released_ms");
    expect(waitedFor.left_ms).toBeGreaterThan(0);
  });
});

describe("places for requests that wait", () => {
  it("are those of the share, while its lease lasts", () => {
    const limiter = leased({ share: 3, wait_ms: 9_000 });
    started(limiter, 1_000, 3);
    expect([2_004, 2_005].map((untilMs) => limiter.placesBy(untilMs, 1_500))).toEqual([0, 3]);
    expect(limiter.placesBy(2_600, 2_400), "the lease ends before").toBe(0);
  });

  it("are any number if tokens may be asked for in time, unless the object is silent", () => {
    const limiter = leased({ wait_ms: 300 });
    expect([300, 301].map((untilMs) => limiter.placesBy(untilMs, 0))).toEqual([0, Number.POSITIVE_INFINITY]);
    limiter.failStatic = true;
    expect(limiter.placesBy(2_000, 0)).toBe(0);
  });
});
