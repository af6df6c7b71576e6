import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileRoutes, implicitPool } from "../../../src/config/routing.ts";
import type { RouteConfig } from "../../../src/config/schema.ts";
import { askedNothing } from "../../support/where-request.ts";
import { routes } from "./parsed-routes.ts";

/** The position of the route that matches, or null. */
function matched(table: readonly RouteConfig[], host: string, path: string): number | null {
  return compileRoutes(table).match(host, path, askedNothing)?.index ?? null;
}

describe("a route's host", () => {
  it.each<[host: string, request: string, matches: boolean]>([
    ["api.example.com", "api.example.com", true],
    ["api.example.com", "API.Example.com", true],
    ["API.example.com", "api.example.com", true],
    ["api.example.com", "api.example.com:8443", true],
    ["api.example.com", "api.example.com.", true],
    ["api.example.com", "api.example.com.:80", true],
    ["api.example.com", "xapi.example.com", false],
    ["api.example.com", "api.example.com.evil", false],
    ["api.example.com", "", false],
    ["*.example.com", "a.example.com", true],
    ["*.example.com", "a.b.example.com", true],
    ["*.example.com", "A.EXAMPLE.COM:80", true],
    ["*.example.com", "example.com", false],
    ["*.example.com", ".example.com", false],
    ["*.example.com", "badexample.com", false],
    ["*.example.com", "a.example.com.evil.com", false],
    ["[::1]", "[::1]:8080", true],
    ["[::1]", "[::1]", true],
    ["127.0.0.1", "127.0.0.1:80", true],
  ])("%s and a request for %s: %s", (host, request, matches) => {
    expect(matched(routes({ host, pool: "a" }), request, "/") === 0).toBe(matches);
  });
});

describe("a route's path", () => {
  it.each<[path: string, request: string, matches: boolean]>([
    ["/v1/*", "/v1/users", true],
    ["/v1/*", "/v1/", true],
    ["/v1/*", "/v1", true],
    ["/v1/*", "/v10", false],
    ["/v1/*", "/V1/users", false],
    ["/v1/*", "/", false],
    ["/v1", "/v1", true],
    ["/v1", "/v1/", false],
    ["/v1/", "/v1", false],
    ["/", "/", true],
    ["/", "/a", false],
    ["/*", "/", true],
    ["/*", "/anything/at/all", true],
    ["/caf%C3%A9/*", "/caf%C3%A9/menu", true],
  ])("%s and a request for %s: %s", (path, request, matches) => {
    expect(matched(routes({ path, pool: "a" }), "x", request) === 0).toBe(matches);
  });
});

describe("several routes", () => {
  const table = routes(
    { host: "api.example.com", path: "/v1/*", pool: "api" },
    { host: "*.example.com", pool: "web" },
    { path: "/status", pool: "status" },
    { host: "example.org", pool: "org", fallback_pool: "web" },
  );

  it.each<[host: string, path: string, index: number | null]>([
    ["api.example.com", "/v1/x", 0],
    ["api.example.com", "/v2/x", 1],
    ["www.example.com", "/status", 1],
    ["example.com", "/status", 2],
    ["example.org", "/status", 2],
    ["example.org", "/", 3],
    ["example.com", "/", null],
  ])("%s%s goes to the first that matches: %s", (host, path, index) => {
    expect(matched(table, host, path)).toBe(index);
  });

  it("a match has the pool and the fallback pool", () => {
    const route = compileRoutes(table).match("example.org", "/", askedNothing);
    expect(route).toMatchObject({ pool: "org", fallbackPool: "web" });
  });

  it("agree with a naive reading of the rules on 5,000 random tables and requests (seed 31)", () => {
    const label = fc.constantFrom("a", "b", "com");
    const host = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join("."));
    const path = fc
      .array(fc.constantFrom("", "v1", "v10", "x"), { maxLength: 3 })
      .map((parts) => `/${parts.join("/")}`);
    const route = fc.record({
      host: fc.option(
        fc.oneof(
          host,
          host.map((name) => `*.${name}`),
        ),
      ),
      path: fc.option(
        fc.oneof(
          path,
          path.map((prefix) => (prefix.endsWith("/") ? `${prefix}*` : `${prefix}/*`)),
        ),
      ),
      pool: fc.constant("p"),
    });
    fc.assert(
      fc.property(
        fc.array(route, { minLength: 1, maxLength: 6 }),
        host,
        path,
        (documents, requestHost, requestPath) => {
          const table = routes(...documents);
          const expected = table.findIndex(
            (each) => naiveHost(each.host, requestHost) && naivePath(each.path, requestPath),
          );
          expect(matched(table, requestHost, requestPath) ?? -1).toBe(expected);
        },
      ),
      { seed: 31, numRuns: 5_000 },
    );
  });
});

function naiveHost(pattern: string | null, host: string): boolean {
  if (pattern === null) return true;
  return new RegExp(`^${pattern.replaceAll(".", "\\.").replace("*", ".+")}$`).test(host);
}

function naivePath(pattern: string | null, path: string): boolean {
  if (pattern === null) return true;
  if (!pattern.endsWith("/*")) return pattern === path;
  return new RegExp(`^${pattern.slice(0, -2)}(/.*)?$`).test(path);
}

describe("without routes", () => {
  it.each<[poolIds: string[], pool: string | null]>([
    [["web"], "web"],
    [["web", "default"], "default"],
    [["web", "api"], null],
    [[], null],
  ])("and with the pools %j, everything goes to %j", (poolIds, pool) => {
    expect(implicitPool(poolIds)).toBe(pool);
    const route = compileRoutes([], implicitPool(poolIds)).match("any.example.com", "/any", askedNothing);
    expect(route?.pool ?? null).toBe(pool);
  });

  it("differs from routes of which none matches", () => {
    expect(
      compileRoutes(routes({ host: "a.com", pool: "web" }), "web").match("b.com", "/", askedNothing),
    ).toBeNull();
  });
});
