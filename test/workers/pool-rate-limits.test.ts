import { describe, expect, it } from "vitest";
import { parsePool } from "../../src/config/parse.ts";
import type { PoolConfig } from "../../src/config/schema.ts";
import { LeasedLimiter } from "../../src/core/rate-limit/leased-limiter.ts";
import type { RateGrant, RateReport } from "../../src/core/rate-limit/rate-lease.ts";
import { PoolRateLimits } from "../../src/pool/leases/rate-limits.ts";
import { MemoryMetadata } from "../support/memory-metadata.ts";
import { seededRandom } from "../support/seeded-random.ts";

const START_MS = 1_800_000_000_000;
const PACE_MS = 900;
const TOKEN_MS = 250;
const LIMIT = 20;

function pool(more: Record<string, unknown> = {}, ids = ["o"]): PoolConfig {
  const origins = ids.map((id) => ({ id, url: `https://${id}.example.com` }));
  const parsed = parsePool({ rate_limit: LIMIT, origins, ...more });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return parsed.value;
}

const STRICT = pool({ coordination: "strict" });

class Isolate {
  readonly limiter = new LeasedLimiter(LIMIT);
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  /** A report and its answer, at one moment. */
  sync(
    authority: PoolRateLimits,
    nowMs: number,
    rates: { o: RateReport } = { o: this.limiter.report(nowMs) },
  ): RateGrant {
    // What asks for tokens is no sync here.
    const kind = { isCold: false, isSync: rates.o.need === undefined, waiting: 0 };
    const exchange = { isolate: this.#name, rates, ...kind, paceMs: PACE_MS, isolates: 4 };
    const grant = authority.exchange(exchange, nowMs).grants.o;
    if (grant === undefined) throw new Error("no grant");
    this.limiter.apply(grant, nowMs, nowMs);
    return grant;
  }

  /** All that may start now. */
  spend(nowMs: number): number {
    let count = 0;
    while (this.limiter.allows(nowMs) && this.limiter.take(nowMs)) count++;
    return count;
  }

  /** So many would have gone there. */
  want(count: number, nowMs: number): void {
    for (let i = 0; i < count; i++) this.limiter.refused(nowMs);
  }
}

/** All that the object can pick now. */
function picks(authority: PoolRateLimits, nowMs: number): number {
  let count = 0;
  while (authority.strictLimiter("o")?.take(nowMs)) count++;
  return count;
}

describe("a pool that becomes strict", () => {
  it("leaves isolates no share: their requests and the object's picks together keep the limit", () => {
    const authority = new PoolRateLimits(new MemoryMetadata(), START_MS);
    authority.adopt(pool(), START_MS);
    const isolates = ["a", "b", "c", "d"].map((name) => new Isolate(name));
    let nowMs = START_MS;
    const turn = () => {
      nowMs += PACE_MS;
      for (const isolate of isolates) {
        isolate.want(10, nowMs - 1);
        isolate.sync(authority, nowMs);
      }
    };
    for (let i = 0; i < 4; i++) turn();
    expect(isolates.some(({ limiter }) => limiter.effectiveLimit(nowMs) > 0)).toBe(true);
    authority.adopt(STRICT, nowMs);
    const own = () => isolates.reduce((sum, isolate) => sum + isolate.spend(nowMs), 0);
    expect(own() + picks(authority, nowMs), "at once").toBeLessThanOrEqual(LIMIT);
    for (let i = 0; i < 6; i++) turn();
    expect(own(), "later").toBe(0);
    expect(picks(authority, nowMs)).toBe(LIMIT);
  });

  it("grants them a part to use if the object becomes unreachable", () => {
    const authority = new PoolRateLimits(new MemoryMetadata(), START_MS);
    authority.adopt(STRICT, START_MS);
    const isolate = new Isolate("a");
    expect(isolate.sync(authority, START_MS)).toMatchObject({ share: LIMIT / 4, valid_ms: 0 });
    expect(isolate.limiter.effectiveLimit(START_MS)).toBe(0);
    isolate.limiter.failStatic = true;
    expect(isolate.limiter.effectiveLimit(START_MS)).toBe(LIMIT / 4);
  });
});

describe("a limit that is taken away and put back", () => {
  it.each([
    ["the limit", pool({ rate_limit: null })],
    ["the pool", null],
    ["the origin", pool({}, ["other"])],
  ])("counts what was given before: %s", (_what, without) => {
    const authority = new PoolRateLimits(new MemoryMetadata(), START_MS);
    authority.adopt(STRICT, START_MS);
    expect(picks(authority, START_MS)).toBe(LIMIT);
    authority.adopt(without, START_MS + 10);
    authority.adopt(STRICT, START_MS + 20);
    expect(picks(authority, START_MS + 30)).toBe(0);
    expect(picks(authority, START_MS + 3_000)).toBe(LIMIT);
  });
});

describe("an object that lost its memory", () => {
  it("knows of tokens, though no share was ever given", () => {
    const store = new MemoryMetadata();
    const before = new PoolRateLimits(store, START_MS);
    before.adopt(STRICT, START_MS);
    const isolate = new Isolate("a");
    isolate.want(12, START_MS);
    const ask = { ...isolate.limiter.request(START_MS, TOKEN_MS), need: LIMIT };
    expect(isolate.sync(before, START_MS, { o: ask }).tokens).toBe(LIMIT);
    const after = new PoolRateLimits(store, START_MS + 1);
    after.adopt(STRICT, START_MS + 1);
    expect(isolate.spend(START_MS + TOKEN_MS - 5)).toBe(LIMIT);
    expect(picks(after, START_MS + 1_010), "a second after the restart, not after the last start").toBe(0);
    expect(picks(after, START_MS + TOKEN_MS + 1_020)).toBe(LIMIT);
  });

  it("knows its grants from a few writes a minute, for any number of origins (seed 7)", () => {
    const store = new MemoryMetadata();
    const random = seededRandom(7);
    const ids = Array.from({ length: 100 }, (_, i) => `o${i}`);
    const authority = new PoolRateLimits(store, START_MS);
    authority.adopt(pool({ coordination: "strict", rate_limit: 10 }, ids), START_MS);
    const minute = (fromMs: number): number => {
      const before = store.writes;
      for (let nowMs = fromMs; nowMs < fromMs + 60_000; nowMs += 5) {
        const limit = authority.strictLimiter(ids[Math.floor(random() * ids.length)] ?? "");
        if (limit?.take(nowMs)) limit.started(limit.lastGrant ?? 0, nowMs);
      }
      return store.writes - before;
    };
    minute(START_MS);
    expect(minute(START_MS + 60_000)).toBeLessThan(120);
  });
});
