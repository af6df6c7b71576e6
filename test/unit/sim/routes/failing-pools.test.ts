/** What becomes of requests and clients in a simulation when pools go and come back. */
import { beforeAll, describe, expect, it } from "vitest";
import { Outages } from "../../../../sim/lib/routes/outages.ts";
import { routePromises } from "../../../../sim/lib/routes/promises.ts";
import type { RouteResults } from "../../../../sim/lib/routes/results.ts";
import { simulatedRoutes } from "../../../support/simulated-routes.ts";
import { inSeconds, threePools } from "./support.ts";

const FAILS = "--rps 300 --seconds 50 --clients 500 --fail eu@10 --recover eu@25";

describe("a pool whose origins all fail", () => {
  let results: RouteResults;
  beforeAll(async () => {
    ({ results } = await simulatedRoutes(threePools(), FAILS));
  });

  it("is left within 1.5 s of its saying so, and clients that may be sent twice notice nothing", () => {
    const [change] = results.changes;
    expect(change).toMatchObject({ what: "failure", target: "eu", at_s: 10, back_at_s: 25 });
    expect(change?.unavailable_after_s).toBeLessThan(1);
    expect(change?.last_sent_after_s ?? 0).toBeLessThan(1.5);
    expect(change?.out_after_s).toBeLessThan(2.5);
    expect(results.promises.left).toBe(true);
    for (const index of [0, 1]) expect(results.routes[index]?.answers.origin_failed).toBe(0);
    expect(inSeconds(results, 1, 14, 24)).toMatchObject({ eu: 0, spare: 0 });
  });

  it("without sessions has the same clients back, and no others move", () => {
    const routes = results.changes[0]?.routes ?? [];
    expect(routes.map(({ label }) => label)).toEqual(["near.test/*", "listed.test/*", "split.test/*"]);
    for (const { there, moved, others_moved, returned } of routes) {
      expect(moved).toBeGreaterThan(0.8 * there);
      expect(others_moved).toBe(0);
      expect(returned?.newcomers).toBe(0);
      expect(returned?.back).toBeGreaterThan(0.8 * moved);
    }
  });

  it("with sessions keeps none of those that moved, and those of other pools stay", async () => {
    const { results } = await simulatedRoutes(threePools({ sticky: true }), FAILS);
    const [near, listed] = results.changes[0]?.routes ?? [];
    for (const route of [near, listed]) {
      expect(route?.moved).toBeGreaterThan(0.8 * (route?.there ?? 0));
      expect([route?.others_moved, route?.returned?.back]).toEqual([0, 0]);
    }
    const { affinity = 0, first = 0 } =
      results.routes[0]?.pools.find((each) => each.pool === "us")?.arrivals ?? {};
    expect(affinity).toBeGreaterThan(first);
  });

  it("is counted by why requests came elsewhere: they failed there, or it was known to be gone", () => {
    const us = results.routes[1]?.pools.find((each) => each.pool === "us")?.arrivals;
    expect(us).toMatchObject({ first: 0, split: 0, fallback: 0, affinity: 0 });
    expect(us?.retry).toBeGreaterThan(0);
    expect(us?.unavailable).toBeGreaterThan(500);
    const split = results.routes[2]?.pools.find((each) => each.pool === "us")?.arrivals;
    expect(split?.split).toBeGreaterThan(500);
    expect(split?.unavailable).toBeGreaterThan(200);
  });

  it("with all others leaves the route its fallback", async () => {
    const { results } = await simulatedRoutes(threePools(), "--rps 200 --seconds 20 --fail eu@5 --fail us@5");
    expect(inSeconds(results, 1, 10, 20)).toMatchObject({ eu: 0, us: 0 });
    const spare = results.routes[1]?.pools.find((each) => each.pool === "spare");
    expect(spare?.arrivals.fallback).toBe(spare?.requests);
    expect(spare?.requests).toBeGreaterThan(400);
  });
});

