import { describe, expect, it } from "vitest";
import { pickIneligibility } from "../../../src/core/server/eligibility.ts";
import type { EdgeServer } from "../../../src/edge/model/edge-server.ts";
import { PoolRates } from "../../../src/edge/pool/pool-rates.ts";
import { GRANT, origin, ratesOf } from "../../support/limited-origins.ts";

describe("limits", () => {
  it("are the origin's own, or the pool's, or none", () => {
    const limits = [origin("a", 5, 9), origin("b", null, 9), origin("c", null)].map(
      (each) => each.leased?.limit,
    );
    expect(limits).toEqual([5, 9, undefined]);
  });

  it("cause a request for tokens only if the limit alone keeps the origin out", () => {
    const [a, b, down, free] = [origin("a", 5), origin("b", 5), origin("c", 5), origin("d", null)];
    down.healthy = false;
    expect(
      ratesOf(a, b, down, free)
        .spent(0)
        .map(({ server }) => server.id),
    ).toEqual(["a", "b"]);
  });
});

describe("the wait that a refused request is told", () => {
  type Reason = ReturnType<typeof pickIneligibility>;
  const wait = (reasons: Record<string, Reason>, ...servers: EdgeServer[]) => {
    const rates = new PoolRates();
    rates.adopt(servers, { pickIneligibility: ({ id }) => reasons[id] ?? null });
    return rates.retryAfterMs(0);
  };

  it("is only given if a limit alone keeps origins out", () => {
    const origins = [origin("a", 5), origin("b", 5), origin("c", null)];
    expect(wait({ a: "unhealthy", b: "rate_limited", c: "unhealthy" }, ...origins)).not.toBeNull();
    expect(wait({ a: "unhealthy", b: "unhealthy", c: "unhealthy" }, ...origins)).toBeNull();
    expect(wait({ a: "unhealthy", b: "unhealthy" }, ...origins)).toBeNull();
  });

  it("is also given if an origin has a new token, because the limit was the reason of the refusal", () => {
    expect(wait({ a: "unhealthy" }, origin("a", 5), origin("b", 5))).not.toBeNull();
  });
});

describe("reports", () => {
  it("name the origins in use, and after a pause all origins with a limit", () => {
    const [a, b] = [origin("a", 5), origin("b", 5)];
    const rates = ratesOf(a, b, origin("c", null));
    expect(Object.keys(rates.reports(0))).toEqual(["a", "b"]);
    b.leased?.refused(10);
    expect(Object.keys(rates.reports(20))).toEqual(["b"]);
    expect(Object.keys(rates.reports(10_000))).toEqual(["a", "b"]);
  });

  it("name all origins that could serve a request that waits for the answer, also those not in use", () => {
    const [a, b] = [origin("a", 5), origin("b", 5)];
    const rates = ratesOf(a, b);
    b.leased?.refused(10);
    expect(Object.keys(rates.reports(20, true))).toEqual(["a", "b"]);
  });

  it("ask for tokens for all requests that wait", () => {
    const rates = ratesOf(origin("a", 5));
    const need = () => rates.beginCall(rates.spent(0), 0)?.reports.a?.need;
    for (let i = 0; i < 3; i++) rates.waits.seekers.add({ sinceMs: 0, patienceMs: 0 });
    expect(need()).toBe(3);
  });
});

