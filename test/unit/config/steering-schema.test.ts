import { describe, expect, it } from "vitest";
import { formatPath } from "../../../src/config/errors.ts";
import { parseConfigFile, parseRoutes } from "../../../src/config/parse.ts";
import { compileRoutes } from "../../../src/config/routing.ts";
import { warningsOf } from "../../../src/config/warnings.ts";
import { askedNothing } from "../../support/where-request.ts";

function errors(route: Record<string, unknown>): string[] {
  const parsed = parseRoutes([route]);
  return parsed.ok ? [] : parsed.errors.map(({ message }) => message);
}

function warnings(routes: unknown[], pools: Record<string, object>): string[] {
  const origins = [{ id: "a", url: "https://a.example.com" }];
  const filled = Object.fromEntries(
    Object.entries(pools).map(([id, fields]) => [
      id,
      { origins: [{ ...origins[0], url: `https://${id}.example.com` }], ...fields },
    ]),
  );
  const parsed = parseConfigFile({ routes, pools: filled });
  if (!parsed.ok) throw new Error(parsed.errors.map(({ message }) => message).join("\n"));
  return warningsOf(parsed.value).map(({ path, message }) => `${formatPath(path)}: ${message}`);
}

describe("a route over several pools is refused", () => {
  it.each<[route: Record<string, unknown>, expected: string[]]>([
    [{ pools: [] }, ["routes[0].pools: must be a list of 1 to 20 items, found an empty list"]],
    [
      { pools: Array.from({ length: 21 }, (_, index) => `p${index}`) },
      ["routes[0].pools: must be a list of 1 to 20 items, found a list"],
    ],
    [{ pools: ["eu", "us", "eu"] }, ['routes[0].pools[2]: must stand only once in this list, found "eu"']],
    [{ pools: "eu" }, ['routes[0].pools: must be a list of 1 to 20 items, found "eu"']],
    [
      { pools: ["eu"], steer: "latency" },
      [
        'routes[0].steer: must be one of "failover", "proximity" ("latency" is not yet there), found "latency"',
      ],
    ],
    [{ pools: ["eu"], spill: true }, ['routes[0].spill: must be one of "on", "off", found true']],
    [{ pools: ["eu"], retry_pools: 1 }, ["routes[0].retry_pools: must be true or false, found 1"]],
    [{ pool: "eu", steer: "failover" }, ['routes[0].steer: must stand beside pools, found "failover"']],
    [{ pool: "eu", spill: "on" }, ['routes[0].spill: must stand beside pools, found "on"']],
    [
      { split: [{ pool: "eu", weight: 1 }], retry_pools: true },
      ["routes[0].retry_pools: must stand beside pools, found true"],
    ],
    [
      { pools: ["eu"], pool: "us" },
      ["routes[0]: must have exactly one of pool, pools, split, respond, redirect, found pool and pools"],
    ],
  ])("%j", (route, expected) => {
    expect(errors(route)).toEqual(expected);
  });

  it("for a pool that does not exist, by its place in the list", () => {
    const parsed = parseConfigFile({
      routes: [{ pools: ["eu", "us"] }],
      pools: { eu: { origins: [{ id: "a", url: "https://a.example.com" }] } },
    });
    expect(parsed.ok ? [] : parsed.errors.map(({ message }) => message)).toEqual([
      'routes[0].pools[1]: must be a pool that exists, found "us"',
    ]);
  });
});

describe("a route over several pools", () => {
  it("stays the same when it is parsed again", () => {
    const routes = [
      { pools: ["eu", "us"], steer: "proximity", spill: "off", retry_pools: false },
      { pools: ["eu"] },
    ];
    const once = parseRoutes(routes);
    expect(once.ok && parseRoutes(once.value)).toEqual(once);
  });

  it("by default uses failover, with spill and retries", () => {
    const parsed = parseRoutes([
      { host: "a.example.com", pools: ["eu", "us"] },
      { host: "b.example.com", pools: ["eu", "us"], steer: "proximity", spill: "off", retry_pools: false },
    ]);
    const table = compileRoutes(parsed.ok ? parsed.value : []);
    const of = (host: string) => table.match(host, "/", askedNothing)?.steering;
    expect(of("a.example.com")).toMatchObject({ policy: "failover", spills: true, retriesPools: true });
    expect(of("b.example.com")).toMatchObject({ policy: "proximity", spills: false, retriesPools: false });
    expect(of("a.example.com")?.pools.map(({ pool }) => pool)).toEqual(["eu", "us"]);
  });

  it("and a split of two choose among pools; no other route costs status reports", () => {
    const split = [
      { pool: "eu", weight: 1 },
      { pool: "us", weight: 0 },
    ];
    for (const [route, expected] of [
      [{ pool: "eu", fallback_pool: "us" }, undefined],
      [{ split }, undefined],
      [{ split: [...split, { pool: "ap", weight: 3 }] }, "split"],
    ] as const) {
      const parsed = parseRoutes([route]);
      const matched = compileRoutes(parsed.ok ? parsed.value : []).match("x", "/", askedNothing);
      expect(matched?.steering?.policy).toBe(expected);
    }
  });
});

describe("warnings about a route over several pools", () => {
  const FRANKFURT = { location: { latitude: 50.1, longitude: 8.7 } };

  it("by proximity name the pools without a place", () => {
    const routes = [{ pools: ["eu", "us"], steer: "proximity" }];
    expect(warnings(routes, { eu: FRANKFURT, us: {} })).toEqual([
      'routes[0].pools[1]: pool "us" has no location, so by proximity it comes last for everybody',
    ]);
    expect(warnings(routes, { eu: FRANKFURT, us: FRANKFURT })).toEqual([]);
    expect(warnings([{ pools: ["eu", "us"] }], { eu: {}, us: {} })).toEqual([]);
  });

  it("name what has no effect with one pool, and a fallback that stands in the list", () => {
    expect(warnings([{ pools: ["eu"], spill: "off" }], { eu: {} })).toEqual([
      "routes[0].spill: has no effect with one pool",
    ]);
    expect(warnings([{ pools: ["eu", "us"], fallback_pool: "us" }], { eu: {}, us: {} })).toEqual([
      'routes[0].fallback_pool: "us" stands among the pools already',
    ]);
  });

  it("tell of cookies under several names", () => {
    const sticky = { method: "cookie", cookie_name: "other" };
    expect(warnings([{ pools: ["eu", "us"] }], { eu: { sticky: true }, us: { sticky } })).toEqual([
      "routes[0].pools: keep their sessions under different cookie names (__lb, other): with one name a session stays with its pool everywhere",
    ]);
    expect(warnings([{ pools: ["eu", "us"] }], { eu: { sticky: true }, us: {} })).toEqual([]);
  });
});
