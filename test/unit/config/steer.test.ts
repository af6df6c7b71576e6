import { describe, expect, it } from "vitest";
import { parseRoutes } from "../../../src/config/parse.ts";
import { compileRoutes, explainSplit } from "../../../src/config/routing.ts";
import {
  isSteered,
  nextPool,
  type PoolsInView,
  type SteeredRoute,
  type SteeringFacts,
  steer,
  viewPools,
} from "../../../src/config/steer.ts";
import { type PoolStatus, standingOf, UNKNOWN_POOL_STATUS } from "../../../src/contract/pool-status.ts";
import { distanceKm, unitVector } from "../../../src/core/steering/great-circle.ts";
import { askedNothing } from "../../support/where-request.ts";

const CLIENTS = Array.from(
  { length: 5_000 },
  (_, index) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
);
const NEVER = (): number => {
  throw new Error("nothing is left to chance");
};

function routeOf(document: Record<string, unknown>): SteeredRoute {
  const parsed = parseRoutes([document]);
  const route = compileRoutes(parsed.ok ? parsed.value : []).match("any", "/", askedNothing);
  if (route === null || !isSteered(route)) throw new Error("not steered");
  return route;
}

type Statuses = Record<string, Partial<PoolStatus>>;

function viewOf(route: SteeredRoute, statuses: Statuses = {}): PoolsInView {
  return viewPools(route.steering, (pool) => standingOf({ ...UNKNOWN_POOL_STATUS, ...statuses[pool] }));
}

/** Where a request goes, as `pool (arrival)`. */
function goes(
  route: SteeredRoute,
  statuses: Statuses,
  facts: Partial<SteeringFacts>,
  random = NEVER,
): string {
  const all = { client: "10.0.0.1", place: null, sessionAt: null, ...facts };
  const { chosen } = steer(route, viewOf(route, statuses), all, random);
  return chosen === null ? "none" : `${route.steering.pools[chosen.position]?.pool} (${chosen.arrival})`;
}

/** The pool whose share of a split a client falls into. */
function sharedTo(route: SteeredRoute, client: string): string {
  const { point = -1, shares = [] } = explainSplit(route, client) ?? {};
  return shares.find(({ from, to }) => point >= from && point < to)?.pool ?? "none";
}

const LOCATIONS = {
  us: { latitude: 39.04, longitude: -77.49 },
  eu: { latitude: 50.11, longitude: 8.68 },
  ap: { latitude: 1.29, longitude: 103.85 },
};
const PLACED: Statuses = {
  us: { location: LOCATIONS.us },
  eu: { location: LOCATIONS.eu },
  ap: { location: LOCATIONS.ap },
};

describe("by proximity", () => {
  const route = routeOf({ pools: ["us", "eu", "ap"], steer: "proximity" });

  it.each<[city: string, latitude: number, longitude: number, pool: string]>([
    ["Berlin", 52.52, 13.4, "eu"],
    ["Lisbon", 38.72, -9.14, "eu"],
    ["Cairo", 30.04, 31.24, "eu"],
    ["Lagos", 6.52, 3.38, "eu"],
    ["New York", 40.71, -74.01, "us"],
    ["San Francisco", 37.77, -122.42, "us"],
    ["São Paulo", -23.55, -46.63, "us"],
    ["Honolulu", 21.31, -157.86, "us"],
    ["Tokyo", 35.68, 139.65, "ap"],
    ["Sydney", -33.87, 151.21, "ap"],
    ["Mumbai", 19.08, 72.88, "ap"],
    ["Auckland", -36.85, 174.76, "ap"],
  ])("a client in %s goes to the nearest pool", (_, latitude, longitude, pool) => {
    const place = unitVector(latitude, longitude);
    expect(goes(route, PLACED, { place })).toBe(`${pool} (first)`);
    // The table itself is checked against the globe.
    const km = Object.entries(LOCATIONS).map(
      ([id, { latitude: north, longitude: east }]): [string, number] => [
        id,
        distanceKm(place, unitVector(north, east)),
      ],
    );
    expect(km.sort(([, a], [, b]) => a - b)[0]?.[0]).toBe(pool);
  });

  it("the next nearest takes over where the nearest is down", () => {
    const place = unitVector(52.52, 13.4);
    const statuses = { ...PLACED, eu: { ...PLACED.eu, available: false } };
    expect(goes(route, statuses, { place })).toBe("us (unavailable)");
  });

  it("a client without a known place goes to the pools in the order of the list", () => {
    expect(goes(route, PLACED, { place: null })).toBe("us (first)");
  });

  it("pools without a place come last, in the order of the list", () => {
    const statuses = { ap: PLACED.ap ?? {} };
    const { order } = steer(
      route,
      viewOf(route, statuses),
      { client: "x", place: unitVector(52.52, 13.4), sessionAt: null },
      NEVER,
    );
    expect(order).toEqual([2, 0, 1]);
  });
});

