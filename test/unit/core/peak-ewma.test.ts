import { describe, expect, it } from "vitest";
import { type LatencyEstimates, PeakEwma } from "../../../src/core/algorithms/peak-ewma.ts";
import type { Server } from "../../../src/core/server/server.ts";
import { SEED, seededRandom } from "../../support/random.ts";
import { countsOf, picks, server, tally, threeServers } from "../../support/servers.ts";

describe("the expected latency of a server", () => {
  it("decays while idle with a time constant of 10 s (TOW-EWMA-01, ten times as slow)", () => {
    const a = server("a");
    const algorithm = new PeakEwma([a]);
    algorithm.observe(a, 10, false, 0);
    expect(algorithm.load(a, 0, [a])).toBe(10);
    expect(algorithm.load(a, 1_000, [a])).toBeCloseTo(10 * Math.exp(-0.1));
    expect(algorithm.load(a, 2_000, [a])).toBeCloseTo(10 * Math.exp(-0.2));
  });

  it("jumps up with one slow answer and comes down gradually", () => {
    const a = server("a");
    const algorithm = new PeakEwma([a]);
    algorithm.observe(a, 10, false, 0);
    algorithm.observe(a, 500, false, 10);
    expect(algorithm.load(a, 10, [a])).toBe(500);
    algorithm.observe(a, 10, false, 1_010);
    const kept = Math.exp(-0.1);
    expect(algorithm.load(a, 1_010, [a])).toBeCloseTo(500 * kept + 10 * (1 - kept));
  });

  it("counts requests in flight, of which a server of weight 2 works at two at a time", () => {
    const a = server("a", 2);
    const algorithm = new PeakEwma([a]);
    algorithm.observe(a, 100, false, 0);
    a.activeConnections = 3;
    expect(algorithm.load(a, 0, [a])).toBe(100 * (3 / 2 + 1));
  });

  it("charges a failure at least a second, so that failing fast does not look fast", () => {
    const [good, bad] = [server("good"), server("bad")];
    const algorithm = new PeakEwma([good, bad], { random: seededRandom(), now: () => 0 });
    algorithm.observe(good, 80, false, 0);
    algorithm.observe(bad, 1, true, 0);
    expect(algorithm.load(bad, 0, [good, bad])).toBe(1_000);
    expect(countsOf(picks(algorithm, 100))).toEqual({ good: 100 });
  });

  it("charges a longer failure its real duration", () => {
    const a = server("a");
    const algorithm = new PeakEwma([a]);
    algorithm.observe(a, 5_000, true, 0);
    expect(algorithm.load(a, 0, [a])).toBe(5_000);
  });

  it("charges a failure twice what was expected, so that failing fast is not fast among slow servers", () => {
    const [good, bad] = [server("good"), server("bad")];
    const algorithm = new PeakEwma([good, bad], { random: seededRandom(), now: () => 0 });
    for (const one of [good, bad]) algorithm.observe(one, 5_000, false, 0);
    algorithm.observe(bad, 1, true, 0);
    expect(algorithm.load(bad, 0, [good, bad])).toBe(10_000);
    expect(countsOf(picks(algorithm, 100))).toEqual({ good: 100 });
  });

  it("charges a minute at most, so that a server is tried again", () => {
    const a = server("a");
    const algorithm = new PeakEwma([a]);
    for (let i = 0; i < 50; i++) algorithm.observe(a, 1, true, 0);
    expect(algorithm.load(a, 0, [a])).toBe(60_000);
  });

  it("is at least a millisecond, so that requests in flight count at an origin too fast for the clock", () => {
    const a = server("a");
    const algorithm = new PeakEwma([a]);
    algorithm.observe(a, 0, false, 0);
    a.activeConnections = 9;
    expect(algorithm.load(a, 0, [a])).toBe(10);
  });

  it("survives a clock that steps back", () => {
    const a = server("a");
    const algorithm = new PeakEwma([a]);
    algorithm.observe(a, 100, false, 5_000);
    expect(algorithm.load(a, 0, [a])).toBe(100);
    algorithm.observe(a, 50, false, 0);
    expect(algorithm.load(a, 0, [a])).toBe(100);
  });

  it("is passed on with its estimates", () => {
    const a = server("a");
    const estimates: LatencyEstimates = new WeakMap();
    new PeakEwma([a], { estimates }).observe(a, 70, false, 0);
    expect(new PeakEwma([a], { estimates }).load(a, 0, [a])).toBe(70);
  });

  it("decays on the algorithm's clock if a pick has no time", () => {
    let nowMs = 0;
    const [a, b] = [server("a"), server("b")];
    const algorithm = new PeakEwma([a, b], { random: seededRandom(), now: () => nowMs });
    algorithm.observe(a, 100, false, 0);
    algorithm.observe(b, 1_000, false, 0);
    expect(countsOf(picks(algorithm, 20))).toEqual({ a: 20 });
    nowMs = 30_000;
    algorithm.observe(a, 100, false, nowMs);
    expect(countsOf(picks(algorithm, 20)), "b's second has decayed to 50 ms").toEqual({ b: 20 });
  });
});

