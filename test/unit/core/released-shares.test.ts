import { describe, expect, it } from "vitest";
import { RateLimitAllocator } from "../../../src/core/rate-limit/rate-allocator.ts";
import type { RateReport } from "../../../src/core/rate-limit/rate-lease.ts";

const PACE_MS = 1_000;

function busy(demand: number, more: Partial<RateReport> = {}): RateReport {
  return { demand, lease: 0, held_ms: 0, share: 0, left_ms: 0, ...more };
}

describe("after a restart", () => {
  const previous = { untilMs: 3_500, most: 30 };
  const restarted = () => new RateLimitAllocator(40, { previous, firstNumber: 1_000 });

  it("each answer says for how long a part of the limit is withheld", () => {
    const shares = restarted();
    expect(shares.exchange("a", busy(5), PACE_MS, 100).withheld_ms).toBe(3_400);
    expect(shares.exchange("a", busy(5), PACE_MS, 3_500).withheld_ms).toBeUndefined();
    expect(new RateLimitAllocator(40).exchange("a", busy(5), PACE_MS, 0).withheld_ms).toBeUndefined();
  });

  it("a share from before that is given up counts until a second after its last use", () => {
    const shares = restarted();
    const released = { lease: 77, held_ms: 900, share: 20, left_ms: 0, released_ms: 800 };
    const answer = shares.exchange("a", busy(20, released), PACE_MS, 1_000);
    expect(answer).toMatchObject({ lease: 77, share: 0, valid_ms: 0, tokens: 0 });
    expect(shares.outstanding(1_204)).toBe(30);
    expect(shares.outstanding(1_206)).toBe(10);
    shares.exchange("a", busy(20, released), PACE_MS, 1_300);
    expect(shares.outstanding(1_300), "a report that arrives again frees nothing more").toBe(10);
  });

  it("a share of its own that is given up counts no longer, but one that is still on its way does", () => {
    const shares = restarted();
    const held = { lease: 77, held_ms: 900, share: 20, left_ms: 2_000 };
    const kept = shares.exchange("a", busy(20, held), PACE_MS, 0);
    const released = { lease: kept.lease, held_ms: 900, share: kept.share, left_ms: 0, released_ms: 700 };
    // The isolate does not have this one when it reports.
    const onItsWay = shares.exchange("a", busy(1, { ...held, lease: kept.lease, held_ms: 0 }), PACE_MS, 10);
    shares.exchange("a", busy(1, released), PACE_MS, 2_000);
    expect(shares.outstanding(2_400)).toBe(10 + onItsWay.share);
  });
});
