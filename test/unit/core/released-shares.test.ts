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

  it("tokens from before count only as long as they can have been good, shares until their leases have ended", () => {
    const marked = { untilMs: 3_500, most: 30, mostShares: 12, tokensUntilMs: 1_255 };
    const shares = new RateLimitAllocator(40, { previous: marked, firstNumber: 1_000 });
    expect([0, 1_254, 1_255, 3_499, 3_500].map((nowMs) => shares.outstanding(nowMs))).toEqual([
      30, 30, 12, 12, 0,
    ]);
    expect(shares.outstandingShares(0), "for the next watermark").toBe(12);
    const held = { lease: 77, held_ms: 900, share: 5, left_ms: 1_500, released_ms: 1_100 };
    shares.exchange("a", busy(0, held), PACE_MS, 2_000);
    expect(shares.outstanding(2_000), "a share that is named counts by itself").toBe(7);
  });
});

describe("a request that waits for the answer", () => {
  const ask = { need: 1, token_ms: 100 };

  it("gets a token where the share that comes has no place free for it", () => {
    const shares = new RateLimitAllocator(40);
    const first = shares.exchange("a", busy(0), PACE_MS, 0);
    const lapsed = { lease: first.lease, held_ms: 2_600, share: first.share, left_ms: 0 };
    const taken = (count: number) =>
      shares.exchange("a", busy(0, { ...lapsed, ...ask, taken: count }), PACE_MS, 2_600).tokens;
    expect([taken(first.share), taken(first.share - 1)]).toEqual([1, 0]);
  });

  it("of an isolate that does not say what it has taken gets none where its share has grown", () => {
    const shares = new RateLimitAllocator(40);
    expect(shares.exchange("a", busy(0, ask), PACE_MS, 0).tokens).toBe(0);
    const held = { lease: 1, held_ms: 10, share: 40, left_ms: 2_000 };
    expect(shares.exchange("b", busy(0, { ...ask, ...held }), PACE_MS, 10).tokens).toBe(1);
  });
});