describe("a server without measurements", () => {
  it("is assumed to be as fast as the others, so it gets a share and not everything", () => {
    const [a, b, cold] = threeServers();
    const all = [a, b, cold];
    const algorithm = new PeakEwma(all, { random: seededRandom() });
    algorithm.observe(a, 40, false, 0);
    algorithm.observe(b, 60, false, 0);
    expect(algorithm.load(cold, 0, all)).toBe(60);
    // Nothing answers yet: what is sent to it counts, so the others are preferred before long.
    for (let i = 0; i < 300; i++) {
      const pick = algorithm.next({ now: 0 });
      if (pick !== null) pick.activeConnections++;
    }
    expect(cold.activeConnections, `seed ${SEED}`).toBeGreaterThan(60);
    expect(cold.activeConnections).toBeLessThan(120);
  });

  it("is judged by 64 of the others at most, however large the pool", () => {
    const all = Array.from({ length: 3_000 }, (_, i) => server(`s${i}`));
    const estimates = new Map<Server, { costMs: number; stampMs: number }>();
    for (const one of all) estimates.set(one, { costMs: 40, stampMs: 0 });
    const cold = server("cold");
    let looked = 0;
    const counted = new WeakMap<Server, { costMs: number; stampMs: number }>();
    counted.get = (one) => {
      looked++;
      return estimates.get(one);
    };
    const algorithm = new PeakEwma(all, { estimates: counted });
    expect(algorithm.load(cold, 0, all)).toBe(40);
    expect(looked).toBeLessThanOrEqual(64 + 1);
  });

  it("is assumed to take a second if no server has measurements, and all share evenly", () => {
    const all = threeServers();
    const algorithm = new PeakEwma(all, { random: seededRandom() });
    expect(algorithm.load(all[0], 0, all)).toBe(1_000);
    for (let i = 0; i < 300; i++) {
      const pick = algorithm.next({ now: 0 });
      if (pick !== null) pick.activeConnections++;
    }
    for (const one of all) expect(Math.abs(one.activeConnections - 100)).toBeLessThan(5);
  });
});

describe("a server that takes 4 s, beside a prompt one (NGX-LT-01)", () => {
  it("gets one of many serial requests, and another one only after its latency was forgotten", () => {
    const [slow, prompt] = [server("slow"), server("prompt")];
    const algorithm = new PeakEwma([slow, prompt], { random: seededRandom() });
    let nowMs = 0;
    /** Ten requests, each after the last one's answer. */
    const serial = () =>
      tally(10, () => {
        const pick = algorithm.next({ now: nowMs });
        const rttMs = pick === slow ? 4_000 : 5;
        nowMs += rttMs;
        if (pick !== null) algorithm.observe(pick, rttMs, false, nowMs);
        return pick;
      });
    expect(serial(), `seed ${SEED}`).toEqual({ slow: 1, prompt: 9 });
    expect(serial()).toEqual({ prompt: 10 });
    // Nginx forgets within seconds; here 4 s decay to 1 ms, as little as the other one's 5 ms do, in 83 s.
    nowMs += 120_000;
    expect(serial(), `seed ${SEED}`).toEqual({ slow: 1, prompt: 9 });
  });
});

describe("servers of different latency (FIN-EWMA-01)", () => {
  it("hold requests in inverse proportion: one twice as slow holds half as many", () => {
    const latency = new Map<Server, number>();
    const servers = Array.from({ length: 20 }, (_, i) => server(`h${i}`));
    for (const [i, one] of servers.entries()) latency.set(one, i === 0 ? 200 : 100);
    const algorithm = new PeakEwma(servers, { random: seededRandom() });
    for (const [one, rttMs] of latency) algorithm.observe(one, rttMs, false, 0);
    // Requests that stay open, as in Finagle's test; latencies are confirmed, so nothing decays.
    for (let i = 0; i < 20_000; i++) {
      const pick = algorithm.next({ now: 0 });
      if (pick !== null) pick.activeConnections++;
    }
    const [slow = server("none"), ...rest] = servers;
    const mean = rest.reduce((sum, one) => sum + one.activeConnections, 0) / rest.length;
    expect(slow.activeConnections / mean, `seed ${SEED}`).toBeGreaterThan(0.49);
    expect(slow.activeConnections / mean).toBeLessThan(0.51);
  });
});
