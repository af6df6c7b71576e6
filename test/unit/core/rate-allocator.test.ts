import { describe, expect, it } from "vitest";
import { RateLimitAllocator } from "../../../src/core/rate-limit/rate-allocator.ts";
import type { RateReport } from "../../../src/core/rate-limit/rate-lease.ts";

const PACE_MS = 1_000;
const COLD: RateReport = { demand: 0, lease: 0, held_ms: 0, share: 0, left_ms: 0 };

const busy = (demand: number, more: Partial<RateReport> = {}): RateReport => ({ ...COLD, demand, ...more });

describe("an isolate alone", () => {
  it("gets the whole limit under load", () => {
    const shares = new RateLimitAllocator(50);
    let share = 0;
    for (let turn = 0; turn < 8; turn++) share = shares.exchange("a", busy(200), PACE_MS, turn * 1_000).share;
    expect(share).toBe(50);
  });

  it("leaves a part of the limit for other isolates while it has little to do", () => {
    const shares = new RateLimitAllocator(1_000);
    expect(shares.exchange("a", busy(2), PACE_MS, 0).share).toBeLessThanOrEqual(250);
    expect(shares.exchange("b", busy(2), PACE_MS, 1).share).toBeGreaterThan(0);
  });
});

describe("the counted allocation", () => {
  it("is the larger share until a second after the isolate reported the smaller one", () => {
    const shares = new RateLimitAllocator(40);
    for (let turn = 0; turn < 8; turn++) shares.exchange("a", busy(100), PACE_MS, turn * 100);
    expect(shares.outstanding(800)).toBe(40);
    const lowered = shares.exchange("a", busy(0), PACE_MS, 1_000);
    expect([lowered.share < 40, shares.outstanding(1_900)]).toEqual([true, 40]);
    const adopted = busy(0, { lease: lowered.lease, held_ms: 900, share: lowered.share, left_ms: 1_000 });
    shares.exchange("a", adopted, PACE_MS, 2_000);
    // In hand at 1,100 at the latest, and counted for a second and the clock's slack.
    expect(shares.outstanding(2_104)).toBe(40);
    expect(shares.outstanding(2_106)).toBeLessThan(40);
  });

  it("is both shares until the lease's end if no report comes, because the answer may have been lost", () => {
    const shares = new RateLimitAllocator(40);
    for (let turn = 0; turn < 8; turn++) shares.exchange("a", busy(100), PACE_MS, 0);
    shares.exchange("a", busy(0), PACE_MS, 500);
    expect([shares.outstanding(3_504), shares.outstanding(3_506) < 40]).toEqual([40, true]);
    expect(shares.outstanding(10_000)).toBe(0);
  });

  it("includes a token until a second after its last use is possible, or after its reported use", () => {
    const shares = new RateLimitAllocator(8);
    for (let turn = 0; turn < 8; turn++) shares.exchange("a", busy(0), PACE_MS, 0);
    const before = shares.outstanding(0);
    const answer = shares.exchange("b", busy(0, { need: 20, token_ms: 100 }), PACE_MS, 0);
    const tokensAndShare = shares.outstanding(0) - before;
    expect([answer.tokens > 0, tokensAndShare]).toEqual([true, answer.tokens + answer.share]);
    shares.exchange("b", busy(0, { spent: [[answer.lease, 1, 40]] }), PACE_MS, 60);
    const unspent = answer.tokens - 1;
    expect(shares.outstanding(61)).toBe(8 - unspent);
    expect(shares.outstanding(1_026)).toBe(8 - unspent - 1);
  });
});

