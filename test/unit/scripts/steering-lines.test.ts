import { describe, expect, it } from "vitest";
import { steeringLines } from "../../../scripts/lib/explain/steering-lines.ts";
import {
  type KnownPool,
  type SteeredClient,
  steeringOf,
} from "../../../src/admin/endpoints/steering-explanation.ts";
import { parseRoutes } from "../../../src/config/parse.ts";
import { compileRoutes } from "../../../src/config/routing.ts";
import { isSteered, type SteeredRoute } from "../../../src/config/steer.ts";
import { type PoolStatus, UNKNOWN_POOL_STATUS } from "../../../src/contract/pool-status.ts";
import { poolTag } from "../../../src/core/affinity/pool-tag.ts";
import { clientPlace, NOWHERE } from "../../../src/core/steering/client-place.ts";
import { PLAIN } from "../../support/plain-paint.ts";
import { askedNothing } from "../../support/where-request.ts";

const LOCATIONS = {
  us: { latitude: 39.04, longitude: -77.49 },
  eu: { latitude: 50.11, longitude: 8.68 },
  ap: { latitude: 1.29, longitude: 103.85 },
};
const TOKYO: SteeredClient = {
  ip: "203.0.113.7",
  place: clientPlace({ country: "JP", latitude: "35.7", longitude: "139.7" }),
  cookie: null,
  nowMs: 1_800_000_000_000,
};

function routeOf(document: Record<string, unknown>): SteeredRoute {
  const parsed = parseRoutes([document]);
  const route = compileRoutes(parsed.ok ? parsed.value : []).match("any", "/", askedNothing);
  if (route === null || !isSteered(route)) throw new Error("not steered");
  return route;
}

const NEAR = routeOf({ pools: ["us", "eu", "ap"], steer: "proximity", fallback_pool: "static" });

function explained(statuses: Record<string, Partial<PoolStatus>>, client = TOKYO, route = NEAR) {
  const all = Object.entries(LOCATIONS).map(([pool, location]): [string, KnownPool] => [
    pool,
    { status: { ...UNKNOWN_POOL_STATUS, location, ...statuses[pool] }, sticky: undefined },
  ]);
  return steeringOf(route, new Map(all), client);
}

describe("an explanation of the choice among pools", () => {
  it("has the client's order with distances, and who comes next", () => {
    const { order, chosen, arrival, next, client_region } = explained({});
    expect(order.map(({ pool, distance_km, load }) => [pool, distance_km, load])).toEqual([
      ["ap", 5_320, 1],
      ["eu", 9_331, 0],
      ["us", 10_870, 0],
    ]);
    expect([chosen, arrival, next, client_region]).toEqual(["ap", "first", "eu", "neas"]);
  });

  it("says why a pool is left out, and what that makes of the others", () => {
    const ap = { available: false, share: 0, reason: "0 of 2 origins" };
    const { order, chosen, arrival, next, after } = explained({ ap });
    expect(after, "and the fallback in the end").toEqual(["us", "static"]);
    expect(order[0]).toMatchObject({ pool: "ap", available: false, load: 0, reason: "0 of 2 origins" });
    expect([chosen, arrival, next]).toEqual(["eu", "unavailable", "us"]);
  });

  it("goes to the fallback when no pool is available, and nowhere from there", () => {
    const down = { available: false };
    const { chosen, arrival, next } = explained({ us: down, eu: down, ap: down });
    expect([chosen, arrival, next]).toEqual(["static", "fallback", null]);
  });

  it("knows the pool of a session by its cookie", () => {
    const cookie = `__lb=nhmaY4hljlrsMhejDjfCFw.abc.${poolTag("us")}`;
    const { chosen, arrival, session_pool } = explained({}, { ...TOKYO, cookie });
    expect([chosen, arrival, session_pool]).toEqual(["us", "affinity", "us"]);
  });

  it("goes as listed for a client of whom nothing is known", () => {
    const { order, point } = explained({}, { ...TOKYO, ip: "", place: NOWHERE });
    expect(order.map(({ pool, distance_km }) => [pool, distance_km])).toEqual([
      ["us", null],
      ["eu", null],
      ["ap", null],
    ]);
    expect(point).toBeNull();
  });
});

describe("its lines for people", () => {
  it("say that chance decides where nothing says who the client is, and how to say it", () => {
    const [first] = steeringLines(explained({}, { ...TOKYO, ip: "" }), PLAIN);
    expect(first).toBe(
      "Steering the nearest first; chance decides where it falls, as no --client-ip is given",
    );
  });

  it("are a table of the pools, and where the request goes", () => {
    const ap = { available: false, share: 0, reason: "0 of 2 origins" };
    const lines = steeringLines(explained({ ap }), PLAIN);
    expect(lines[0]).toMatch(/^Steering the nearest first; the client falls at \d+\.\d%$/);
    expect(lines.slice(1)).toEqual([
      "         ap   5,320 km  takes 0%    not available: 0 of 2 origins",
      "         eu   9,331 km  takes 100%  available",
      "         us  10,870 km  takes 0%    available",
      "         It goes to eu: one that would have had it is not available. Then comes us.",
    ]);
  });
});
