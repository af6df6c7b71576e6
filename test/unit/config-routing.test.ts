import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseRoutes } from "../../src/config/parse.ts";
import { type CompiledRoute, choosePool, compileRoutes, implicitPool } from "../../src/config/routing.ts";
import type { RouteConfig } from "../../src/config/schema.ts";

function routes(...documents: Record<string, unknown>[]): readonly RouteConfig[] {
  const parsed = parseRoutes(documents);
  if (!parsed.ok) throw new Error(parsed.errors.map((error) => error.message).join("\n"));
  return parsed.value;
}

/** The position of the route that matches, or null. */
function matched(table: readonly RouteConfig[], host: string, path: string): number | null {
  return compileRoutes(table).match(host, path)?.index ?? null;
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

  it("a match says where to send and where else", () => {
    const route = compileRoutes(table).match("example.org", "/");
    expect(route).toMatchObject({ pools: [{ pool: "org" }], fallbackPool: "web" });
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
    const route = compileRoutes([], poolIds).match("any.example.com", "/any");
    expect(route === null ? null : choosePool(route, "client")).toBe(pool);
  });

  it("is not the same as with routes of which none matches", () => {
    expect(compileRoutes(routes({ host: "a.com", pool: "web" }), ["web"]).match("b.com", "/")).toBeNull();
  });
});

describe("a split", () => {
  const CLIENTS = Array.from({ length: 20_000 }, (_, i) => `198.51.${i >> 8}.${i & 255}`);

  function compiled(...split: [pool: string, weight: number][]): CompiledRoute {
    const document = { host: "a.com", split: split.map(([pool, weight]) => ({ pool, weight })) };
    const route = compileRoutes(routes(document)).match("a.com", "/");
    if (route === null) throw new Error("the route matches its own host");
    return route;
  }

  const share = (route: CompiledRoute, pool: string) =>
    CLIENTS.filter((client) => choosePool(route, client) === pool).length / CLIENTS.length;

  // Each client is a draw with probability p: the share's standard deviation is sqrt(p (1 - p) / n), at most 0.0036
  // for n = 20,000. The bounds are five of them.
  const near = (p: number) => ({
    low: p - 5 * Math.sqrt((p * (1 - p)) / 20_000),
    high: p + 5 * Math.sqrt((p * (1 - p)) / 20_000),
  });

  it.each([
    [95, 5],
    [50, 50],
    [1, 3],
    [0.1, 0.9],
  ])("%d to %d shares the clients so", (a, b) => {
    const { low, high } = near(b / (a + b));
    const canary = share(compiled(["web", a], ["canary", b]), "canary");
    expect(canary).toBeGreaterThan(low);
    expect(canary).toBeLessThan(high);
  });

  it("keeps a client where it is", () => {
    const first = compiled(["web", 50], ["canary", 50]);
    const again = compiled(["web", 50], ["canary", 50]);
    for (const client of CLIENTS.slice(0, 100)) {
      expect(choosePool(first, client)).toBe(choosePool(first, client));
      expect(choosePool(again, client)).toBe(choosePool(first, client));
    }
  });

  it("from 95/5 to 90/10 moves 5% of the clients, all to the canary", () => {
    const before = compiled(["web", 95], ["canary", 5]);
    const after = compiled(["web", 90], ["canary", 10]);
    const moved = CLIENTS.filter((client) => choosePool(before, client) !== choosePool(after, client));
    const { low, high } = near(0.05);
    expect(moved.length / CLIENTS.length).toBeGreaterThan(low);
    expect(moved.length / CLIENTS.length).toBeLessThan(high);
    expect(new Set(moved.map((client) => choosePool(after, client)))).toEqual(new Set(["canary"]));
  });

  it("never sends to a weight of 0, wherever it stands", () => {
    for (const split of [
      compiled(["off", 0], ["web", 1]),
      compiled(["web", 1], ["off", 0]),
      compiled(["web", 1], ["off", 0], ["more", 1]),
    ]) {
      expect(share(split, "off")).toBe(0);
    }
  });

  it("does not move clients when a route is put in front of it", () => {
    const split = {
      host: "a.com",
      split: [
        { pool: "x", weight: 1 },
        { pool: "y", weight: 1 },
      ],
    };
    const alone = compileRoutes(routes(split)).match("a.com", "/");
    const second = compileRoutes(routes({ host: "b.com", pool: "x" }, split)).match("a.com", "/");
    expect(second?.index).toBe(1);
    expect({ ...second, index: 0 }).toEqual(alone);
  });

  it("is independent of the split of another route", () => {
    const split = [
      { pool: "x", weight: 1 },
      { pool: "y", weight: 1 },
    ];
    const table = compileRoutes(routes({ host: "a.com", split }, { host: "b.com", split }));
    const [a, b] = [table.match("a.com", "/"), table.match("b.com", "/")];
    if (a === null || b === null) throw new Error("both routes match their own hosts");
    const same =
      CLIENTS.filter((client) => choosePool(a, client) === choosePool(b, client)).length / CLIENTS.length;
    const { low, high } = near(0.5);
    expect(same).toBeGreaterThan(low);
    expect(same).toBeLessThan(high);
  });
});