describe("a limit that is completely granted", () => {
  it("refuses tokens and says for how long", () => {
    const shares = new RateLimitAllocator(10);
    for (let turn = 0; turn < 8; turn++) shares.exchange("a", busy(100), PACE_MS, 0);
    const answer = shares.exchange("b", busy(5, { need: 1, token_ms: 50 }), PACE_MS, 10);
    expect([answer.share, answer.tokens]).toEqual([0, 0]);
    expect(answer.wait_ms).toBeGreaterThan(0);
    expect(answer.wait_ms).toBeLessThanOrEqual(PACE_MS);
  });

  it("spaces out the requests of very many isolates", () => {
    const shares = new RateLimitAllocator(10);
    for (let i = 0; i < 500; i++) shares.exchange(`i${i}`, busy(5), PACE_MS, 0);
    const ask = (i: number) => shares.exchange(`i${i}`, busy(5, { need: 1 }), PACE_MS, 10).wait_ms;
    const waits = Array.from({ length: 500 }, (_, i) => ask(i)).filter((waitMs) => waitMs > PACE_MS);
    expect(waits.length, "beyond the pace, when something comes free for all").toBeGreaterThan(400);
    for (const [i, waitMs] of waits.entries()) expect(waitMs - (waits[i - 1] ?? waitMs - 20)).toBe(20);
  });

  it("grants shares to a bounded number of isolates, and tokens to others, so that its memory is bounded", () => {
    const shares = new RateLimitAllocator(1_000, { mostAllocations: 3 });
    const given = Array.from(
      { length: 5 },
      (_, i) => shares.exchange(`i${i}`, busy(5), PACE_MS, 0).share > 0,
    );
    expect(given).toEqual([true, true, true, false, false]);
    expect(shares.exchange("i4", busy(5, { need: 2 }), PACE_MS, 1).tokens).toBe(2);
    expect(shares.exchange("i4", busy(5), PACE_MS, 10_000).share, "when the others are gone").toBeGreaterThan(
      0,
    );
  });

  it("gets back the share of an isolate that no longer reports", () => {
    const shares = new RateLimitAllocator(10);
    for (let turn = 0; turn < 8; turn++) shares.exchange("a", busy(100), PACE_MS, 0);
    expect(shares.exchange("b", busy(5), PACE_MS, 3_600).share).toBeGreaterThan(0);
  });
});

describe("an object that lost its memory", () => {
  it("grants shares only to isolates that hold one, until all others have expired", () => {
    const shares = new RateLimitAllocator(40, { previous: { untilMs: 3_500, most: 40 }, firstNumber: 1_000 });
    const holder = busy(100, { lease: 77, held_ms: 500, share: 30, left_ms: 2_000 });
    const kept = shares.exchange("a", holder, PACE_MS, 100);
    const fresh = shares.exchange("b", busy(100, { need: 1 }), PACE_MS, 100);
    expect(kept.share).toBe(30);
    expect(kept.lease).toBeGreaterThan(77);
    expect([fresh.share, fresh.tokens]).toEqual([0, 0]);
    expect(shares.exchange("b", busy(100), PACE_MS, 3_500).share).toBeGreaterThan(0);
  });
});

describe("an object that knows how much it may have granted", () => {
  const previous = { untilMs: 3_500, most: 10 };

  it("grants the rest at once", () => {
    const shares = new RateLimitAllocator(40, { previous });
    expect(shares.outstanding(0)).toBe(10);
    const tokens = shares.exchange("a", busy(0, { need: 100, token_ms: 100 }), PACE_MS, 0);
    expect(tokens.share + tokens.tokens).toBe(30);
    expect(shares.outstanding(3_500), "those of the previous incarnation have run out").toBe(
      shares.outstanding(3_499) - 10,
    );
  });

  it("keeps a part for tokens where shares are large, or those that ask last would get nothing for a while", () => {
    const limit = 400;
    const shares = new RateLimitAllocator(limit, { previous, firstNumber: 1_000 });
    const held = new Map<number, Partial<RateReport>>();
    // Long enough for a share to have stopped counting that was given up.
    const turnMs = 1_010;
    for (let nowMs = 0; nowMs < 3_300; nowMs += turnMs) {
      for (let i = 0; i < 20; i++) {
        const { lease, share } = shares.exchange(`i${i}`, busy(30, held.get(i)), PACE_MS, nowMs);
        held.set(i, { lease, share, held_ms: turnMs, left_ms: 1_500 });
      }
    }
    const given = [...held.values()].reduce((sum, { share = 0 }) => sum + share, 0);
    expect(given).toBeGreaterThan(0.6 * limit);
    expect(given).toBeLessThanOrEqual(0.75 * limit);
    const last = shares.exchange("last", busy(30, { need: 20, token_ms: 100 }), PACE_MS, 3_300);
    expect(last.share + last.tokens).toBeGreaterThanOrEqual(20);
  });

  it("counts a share that its holder reports only once", () => {
    const shares = new RateLimitAllocator(40, { previous, firstNumber: 1_000 });
    const holder = busy(100, { lease: 77, held_ms: 500, share: 6, left_ms: 2_000 });
    const kept = shares.exchange("a", holder, PACE_MS, 0).share;
    expect(kept).toBeGreaterThan(6);
    expect(shares.outstanding(0)).toBe(kept + 4);
  });

  it("counts no further holder for a repeated report, or for a lease of its own", () => {
    const shares = new RateLimitAllocator(40, {
      previous: { untilMs: 20_000, most: 10 },
      firstNumber: 1_000,
    });
    const holder = busy(0, { lease: 77, held_ms: 500, share: 6, left_ms: 100 });
    shares.exchange("a", holder, PACE_MS, 0);
    const own = busy(0, { lease: 1_001, held_ms: 500, share: 6, left_ms: 100 });
    shares.exchange("b", own, PACE_MS, 100);
    // By then all shares of this incarnation have ended: what is left is what nobody has reclaimed.
    expect(shares.outstanding(15_000)).toBe(4);
    shares.exchange("a", holder, PACE_MS, 15_000);
    expect(shares.outstanding(19_999)).toBe(4);
  });
});