describe("an operator", () => {
  it("empties an origin, by a drain or by disabling it, and the pool keeps its clients", async () => {
    const args = "--rps 200 --seconds 20 --drain eu/eu-1@5 --disable us/us-2@5 --enable us/us-2@12";
    const { results } = await simulatedRoutes(threePools(), args);
    expect(results.changes.map(({ what, target }) => [what, target])).toEqual([
      ["disabling", "us/us-2"],
      ["drain", "eu/eu-1"],
    ]);
    for (const { routes } of results.changes)
      expect(routes.every(({ moved, others_moved }) => moved + others_moved === 0)).toBe(true);
    expect(results.changes[0]?.first_after_s).toBeLessThan(2);
  });
});

describe("a world with troubles", () => {
  it("is the same for the same seed in every figure, and differs for another seed", async () => {
    const args =
      "--rps 200 --seconds 12 --fail eu@3 --recover eu@6 --loss 2 --churn 100 --restart 4 --deploy 9 --outage 7+1";
    const run = async (seed: number) =>
      (await simulatedRoutes(threePools(), `${args} --seed ${seed}`)).results;
    const [first, again, other] = [await run(3), await run(3), await run(4)];
    expect(again).toEqual(first);
    expect(other.offered).not.toBe(first.offered);
    expect(first.promises.left).toBeNull();
  });

  it("goes on from the last statuses while no object is in reach, and accounts for every request", async () => {
    const { results } = await simulatedRoutes(
      threePools(),
      "--rps 200 --seconds 20 --fail eu@3 --outage 8+8",
    );
    const { offered, unrouted, lost, in_flight, routes } = results;
    expect(routes.reduce((sum, { requests }) => sum + requests, unrouted + lost + in_flight)).toBe(offered);
    expect(in_flight).toBeLessThan(100);
    expect(inSeconds(results, 1, 8, 16).eu).toBe(0);
  });
});

describe("calls", () => {
  it("to the routes' object are those of pools that tell of themselves, and few", async () => {
    const { results } = await simulatedRoutes(threePools(), "--rps 200 --seconds 20 --fail eu@5");
    const named = Object.fromEntries(results.objects.map((each) => [each.object, each]));
    const { calls = {}, calls_mean } = named["the routes' object"] ?? {};
    expect(Object.keys(calls)).toEqual(["statuses"]);
    expect(calls.statuses).toBeGreaterThanOrEqual(2);
    expect(calls_mean).toBeLessThan(2);
    expect(named.us?.calls.paced).toBeGreaterThan(100);
    expect(named.us?.calls.statuses).toBeGreaterThan(0);
  });
});

describe("the promise that a pool is left", () => {
  const outages = new Outages();
  outages.said("eu", "pool_unavailable", 1_000);
  const pools = ["eu", "us"];

  it("does not count requests that came in time, or while no other pool was available", () => {
    outages.sent("eu", 900, pools);
    outages.sent("eu", 2_499, pools);
    outages.said("us", "pool_unavailable", 2_600);
    outages.sent("eu", 2_700, pools);
    outages.said("us", "pool_available", 2_800);
    expect(outages.of("eu")).toEqual([{ fromMs: 1_000, untilMs: null, lastMs: 2_499, late: 0 }]);
  });

  it("is broken by one that came later, until the pool is available again", async () => {
    outages.sent("eu", 2_900, pools);
    outages.said("eu", "pool_available", 3_000);
    outages.sent("eu", 3_100, pools);
    expect(outages.of("eu")).toEqual([{ fromMs: 1_000, untilMs: 3_000, lastMs: 2_900, late: 1 }]);
    const { options, target, world } = await simulatedRoutes(threePools(), "--seconds 1");
    const recorder = Object.create(world.recorder, { outages: { value: outages } });
    const judged = { pools: [], objects: [], shares: [] };
    expect(routePromises(judged, options, target, { recorder }).left).toBe(false);
  });
});
