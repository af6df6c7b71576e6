import { describe, expect, it } from "vitest";
import type { EdgeServer } from "../../../src/edge/model/edge-server.ts";
import type { PoolRates } from "../../../src/edge/pool/pool-rates.ts";
import { GRANT, origin, ratesOf } from "../../support/limited-origins.ts";

describe("a report that a request waits for", () => {
  const need = (rates: PoolRates, isAwaited: boolean) =>
    Object.entries(rates.reports(0, isAwaited)).map(([id, report]) => [id, report.need]);

  it("asks for a token of each origin that is only at its limit, if none can serve", () => {
    const [a, b, down] = [origin("a", 5), origin("b", 5), origin("c", 5)];
    down.healthy = false;
    const rates = ratesOf(a, b, down);
    const asked = [
      ["a", 1],
      ["b", 1],
      ["c", undefined],
    ];
    expect(need(rates, true)).toEqual(asked);
    expect(need(rates, false).map(([, each]) => each)).toEqual([undefined, undefined, undefined]);
  });

  it("asks for none if another origin can serve, at its share or without a limit", () => {
    const rates = ratesOf(origin("a", 5), origin("b", 5));
    rates.apply({ a: GRANT }, 0, 0);
    expect(need(rates, true).map(([, each]) => each)).toEqual([undefined, undefined]);
    expect(need(ratesOf(origin("a", 5), origin("free", null)), true)).toEqual([["a", undefined]]);
  });
});

describe("a request that finds no token waits", () => {
  const withheld = (server: EdgeServer, withheld_ms?: number) => {
    const rates = ratesOf(server);
    rates.apply({ [server.id]: { ...GRANT, ...(withheld_ms === undefined ? {} : { withheld_ms }) } }, 0, 0);
    return rates;
  };
  const patient = { sinceMs: 0, patienceMs: 5_000 };

  it("for half a second, also after its clock was set back", () => {
    const rates = withheld(origin("a", 5));
    const waits = [0, 499, 500, -500].map((nowMs) => rates.waits.leftMs(patient, nowMs) > 0);
    expect(waits).toEqual([true, true, false, false]);
  });

  it("as long as there is a place for it: of its isolate's share, or tokens that may be asked for", () => {
    const server = origin("a", 5);
    const rates = ratesOf(server);
    const grant = { ...GRANT, share: 2, valid_ms: 60_000, wait_ms: 10_000 };
    rates.apply({ a: grant }, 0, 0);
    for (const nowMs of [600, 700]) server.leased?.take(nowMs);
    const place = (seekers: number, nowMs: number, leftMs = 500) => {
      rates.waits.seekers.clear();
      for (let i = 0; i < seekers; i++) rates.waits.seekers.add({ ...patient });
      return rates.waits.placeMs(rates.origins, leftMs, nowMs);
    };
    expect(place(1, 1_000), "none within half a second").toBeNull();
    expect(place(1, 1_200), "the first comes free in 405 ms").toBe(405);
    expect(
      [2, 3].map((seekers) => place(seekers, 1_300)),
      "two do",
    ).toEqual([305, null]);
    expect(place(1, 1_700, 10), "not for longer than it has").toBe(10);
    expect(place(50, 9_600), "when the object may be asked, it may give any number").toBe(20);
  });

  it("longer while the object withholds a part, and while those that waited for it are let through", () => {
    const rates = withheld(origin("a", 5), 1_000);
    expect(rates.waits.leftMs(patient, 1_000)).toBeGreaterThan(1_000);
    expect(rates.waits.leftMs(patient, 3_500)).toBeLessThanOrEqual(0);
    expect(withheld(origin("a", 5), 9_000).waits.leftMs(patient, 5_000), "not for ever").toBe(0);
  });

  it("for one call only where another pool may serve it", () => {
    const rates = withheld(origin("a", 5), 1_000);
    const left = [249, 250].map((nowMs) => rates.waits.leftMs({ sinceMs: 0, patienceMs: 0 }, nowMs));
    expect(left).toEqual([1, 0]);
  });

  it("looks again when there may be a token, and less often the more wait beside it", () => {
    const rates = withheld(origin("a", 5), 1_000);
    expect(rates.waits.lookAgainMs(0)).toBeGreaterThan(0);
    for (let other = 0; other < 4_000; other++) rates.waits.seekers.add({ ...patient });
    expect(rates.waits.lookAgainMs(0)).toBe(1_000);
  });
});
