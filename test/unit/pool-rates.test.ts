import { describe, expect, it } from "vitest";
import type { OriginConfig } from "../../src/config/schema.ts";
import type { RateGrant } from "../../src/core/rate-lease.ts";
import { EdgeServer } from "../../src/edge/edge-server.ts";
import { PoolRates } from "../../src/edge/pool-rates.ts";

const STATE = { healthy: true, ejected: false, draining: false, drained: false, weight_factor: 1 };
const GRANT: RateGrant = { lease: 1, share: 2, valid_ms: 2_500, tokens: 0, token_ms: 20, wait_ms: 0 };

function origin(id: string, rateLimit: number | null, poolRateLimit: number | null = null): EdgeServer {
  const config: OriginConfig = {
    id,
    url: `https://${id}.example`,
    weight: 1,
    enabled: true,
    backup: false,
    rate_limit: rateLimit,
    max_connections: null,
  };
  const server = new EdgeServer(config);
  server.update(config, STATE, poolRateLimit);
  return server;
}

function ratesOf(...servers: EdgeServer[]): PoolRates {
  const rates = new PoolRates();
  rates.adopt(servers);
  return rates;
}

describe("limits", () => {
  it("are the origin's own, else the pool's, else none", () => {
    const limits = [origin("a", 5, 9), origin("b", null, 9), origin("c", null)].map(
      (each) => each.leased?.limit,
    );
    expect(limits).toEqual([5, 9, undefined]);
  });

  it("count an origin as passed over only if nothing but its limit stood in the way, and not the one picked", () => {
    const [a, b, down, free] = [origin("a", 5), origin("b", 5), origin("c", 5), origin("d", null)];
    down.healthy = false;
    const counted: string[] = [];
    ratesOf(a, b, down, free).passedOver(a, 0, (id) => counted.push(id));
    expect(counted).toEqual(["b"]);
  });
});

describe("reports", () => {
  it("name the origins in use, and after a rest all that have a limit", () => {
    const [a, b] = [origin("a", 5), origin("b", 5)];
    const rates = ratesOf(a, b, origin("c", null));
    expect(Object.keys(rates.reports(0))).toEqual(["a", "b"]);
    b.leased?.refused(10);
    expect(Object.keys(rates.reports(20))).toEqual(["b"]);
    expect(Object.keys(rates.reports(10_000))).toEqual(["a", "b"]);
  });
});

describe("an object that does not answer", () => {
  const COLD_AND_LEASED = (): [EdgeServer, EdgeServer, PoolRates] => {
    const [cold, leased] = [origin("a", 5), origin("b", 5)];
    const rates = ratesOf(cold, leased);
    rates.apply({ b: GRANT }, 0, 0);
    return [cold, leased, rates];
  };
  const inForce = (...servers: EdgeServer[]) => servers.map((server) => server.leased?.inForce(60_000));

  it("is taken for unreachable after three calls and two seconds, with a share or without one", () => {
    const [cold, leased, rates] = COLD_AND_LEASED();
    for (const atMs of [10_000, 10_100, 10_200, 11_999]) rates.unanswered(atMs);
    expect(inForce(cold, leased)).toEqual([0, 0]);
    rates.unanswered(12_000);
    expect(inForce(cold, leased)).toEqual([5, 2]);
    rates.apply({}, 60_000, 60_000);
    expect(inForce(cold, leased)).toEqual([0, 0]);
  });

  it("is not taken for unreachable for two calls, however far apart, nor for three with an answer between", () => {
    const [cold, leased, rates] = COLD_AND_LEASED();
    for (const atMs of [10_000, 20_000]) rates.unanswered(atMs);
    rates.apply({}, 20_100, 20_200);
    for (const atMs of [30_000, 40_000]) rates.unanswered(atMs);
    expect(inForce(cold, leased)).toEqual([0, 0]);
  });

  it("is taken for unreachable by a cold isolate once two calls in a row failed at once", () => {
    const [cold, leased, rates] = COLD_AND_LEASED();
    const error = { isError: true };
    rates.unanswered(10_000, error);
    expect(inForce(cold)).toEqual([0]);
    rates.unanswered(10_001, error);
    expect(inForce(cold, leased)).toEqual([5, 0]);
  });

  it("is not asked again for a while if it says that it is overloaded, and then believed sooner", () => {
    const [, leased, rates] = COLD_AND_LEASED();
    rates.unanswered(10_000, { isOverloaded: true });
    expect([13_999, 14_000].map((atMs) => leased.leased?.mayAsk(atMs))).toEqual([false, true]);
    expect(inForce(leased)).toEqual([0]);
    rates.unanswered(14_000, { isOverloaded: true });
    expect(inForce(leased)).toEqual([2]);
  });

  it("is out of reach also for origins that are heard of later, from KV", () => {
    const server = origin("a", 5);
    const rates = new PoolRates();
    for (const atMs of [0, 1_000, 2_000]) rates.unanswered(atMs);
    rates.adopt([server]);
    expect(server.leased?.inForce(0)).toBe(5);
  });

  it("or knows no shares: each isolate keeps to the limit", () => {
    const server = origin("a", 5);
    ratesOf(server).apply(undefined, 0, 0);
    expect(server.leased?.inForce(0)).toBe(5);
  });
});
