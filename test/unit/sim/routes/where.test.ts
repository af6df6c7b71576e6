/** Which route clients of a simulation get, by where they are and what they ask for. */
import { describe, expect, it } from "vitest";
import { CITIES, EUROPEAN_UNION } from "../../../../sim/lib/routes/cities.ts";
import { apportion } from "../../../../sim/lib/routes/placed-clients.ts";
import { parseFrom } from "../../../../sim/lib/routes/places.ts";
import { CONTINENTS, clientPlace } from "../../../../src/core/steering/client-place.ts";
import { isCountry, regionOfColo } from "../../../../src/core/steering/region-tables.ts";
import { REGIONS } from "../../../../src/core/steering/regions.ts";
import { simulatedRoutes } from "../../../support/simulated-routes.ts";
import { origins } from "../support.ts";
import { pool } from "./support.ts";

const ROUTES = [
  { host: "shop.test", where: { countries: ["T1"] }, respond: { status: 451, body: "no" } },
  { host: "shop.test", where: { countries: ["DE", "AT"] }, pool: "eu" },
  {
    host: "shop.test",
    where: { colos: ["NRT"] },
    redirect: { status: 302, location: "https://jp.test{path}" },
  },
  { host: "shop.test", where: { subdivisions: ["US-CA"] }, pool: "us" },
  { host: "shop.test", path: "/v2/*", pool: "ap", fallback_pool: "eu" },
];

describe("a route", () => {
  it("gets the clients that meet its conditions, and answers itself if it says so", async () => {
    const pools = { eu: pool("eu"), us: pool("us"), ap: pool("ap") };
    const args =
      "--rps 400 --seconds 10 --from DE:2,T1,tokyo,US-CA:3,BR --to shop.test/v2/x:3,shop.test/cart";
    const { results } = await simulatedRoutes({ routes: ROUTES, pools }, args);
    const [tor, german, japanese, californian, rest] = results.routes;
    const part = (requests = 0): number => requests / results.offered;
    expect(part(tor?.requests)).toBeCloseTo(1 / 8, 1);
    expect(part(german?.requests)).toBeCloseTo(2 / 8, 1);
    expect(part(californian?.requests)).toBeCloseTo(3 / 8, 1);
    // Brazil's clients have a route for three quarters of what they ask for.
    expect(part(rest?.requests)).toBeCloseTo(3 / 32, 1);
    expect(part(results.unrouted)).toBeCloseTo(1 / 32, 1);
    expect([tor?.answers.answered_here, japanese?.answers.answered_here]).toEqual([
      tor?.requests,
      japanese?.requests,
    ]);
    expect(rest?.pools.map((each) => each.pool)).toEqual(["ap"]);
    expect(results.routes.map(({ policy }) => policy)).toEqual([
      ...["answers here", "one pool", "answers here", "one pool", "one pool"],
    ]);
  });

  it("with one pool sends what that cannot serve to its fallback", async () => {
    const routes = [{ host: "shop.test", pool: "ap", fallback_pool: "eu" }];
    const limited = { ...pool("ap"), origins: origins("a"), rate_limit: 20 };
    const { results } = await simulatedRoutes(
      { routes, pools: { eu: pool("eu"), ap: limited } },
      "--seconds 8",
    );
    const [ap, eu] = results.routes[0]?.pools ?? [];
    expect([ap?.pool, ap?.arrivals.fallback, eu?.pool, eu?.arrivals.first]).toEqual(["ap", 0, "eu", 0]);
    expect(ap?.arrivals.first).toBeLessThanOrEqual(20 * 9);
    expect(eu?.arrivals.fallback).toBeGreaterThan(1_000);
    expect(results.promises.limit).toBe(true);
  });

  it("without a host or with a wildcard is asked at some host that it matches", async () => {
    const routes = [
      { host: "*.shop.test", path: "/a/*", pool: "eu" },
      { path: "/only", pool: "us" },
    ];
    const { results } = await simulatedRoutes(
      { routes, pools: { eu: pool("eu"), us: pool("us") } },
      "--seconds 4",
    );
    expect(results.to.map(({ url }) => url)).toEqual([
      "https://www.shop.test/a/*",
      "https://any.example/only",
    ]);
    expect(results.unrouted).toBe(0);
    for (const { requests } of results.routes) expect(requests).toBeGreaterThan(200);
  });

  it("gets keys that its pool hashes, and each client keeps its origin", async () => {
    const keyed = pool("eu", { algorithm: "consistent_hash", hash_key: "header:x-tenant" });
    const { results } = await simulatedRoutes(
      { routes: [{ pool: "eu" }], pools: { eu: keyed } },
      "--seconds 5",
    );
    const shares = results.pools[0]?.origins.map(({ requests }) => requests) ?? [];
    expect(Math.min(...shares)).toBeGreaterThan(100);
  });
});

describe("places", () => {
  it("are cities that the balancer's tables know", () => {
    for (const { name, country, continent, colo, latitude, longitude } of CITIES) {
      expect([name, isCountry(country), CONTINENTS.includes(continent as "EU")]).toEqual([name, true, true]);
      expect(regionOfColo(colo), name).not.toBeNull();
      expect(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180).toBe(true);
    }
    expect(new Set(CITIES.map(({ name }) => name)).size).toBe(CITIES.length);
    expect([...EUROPEAN_UNION].every(isCountry)).toBe(true);
    expect(EUROPEAN_UNION.size).toBe(27);
  });

  it("are in the region of their data centre, as the balancer sees them", () => {
    for (const { name, colo } of CITIES) {
      const [place] = parseFrom(name);
      expect([name, clientPlace(place?.cf).region]).toEqual([name, regionOfColo(colo)]);
    }
  });

  it("are there for each region, by its code", () => {
    for (const region of REGIONS) expect(clientPlace(parseFrom(region)[0]?.cf).region).toBe(region);
  });

  it("are countries without a city too, of which only the code is known", () => {
    const [place] = parseFrom("NO");
    expect(place?.cf).toEqual({ country: "NO" });
    expect(clientPlace(parseFrom("GR")[0]?.cf).eu).toBe(true);
  });

  it("have shares of all clients", () => {
    expect(parseFrom("JP:3, FR").map(({ name, share }) => [name, share])).toEqual([
      ["JP", 0.75],
      ["FR", 0.25],
    ]);
  });

  it("have isolates in proportion, at least one each", () => {
    expect(apportion([{ share: 0.9 }, { share: 0.05 }, { share: 0.05 }], 20)).toEqual([16, 2, 2]);
    expect(apportion([{ share: 0.99 }, { share: 0.01 }], 2)).toEqual([1, 1]);
    expect(apportion([{ share: 0.5 }, { share: 0.3 }, { share: 0.2 }], 11)).toEqual([5, 3, 3]);
  });
});
