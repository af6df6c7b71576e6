import { describe, expect, it } from "vitest";
import { Pacer, SYNC_INTERVAL_MS } from "../../../src/pool/leases/pacer.ts";
import { share } from "../../support/full.ts";
import { MemoryMetadata } from "../../support/memory-metadata.ts";
import { origins, simulated } from "./support.ts";

const CHECKED = {
  origins: origins("a", "b", "c"),
  health_check: { type: "http", interval: 1 },
  outlier_detection: {},
};

describe("the pool's object is called at most 200 times a second", () => {
  it.each(share([300, 10, 3_000], 1))("by %i isolates, one origin failing", async (isolates) => {
    const args = `--rps 1500 --isolates ${isolates} --seconds 12 --fail a@5`;
    expect((await simulated(CHECKED, args)).calls_busiest_span).toBeLessThanOrEqual(200);
  });

  it.each(share([500, 50, 3_000], 1))("by %i isolates at a rate limit, in a burst", async (isolates) => {
    const pool = { origins: origins("a", "b"), rate_limit: 300 };
    const args = `--rps 400 --isolates ${isolates} --seconds 12 --burst 10@5+4`;
    const { calls_busiest_span, origins: all } = await simulated(pool, args);
    expect(calls_busiest_span).toBeLessThanOrEqual(200);
    for (const { worst_window } of all) expect(worst_window).toBeLessThanOrEqual(300);
  });
});

describe("where isolates queue", () => {
  const store = new MemoryMetadata();

  it("none calls before its turn, except about twenty that report failures", () => {
    const pacer = new Pacer(store, 0);
    const early = Array.from({ length: 2_000 }, () => pacer.earliest(2_000, 11_000));
    expect(early.filter((atMs) => atMs === 11_000)).toHaveLength(1_980);
    expect(new Set(early)).toEqual(new Set([1_000, 11_000]));
  });

  it("the queue leaves room for as many calls for tokens as came lately, 80 a second at most", () => {
    const perSecond = (tokenCalls: number) => {
      const pacer = new Pacer(new MemoryMetadata(), 0);
      pacer.reservesTokenCalls = true;
      const isolates = { awaited: 160 };
      for (let call = 0; call < 5 * tokenCalls; call++)
        pacer.nextTokenSlot(isolates, (call + 1) / tokenCalls);
      for (let sync = 0; sync < 999; sync++) pacer.next(true, 5_000);
      return Math.round(1_000 / ((pacer.next(true, 5_000) - SYNC_INTERVAL_MS) / 999));
    };
    expect([20, 50, 70, 150].map(perSecond)).toEqual([120, 120, 100, 90]);
  });

  it("there is no bound for one isolate while there is no queue", () => {
    expect(new Pacer(store, 0).earliest(68, SYNC_INTERVAL_MS)).toBe(400);
  });
});
