import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseConfigFile } from "../../../src/config/parse.ts";
import { compileRoutes } from "../../../src/config/routing.ts";
import { warningsOf } from "../../../src/config/warnings.ts";
import { asking } from "../../support/where-request.ts";
import { A, B, warnings } from "./found-warnings.ts";

const SEED = 20_261_130;

describe("warnings about routes", () => {
  const pools = { web: { origins: [A] }, api: { origins: [B] } };

  test("name a route that is hidden by an earlier one, whatever the form of host and path", () => {
    const hidden = (first: object, second: object) =>
      warnings({
        routes: [
          { ...first, pool: "web" },
          { ...second, pool: "api" },
        ],
        pools,
      }).some((line) => line.startsWith("routes[1]: no request reaches"));
    expect(hidden({}, { host: "x.com" })).toBe(true);
    expect(hidden({ host: "*.x.com" }, { host: "*.a.x.com", path: "/v1/*" })).toBe(true);
    expect(hidden({ host: "*.x.com" }, { host: "x.com" })).toBe(false);
    expect(hidden({ path: "/v1/*" }, { path: "/v1" })).toBe(true);
    expect(hidden({ path: "/v1/*" }, { path: "/v10" })).toBe(false);
    expect(hidden({ path: "/v1" }, { path: "/v1/*" })).toBe(false);
    expect(hidden({ host: "x.com" }, {})).toBe(false);
  });

  test("name a route whose requests all meet the conditions of an earlier one", () => {
    const hidden = (first: object | null, second: object | null) =>
      warnings({
        routes: [
          { where: first, pool: "web" },
          { where: second, pool: "api" },
        ],
        pools,
      }).some((line) => line.startsWith("routes[1]: no request reaches"));
    expect(hidden(null, { countries: ["DE"] })).toBe(true);
    expect(hidden({ countries: ["DE"] }, null)).toBe(false);
    expect(hidden({ countries: ["DE", "AT"] }, { countries: ["AT"] })).toBe(true);
    expect(hidden({ countries: ["AT"] }, { countries: ["DE", "AT"] })).toBe(false);
    expect(hidden({ countries: ["AT"] }, { countries: ["AT"], methods: ["GET"] })).toBe(true);
    expect(hidden({ countries: ["AT"], methods: ["GET"] }, { countries: ["AT"] })).toBe(false);
    expect(hidden({ addresses: ["10.0.0.0/8"] }, { addresses: ["10.1.0.0/16", "::ffff:10.2.0.0/112"] })).toBe(
      true,
    );
    expect(hidden({ addresses: ["10.0.0.0/8"] }, { addresses: ["10.0.0.0/7"] })).toBe(false);
    expect(hidden({ cookies: { c: "*" } }, { cookies: { c: ["1", "b*"], d: "1" } })).toBe(true);
    expect(hidden({ cookies: { c: "1*" } }, { cookies: { c: ["12", "2"] } })).toBe(false);
    expect(hidden({ eu: true }, { eu: true, asns: [1] })).toBe(true);
    expect(hidden({ eu: true }, { eu: false })).toBe(false);
  });

  test.each([
    [{ countries: ["DE"], subdivisions: ["US-CA"] }, "none of its subdivisions is in one of its countries"],
    [{ countries: ["DE", "T1"], regions: ["oc"] }, "none of its countries is in one of its regions"],
    [{ countries: ["US"], regions: ["weu"] }, "none of its countries is in one of its regions"],
  ])("%j, which no client meets", (where, why) => {
    expect(warnings({ routes: [{ where, pool: "web" }], pools: { web: { origins: [A] } } })).toEqual([
      `routes[0].where: no client meets it: ${why}`,
    ]);
  });

  test.each([
    { countries: ["US", "DE"], subdivisions: ["US-CA"] },
    { countries: ["US"], regions: ["oc"] },
    { countries: ["RU"], regions: ["neas"] },
  ])("%j is met by some", (where) => {
    expect(warnings({ routes: [{ where, pool: "web" }], pools: { web: { origins: [A] } } })).toEqual([]);
  });

  test.each<[route: object, warnings: string[]]>([
    [
      { redirect: { location: "https://{host}{target}" } },
      ["redirect.location: leads to the same host and path, so clients go in circles"],
    ],
    [
      { host: "a.com", redirect: { location: "https://A.com{path}" } },
      ["redirect.location: leads to the same host and path, so clients go in circles"],
    ],
    [
      { redirect: { location: "{target}" } },
      ["redirect.location: leads to the same host and path, so clients go in circles"],
    ],
    [{ host: "a.com", redirect: { location: "https://b.com{target}" } }, []],
    [{ host: "a.com", redirect: { location: "https://a.com/new{path}" } }, []],
    [
      { host: "a.com", respond: {}, fallback_pool: "web" },
      ["fallback_pool: has no effect beside respond: no pool is asked"],
    ],
    [
      { host: "a.com", redirect: { location: "/x" }, unavailable: {} },
      ["unavailable: has no effect beside redirect: no pool is asked"],
    ],
  ])("%j", (route, expected) => {
    const routes = [route, { host: "web.com", pool: "web" }];
    expect(
      warnings({ routes, pools: { web: { origins: [A] } } }).filter((line) => line.startsWith("routes[0]")),
    ).toEqual(expected.map((line) => `routes[0].${line}`));
  });

  test("name a pool that no route leads to, with routes and without", () => {
    expect(warnings({ routes: [{ pool: "web" }], pools })).toEqual([
      "pools.api: no route leads to this pool",
    ]);
    const split = [
      { pool: "web", weight: 1 },
      { pool: "api", weight: 0 },
    ];
    expect(warnings({ routes: [{ split }], pools })).toEqual(["pools.api: no route leads to this pool"]);
    expect(warnings({ routes: [{ pool: "web", fallback_pool: "api" }], pools })).toEqual([]);
    const implicit = { default: { origins: [A] }, api: { origins: [B] } };
    expect(warnings({ pools: implicit })).toEqual(["pools.api: no route leads to this pool"]);
  });

  test("name a fallback to itself, a pool twice in a split, an origin at a host that is routed to this balancer", () => {
    expect(
      warnings({ routes: [{ pool: "web", fallback_pool: "web" }], pools: { web: { origins: [A] } } }),
    ).toEqual(['routes[0].fallback_pool: "web" falls back to itself']);
    const split = [
      { pool: "web", weight: 1 },
      { pool: "web", weight: 2 },
    ];
    expect(warnings({ routes: [{ split }], pools: { web: { origins: [A] } } })).toEqual([
      'routes[0].split[1]: pool "web" stands twice in this split',
    ]);
    const looped = { routes: [{ host: "a.example.com", pool: "web" }], pools: { web: { origins: [A] } } };
    const bound = { ...A, binding: "ORIGIN_VPC" };
    expect(warnings({ ...looped, pools: { web: { origins: [bound] } } })).toEqual([]);
    expect(warnings(looped)[0]).toMatch(
      /^pools\.web\.origins\[0\]\.url: a\.example\.com is routed to this balancer/,
    );
  });

  test(`a route called unreachable is never the first that matches (seed ${SEED})`, () => {
    const host = fc.constantFrom("x.com", "a.x.com", "b.a.x.com", "*.x.com", "*.a.x.com", "y.com");
    const path = fc.constantFrom("/*", "/v1", "/v1/*", "/v1/x", "/v1/x/*", "/v10");
    const some = (...values: string[]) => fc.subarray(values, { minLength: 1 });
    const where = fc.oneof(
      fc.record({ countries: some("DE", "US", "XX") }),
      fc.record({ countries: some("DE", "US"), methods: some("GET", "PUT") }),
      fc.record({ addresses: some("192.0.2.0/24", "192.0.2.128/25", "192.0.2.200/32") }),
      fc.record({ headers: fc.record({ "x-beta": some("1", "1*", "12*", "*") }) }),
    );
    const route = fc.record({
      host: fc.option(host, { nil: null }),
      path: fc.option(path, { nil: null }),
      where: fc.option(where, { nil: null }),
      pool: fc.constant("web"),
    });
    const clients = ["DE", "US", "FR", "ZZ"].flatMap((country) =>
      ["192.0.2.1", "192.0.2.129", "192.0.2.200"].flatMap((clientIp) =>
        [undefined, "1", "12", "123", "2"].map((beta) =>
          asking({
            cf: { country },
            clientIp,
            method: country === "DE" ? "PUT" : "GET",
            headers: beta === undefined ? {} : { "x-beta": beta },
          }),
        ),
      ),
    );
    let hidden = 0;
    fc.assert(
      fc.property(fc.array(route, { minLength: 2, maxLength: 6 }), (routes) => {
        const parsed = parseConfigFile({ routes, pools: { web: { origins: [A] } } });
        if (!parsed.ok) throw new Error("the routes are not valid");
        const table = compileRoutes(parsed.value.routes);
        const unreachable = warningsOf(parsed.value).flatMap(({ path: [first, index], message }) =>
          first === "routes" && message.startsWith("no request reaches") ? [index] : [],
        );
        hidden += unreachable.length;
        const found = new Set<unknown>();
        for (const asked of ["x.com", "a.x.com", "c.x.com", "b.a.x.com", "d.b.a.x.com", "y.com", "z.com"]) {
          for (const at of ["/", "/v1", "/v1/", "/v1/x", "/v1/x/y", "/v10", "/v1x"]) {
            for (const client of unreachable.length === 0 ? [] : clients) {
              found.add(table.match(asked, at, client)?.index);
            }
          }
        }
        expect(unreachable.filter((index) => found.has(index))).toEqual([]);
      }),
      { seed: SEED, numRuns: 500 },
    );
    expect(hidden).toBeGreaterThan(100);
  });
});