describe("while the object picks by itself", () => {
  function picking(limit: number): RateLimitAllocator {
    const shares = new RateLimitAllocator(limit);
    shares.tokensOnly = true;
    return shares;
  }

  it("isolates get tokens, and no shares", () => {
    const shares = picking(10);
    const grant = shares.exchange("a", busy(100, { need: 2, token_ms: 100 }), PACE_MS, 0);
    expect([grant.share, grant.valid_ms, grant.tokens]).toEqual([0, 0, 2]);
    expect(shares.outstanding(0)).toBe(2);
  });

  it("an earlier share is counted until it has expired, and not renewed", () => {
    const shares = new RateLimitAllocator(10);
    const { lease } = shares.exchange("a", busy(100), PACE_MS, 0);
    const before = shares.outstanding(0);
    shares.tokensOnly = true;
    expect(
      shares.exchange("a", busy(100, { lease, share: before, left_ms: 2_400 }), PACE_MS, 100).share,
    ).toBe(0);
    expect(shares.outstanding(100)).toBe(before);
    expect(shares.outstanding(4_000)).toBe(0);
  });

  it("a pick counts until a second after its last possible start, or its real start", () => {
    const shares = picking(2);
    const first = shares.takeOne(1_000, 0);
    expect(shares.takeOne(1_000, 0)).not.toBeNull();
    expect(shares.takeOne(1_000, 0)).toBeNull();
    expect(shares.retryAfterMs(0)).toBe(2_005);
    shares.started(first ?? 0, 40);
    expect(shares.retryAfterMs(100)).toBe(945);
    expect(shares.allowsOne(1_044)).toBe(false);
    expect(shares.allowsOne(1_045)).toBe(true);
    expect(shares.takeOne(1_000, 1_045)).not.toBeNull();
    expect(shares.takeOne(1_000, 1_045), "the second may have started as late as that").toBeNull();
  });
});

describe("a token of a previous incarnation", () => {
  it("is not mistaken for one of the present incarnation", () => {
    const shares = new RateLimitAllocator(10, { firstNumber: 5_000 });
    const { lease } = shares.exchange("a", busy(0, { need: 3, token_ms: 100 }), PACE_MS, 0);
    expect(lease).toBeGreaterThanOrEqual(5_000);
    const before = shares.outstanding(0);
    shares.exchange("b", busy(0, { spent: [[1, 0, 10]] }), PACE_MS, 0);
    expect(shares.outstanding(0)).toBeGreaterThanOrEqual(before);
  });
});

describe("the part reserved for tokens", () => {
  /** What 40 isolates have together that want more than there is, some of them asking for tokens. */
  function given(need: number): number {
    const shares = new RateLimitAllocator(150);
    const held = new Map<string, { lease: number; share: number; left_ms: number }>();
    for (let nowMs = 0; nowMs < 20_000; nowMs += PACE_MS) {
      for (let i = 0; i < 40; i++) {
        const own = held.get(`i${i}`) ?? { lease: 0, share: 0, left_ms: 0 };
        const report = busy(2.5, { ...own, held_ms: own.lease === 0 ? 0 : PACE_MS, need, token_ms: 100 });
        const { lease, share, valid_ms } = shares.exchange(`i${i}`, report, PACE_MS, nowMs + i);
        held.set(`i${i}`, { lease, share, left_ms: valid_ms - PACE_MS });
      }
    }
    return [...held.values()].reduce((sum, { share }) => sum + share, 0);
  }

  it("is nearly nothing if no isolate asks, because requests can go to other origins", () => {
    expect(given(0)).toBeGreaterThan(0.9 * 150);
  });

  it("is a large part of the limit if isolates ask", () => {
    expect(given(1)).toBeLessThan(0.8 * 150);
  });
});
