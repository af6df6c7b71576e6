/** What isolates whose requests wait for an answer get of the limits of several origins. */
import { describe, expect, it } from "vitest";
import { parsePool } from "../../../src/config/parse.ts";
import type { RateReport } from "../../../src/core/rate-limit/rate-lease.ts";
import { PoolRateLimits, type RateExchange } from "../../../src/pool/leases/rate-limits.ts";
import { MemoryMetadata } from "../../support/memory-metadata.ts";

const NOW_MS = 1_800_000_000_000;
const ASKING: RateReport = { demand: 0, lease: 1, held_ms: 0, share: 9, left_ms: 900, need: 1, token_ms: 50 };

function limits(more: Record<string, unknown> = {}, store = new MemoryMetadata(), nowMs = NOW_MS) {
  const origins = ["a", "b"].map((id) => ({ id, url: `https://${id}.example.com` }));
  const parsed = parsePool({ rate_limit: 10, origins, ...more });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  const rateLimits = new PoolRateLimits(store, nowMs);
  rateLimits.adopt(parsed.value, nowMs);
  return rateLimits;
}

const asked = (isolate: string, rates: Record<string, RateReport>, more: Partial<RateExchange> = {}) => {
  const kind = { isCold: false, isSync: false, waiting: 0 };
  return { isolate, rates, ...kind, paceMs: 900, isolates: 9, ...more };
};
const tokens = ({ grants }: ReturnType<PoolRateLimits["exchange"]>) => [grants.a?.tokens, grants.b?.tokens];

describe("requests that wait", () => {
  const both = (need: number) => ({ a: { ...ASKING, need }, b: { ...ASKING, need } });

  it("get a token of the origin that has most of its limit left, each of one only", () => {
    const rateLimits = limits();
    rateLimits.exchange(asked("before", { a: { ...ASKING, need: 4 } }), NOW_MS);
    const free = (id: string) => 10 - (rateLimits.outstanding(id, NOW_MS) ?? 0);
    expect(free("a")).toBeLessThan(free("b"));
    expect(tokens(rateLimits.exchange(asked("one", both(1)), NOW_MS))).toEqual([0, 1]);
  });

  it("get what one origin lacks of the other", () => {
    const rateLimits = limits();
    const [a, b] = tokens(rateLimits.exchange(asked("one", both(12)), NOW_MS));
    expect((a ?? 0) + (b ?? 0)).toBe(12);
    expect(Math.min(a ?? 0, b ?? 0)).toBeGreaterThan(0);
  });

  it("of a cold isolate, which knows no limits yet, get one too", () => {
    const cold = (waiting: number) => {
      const answer = limits().exchange(asked("one", {}, { isCold: true, isSync: true, waiting }), NOW_MS);
      return Object.values(answer.grants).reduce((sum, grant) => sum + grant.tokens + grant.share, 0);
    };
    expect(cold(40)).toBeGreaterThan(cold(0));
  });

  it("that found nothing are known, and only they", () => {
    const rateLimits = limits();
    expect(rateLimits.exchange(asked("one", both(40)), NOW_MS).isUnmet).toBe(false);
    expect(rateLimits.exchange(asked("two", both(1)), NOW_MS).isUnmet).toBe(true);
    expect(rateLimits.exchange(asked("three", both(0)), NOW_MS).isUnmet).toBe(false);
  });

  it("get no token with a sync while the object picks", () => {
    const strict = limits({ coordination: "strict" });
    expect(tokens(strict.exchange(asked("one", both(3), { isSync: true }), NOW_MS))).toEqual([0, 0]);
    expect(strict.outstanding("a", NOW_MS)).toBe(0);
  });
});

it("an isolate that holds what a former incarnation gave is known until that has ended", () => {
  const store = new MemoryMetadata();
  const held = (rateLimits: PoolRateLimits): RateReport => {
    const { grants } = rateLimits.exchange(asked("one", { a: { ...ASKING, lease: 0, left_ms: 0 } }), NOW_MS);
    return { ...ASKING, lease: grants.a?.lease ?? 0, share: grants.a?.share ?? 0, left_ms: 2_000 };
  };
  const before = limits({}, store);
  const report = held(before);
  expect(before.isFormer({ a: report }, NOW_MS + 1)).toBe(false);
  const after = limits({}, store, NOW_MS + 1_000);
  expect(after.isFormer({ a: report }, NOW_MS + 1_001)).toBe(true);
  expect(after.isFormer({ a: { ...report, left_ms: 0 } }, NOW_MS + 1_001), "given up, or over").toBe(false);
  expect(after.isFormer({ a: report }, NOW_MS + 6_000)).toBe(false);
  expect(after.isFormer({ gone: report }, NOW_MS + 1_001)).toBe(false);
  expect([before, after].map(({ spentUntilMs }) => spentUntilMs)).toEqual([
    Number.NEGATIVE_INFINITY,
    NOW_MS + 1_000 + 1_005 + 250,
  ]);
});