describe("an object that does not answer", () => {
  const COLD_AND_LEASED = (): [EdgeServer, EdgeServer, PoolRates] => {
    const [cold, leased] = [origin("a", 5), origin("b", 5)];
    const rates = ratesOf(cold, leased);
    rates.apply({ b: GRANT }, 0, 0);
    return [cold, leased, rates];
  };
  const limitsOf = (...servers: EdgeServer[]) =>
    servers.map((server) => server.leased?.effectiveLimit(60_000));

  it("counts as unreachable after three calls and two seconds, with a share or without one", () => {
    const [cold, leased, rates] = COLD_AND_LEASED();
    for (const atMs of [10_000, 10_100, 10_200, 11_999]) rates.unanswered(atMs, "timeout");
    expect(limitsOf(cold, leased)).toEqual([0, 0]);
    rates.unanswered(12_000, "timeout");
    expect(limitsOf(cold, leased)).toEqual([5, 2]);
    rates.apply({}, 60_000, 60_000);
    expect(limitsOf(cold, leased)).toEqual([0, 0]);
  });

  it("counts as unreachable two seconds after its clock was set back, whatever it said before", () => {
    const [cold, leased, rates] = COLD_AND_LEASED();
    for (const atMs of [60_000, 10_000, 11_999]) rates.unanswered(atMs, "timeout");
    expect(limitsOf(cold, leased)).toEqual([0, 0]);
    rates.unanswered(12_000, "timeout");
    expect(limitsOf(cold, leased)).toEqual([5, 2]);
  });

  it("does not count as unreachable after two calls, however far apart, nor after three with an answer between", () => {
    const [cold, leased, rates] = COLD_AND_LEASED();
    for (const atMs of [10_000, 20_000]) rates.unanswered(atMs, "timeout");
    rates.apply({}, 20_100, 20_200);
    for (const atMs of [30_000, 40_000]) rates.unanswered(atMs, "timeout");
    expect(limitsOf(cold, leased)).toEqual([0, 0]);
  });

  it("counts as unreachable for a cold isolate once two calls in a row failed at once", () => {
    const [cold, leased, rates] = COLD_AND_LEASED();
    rates.unanswered(10_000, "error");
    expect(limitsOf(cold)).toEqual([0]);
    rates.unanswered(10_001, "unreachable");
    expect(limitsOf(cold, leased)).toEqual([5, 0]);
  });

  it("does not count as unreachable for a cold isolate because its answers take too long, by whatever clock", () => {
    const [cold, , rates] = COLD_AND_LEASED();
    for (const atMs of [10_000, 10_249, 10_498]) {
      const call = rates.beginCall(rates.origins, atMs);
      if (call !== null) rates.endCall(call, { ok: false, failure: "timeout", detail: "" }, atMs + 249);
    }
    expect(limitsOf(cold)).toEqual([0]);
  });

  it.each([
    ["it is farther away than a request waits for a token", 20],
    ["nobody knows yet how far away it is", 0],
  ])("does not count as unreachable because %s", (_why, measured) => {
    const [, leased, rates] = COLD_AND_LEASED();
    for (let i = 0; i < measured; i++) rates.rtt.observe(600);
    const timedOut = (atMs: number) => {
      const call = rates.beginCall(rates.origins, atMs);
      if (call !== null) rates.endCall(call, { ok: false, failure: "timeout", detail: "" }, atMs + 250);
      return call !== null;
    };
    const calls = Array.from({ length: 40 }, (_, i) => timedOut(10_000 + i * 250));
    expect(calls.filter(Boolean).length).toBeGreaterThan(3);
    expect(limitsOf(leased)).toEqual([0]);
  });

  it("is not called for a while if it is overloaded, and then counts as unreachable sooner", () => {
    const [, leased, rates] = COLD_AND_LEASED();
    rates.unanswered(10_000, "overloaded");
    expect([13_999, 14_000].map((atMs) => leased.leased?.canRequest(atMs))).toEqual([false, true]);
    expect(limitsOf(leased)).toEqual([0]);
    rates.unanswered(14_000, "overloaded");
    expect(limitsOf(leased)).toEqual([2]);
  });

  it("is unreachable also for origins that the isolate learns of later from KV", () => {
    const server = origin("a", 5);
    const rates = new PoolRates();
    for (const atMs of [0, 1_000, 2_000]) rates.unanswered(atMs, "timeout");
    rates.adopt([server], { pickIneligibility });
    expect(server.leased?.effectiveLimit(0)).toBe(5);
  });

  it("or that grants no shares leaves the whole limit to each isolate", () => {
    const server = origin("a", 5);
    ratesOf(server).apply(undefined, 0, 0);
    expect(server.leased?.effectiveLimit(0)).toBe(5);
  });
});

describe("a request that waits for another's call for tokens", () => {
  const seeker = { sinceMs: 0, patienceMs: 0 };
  function calling(...usualMs: number[]) {
    const rates = ratesOf(origin("a", 5), origin("b", 5));
    for (const ms of usualMs) rates.rtt.observe(ms);
    rates.waits.seekers.add(seeker);
    rates.beginCall(rates.spent(0), 0);
    return (nowMs: number) => rates.waits.pollMs(rates.spent(nowMs), nowMs);
  }

  it("looks for its end when calls like it use to be over, and not before", () => {
    const pollMs = calling(80, 80, 80, 80);
    // The deviation is half of the first, and a quarter less with each of the three others.
    const leastMs = 80 - 40 * (3 / 4) ** 3;
    expect([0, 30, 60, 63].map(pollMs)).toEqual([leastMs, leastMs - 30, 7.5, 7.875]);
  });

  it("looks ever more rarely if it takes longer, by an eighth of its time too late at most", () => {
    const pollMs = calling();
    expect([0, 16, 80, 240].map(pollMs)).toEqual([5, 5, 10, 30]);
  });

  it("looks for the end of the last call, if there are several", () => {
    const rates = ratesOf(origin("a", 5), origin("b", 5));
    const [a, b] = rates.spent(0);
    if (a === undefined || b === undefined) throw new Error("both are at their limits");
    rates.beginCall([a], 0);
    rates.beginCall([b], 160);
    expect(rates.waits.pollMs([a, b], 240)).toBe(10);
  });

  it("has nothing to look for once the call is over, or lost", () => {
    expect(calling()(250)).toBeNull();
    expect(ratesOf(origin("a", 5)).waits.pollMs([], 0)).toBeNull();
  });

  it("looks the more rarely the more requests wait", () => {
    const rates = ratesOf(origin("a", 5));
    for (let i = 0; i < 400; i++) rates.waits.seekers.add({ sinceMs: 0, patienceMs: 0 });
    rates.beginCall(rates.spent(0), 0);
    expect(rates.waits.pollMs(rates.spent(1), 1)).toBe(100);
  });
});