describe("a session", () => {
  const route = routeOf({ pools: ["us", "eu", "ap"] });

  it("stays in its pool while that is available, whatever the order and the loads", () => {
    expect(goes(route, {}, { sessionAt: 2 })).toBe("ap (affinity)");
    expect(goes(route, { ap: { share: 0.1 } }, { sessionAt: 2 })).toBe("ap (affinity)");
    expect(goes(route, { ap: { accept: 0 } }, { sessionAt: 2 })).toBe("ap (affinity)");
  });

  it("goes where a new client goes when its pool is not available", () => {
    expect(goes(route, { ap: { available: false } }, { sessionAt: 2 })).toBe("us (first)");
  });

  it("leaves a pool that sheds a part of its sessions, always the same ones", () => {
    const shed = (part: number) =>
      CLIENTS.filter(
        (client) => !goes(route, { us: { shed_sessions: part } }, { sessionAt: 0, client }).startsWith("us"),
      );
    const some = shed(0.3);
    expect(some.length / CLIENTS.length).toBeCloseTo(0.3, 1);
    expect(shed(0.3)).toEqual(some);
    expect(shed(0.6)).toEqual(expect.arrayContaining(some));
    expect(shed(1)).toHaveLength(CLIENTS.length);
    expect(goes(route, { us: { shed_sessions: 1 } }, { sessionAt: 0 })).toBe("eu (spill)");
  });

  it("stays in a pool that sheds all of them while no other is available", () => {
    const down = { available: false };
    expect(goes(route, { us: { shed_sessions: 1 }, eu: down, ap: down }, { sessionAt: 0 })).toBe(
      "us (affinity)",
    );
  });
});

describe("a client without an address", () => {
  it("is drawn anew each time", () => {
    const route = routeOf({ pools: ["us", "eu"] });
    const statuses = { us: { share: 0.5 } };
    expect(goes(route, statuses, { client: "" }, () => 0.1)).toBe("us (first)");
    expect(goes(route, statuses, { client: "" }, () => 0.9)).toBe("eu (spill)");
  });
});

describe("a split", () => {
  const document = {
    split: [
      { pool: "web", weight: 70 },
      { pool: "off", weight: 0 },
      { pool: "canary", weight: 20 },
      { pool: "beta", weight: 10 },
    ],
  };
  const route = routeOf(document);
  const poolOf = (client: string, statuses: Statuses = {}) => goes(route, statuses, { client });

  it("is drawn in the same way whatever the statuses of its pools are", () => {
    const ill = { web: { share: 0.1, accept: 0.1, shed: 1 } };
    for (const client of CLIENTS) {
      expect(poolOf(client)).toBe(`${sharedTo(route, client)} (split)`);
      expect(poolOf(client, ill)).toBe(poolOf(client));
    }
  });

  it("draws the clients of a member that is not available again among the others, and moves nobody else", () => {
    const down = { web: { available: false } };
    const moved = CLIENTS.filter((client) => sharedTo(route, client) === "web");
    for (const client of CLIENTS) {
      if (!moved.includes(client)) expect(poolOf(client, down)).toBe(poolOf(client));
    }
    const toCanary = moved.filter((client) => poolOf(client, down) === "canary (unavailable)");
    expect(toCanary.length / moved.length).toBeCloseTo(2 / 3, 1);
    expect(moved.filter((client) => poolOf(client, down).startsWith("web"))).toEqual([]);
  });

  it("does not move those who were drawn again when one more member goes", () => {
    const one = { web: { available: false } };
    const two = { ...one, beta: { available: false } };
    for (const client of CLIENTS) {
      if (!poolOf(client, one).startsWith("beta")) expect(poolOf(client, two)).toBe(poolOf(client, one));
    }
  });

  it("has nowhere to go when no member is available", () => {
    const down = { available: false };
    const all = { web: down, canary: down, beta: down };
    expect(poolOf("10.0.0.1", all)).toBe("none");
    // What is tried all the same is what the weights say, as ever.
    for (const client of CLIENTS.slice(0, 100)) {
      const { preferred } = steer(route, viewOf(route, all), { client, place: null, sessionAt: null }, NEVER);
      expect(route.steering.pools[preferred]?.pool).toBe(sharedTo(route, client));
    }
  });

  it("treats all clients without an address as one client, and ignores sessions", () => {
    expect(goes(route, {}, { client: "", sessionAt: 1 })).toBe(`${sharedTo(route, "")} (split)`);
  });
});

describe("the next pool", () => {
  const next = (route: SteeredRoute, statuses: Statuses, asked: string[]) => {
    const view = viewOf(route, statuses);
    const steered = steer(route, view, { client: "10.0.0.1", place: null, sessionAt: null }, NEVER);
    return nextPool(route, view, steered, "10.0.0.1", new Set(asked));
  };

  it("is the preferred one among the available pools that were not tried", () => {
    const route = routeOf({ pools: ["us", "eu", "ap"] });
    expect(next(route, {}, ["us"])).toBe("eu");
    expect(next(route, {}, ["eu"])).toBe("us");
    expect(next(route, { eu: { available: false } }, ["us"])).toBe("ap");
    expect(next(route, { eu: { accept: 0 } }, ["us"])).toBe("ap");
    expect(next(route, { eu: { accept: 0 } }, ["us", "ap"])).toBe("eu");
    expect(next(route, {}, ["us", "eu", "ap"])).toBeNull();
  });

  it("of a split is where the client would be drawn again", () => {
    const split = [
      { pool: "web", weight: 70 },
      { pool: "canary", weight: 20 },
      { pool: "beta", weight: 10 },
    ];
    const route = routeOf({ split });
    const first = sharedTo(route, "10.0.0.1");
    const again = goes(route, { [first]: { available: false } }, {}).split(" ")[0];
    expect(next(route, {}, [first])).toBe(again);
  });
});
