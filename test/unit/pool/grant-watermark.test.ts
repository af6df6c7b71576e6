/** What an object that restarts knows of the grants before, and what the knowledge costs in writes. */
import { describe, expect, it } from "vitest";
import { RateLimitAllocator } from "../../../src/core/rate-limit/rate-allocator.ts";
import { RateWatermark } from "../../../src/pool/leases/grant-watermark.ts";
import { MemoryMetadata } from "../../support/memory-metadata.ts";

const START_MS = 1_800_000_000_000;
const LIMIT = 100;
const PACE_MS = 900;
const LEASE_MS = 2_500;

/** An object with one limit, which isolates keep reporting to. */
class Pool {
  readonly store = new MemoryMetadata();
  readonly allocator = new RateLimitAllocator(LIMIT);
  readonly #watermark = new RateWatermark(this.store, START_MS);
  readonly #all = () => new Map([["a", this.allocator]]);

  /** So many isolates of so much demand report at a pace for so long. */
  run(isolates: number, demand: number, fromMs: number, toMs: number, paceMs = PACE_MS): void {
    for (let nowMs = fromMs; nowMs < toMs; nowMs += paceMs) {
      for (let i = 0; i < isolates; i++) {
        const report = { demand, lease: 0, held_ms: 0, share: 0, left_ms: 0 };
        const { valid_ms } = this.allocator.exchange(`i${i}`, report, paceMs, nowMs);
        this.#watermark.cover("a", this.allocator, { leaseMs: valid_ms, tokenMs: 0 }, this.#all, nowMs);
      }
    }
  }

  token(tokenMs: number, nowMs: number): void {
    this.allocator.takeOne(tokenMs, nowMs);
    this.#watermark.cover("a", this.allocator, { leaseMs: 0, tokenMs }, this.#all, nowMs);
  }

  /** What an object knows that starts then. */
  known(nowMs: number) {
    const previous = new RateWatermark(this.store, nowMs).previous("a", LIMIT);
    if (previous === null) return null;
    const { most, mostShares = most, untilMs, tokensUntilMs = untilMs } = previous;
    return { most, mostShares, leaseMs: untilMs - nowMs - 1_005, tokenMs: tokensUntilMs - nowMs - 1_005 };
  }
}

describe("the watermark of grants", () => {
  it("tells tokens from shares, and for how long each can be in use", () => {
    const pool = new Pool();
    pool.run(4, 5, START_MS, START_MS + 5_000);
    const shares = pool.allocator.outstandingShares(START_MS + 5_000);
    for (let i = 0; i < 30; i++) pool.token(250, START_MS + 5_000);
    const known = pool.known(START_MS + 5_001);
    expect(known).toMatchObject({ leaseMs: LEASE_MS, tokenMs: 250 });
    expect(known?.most).toBeGreaterThanOrEqual(shares + 30);
    expect(known?.mostShares).toBeGreaterThanOrEqual(shares);
    expect(known?.mostShares).toBeLessThan(shares + 30);
  });

  it("says nothing of shares where there were tokens only", () => {
    const pool = new Pool();
    for (let i = 0; i < 30; i++) pool.token(100, START_MS);
    expect(pool.known(START_MS + 1)).toMatchObject({ most: 30, mostShares: 0, leaseMs: 250, tokenMs: 250 });
  });

  it("falls within a minute after the grants, and so do the times", () => {
    const pool = new Pool();
    pool.run(10, 20, START_MS, START_MS + 20_000, 4_000);
    expect(pool.known(START_MS + 20_000)).toMatchObject({ leaseMs: 5_000 });
    expect(pool.known(START_MS + 20_000)?.most).toBeGreaterThan(90);
    pool.run(2, 1, START_MS + 20_000, START_MS + 75_000);
    const known = pool.known(START_MS + 75_000);
    expect(known).toMatchObject({ leaseMs: LEASE_MS });
    expect(known?.most).toBeLessThan(50);
  });

  it("falls soon after a peak", () => {
    const pool = new Pool();
    pool.run(10, 20, START_MS, START_MS + 4_000);
    expect(pool.known(START_MS + 4_000)?.most).toBeGreaterThan(90);
    pool.run(10, 1, START_MS + 4_000, START_MS + 17_000);
    expect(pool.known(START_MS + 17_000)?.most).toBeLessThan(60);
  });

  it("does not fall while a lease may last that was given before it was moved", () => {
    const pool = new Pool();
    pool.run(10, 20, START_MS, START_MS + 1, 9_000);
    for (let nowMs = START_MS; nowMs < START_MS + 10_000; nowMs += PACE_MS) {
      pool.run(2, 1, nowMs, nowMs + 1);
      const inUse = pool.allocator.outstandingShares(nowMs);
      expect(pool.known(nowMs)?.leaseMs, `after ${nowMs - START_MS} ms`).toBe(10_000);
      expect(pool.known(nowMs)?.most).toBeGreaterThanOrEqual(inUse);
    }
  });

  it("covers a lease that was given just before it was moved", () => {
    const pool = new Pool();
    pool.run(2, 1, START_MS, START_MS + 29_900);
    pool.run(1, 1, START_MS + 29_900, START_MS + 29_901, 9_000);
    pool.run(2, 1, START_MS + 30_000, START_MS + 32_000);
    expect(pool.known(START_MS + 32_000)?.leaseMs).toBe(10_000);
  });

  it("takes two writes a minute in the steady state", () => {
    const pool = new Pool();
    pool.run(20, 3, START_MS, START_MS + 60_000);
    const before = pool.store.writes;
    pool.run(20, 3, START_MS + 60_000, START_MS + 180_000);
    expect(pool.store.writes - before).toBeLessThanOrEqual(5);
  });

  it.each([
    ["of a version that did not tell tokens from shares", { most: { a: 30 } }, 30],
    ["of the first version", {}, LIMIT],
  ])("%s is understood", (_which, more, most) => {
    const pool = new Pool();
    pool.store.put("rate_watermark", { until: START_MS + 10_000, lease_ms: LEASE_MS, ...more });
    expect(pool.known(START_MS)).toEqual({ most, mostShares: most, leaseMs: LEASE_MS, tokenMs: LEASE_MS });
    expect(pool.known(START_MS + 10_000), "and not for ever").toBeNull();
  });
});
