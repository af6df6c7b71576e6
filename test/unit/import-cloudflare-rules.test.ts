import { describe, expect, it } from "vitest";
import { importing, said, THREE } from "../support/cloudflare-exports.ts";

describe("rules", () => {
  const balancer = { default_pools: ["a"], fallback_pool: "a" };
  const toB = { default_pools: ["b"], fallback_pool: "b" };
  const routesOf = (rules: object[], name = "www.example.com") => {
    const load_balancers = [{ name, ...balancer, rules }];
    const { config, findings } = importing({ pools: THREE, load_balancers });
    const routes = config.routes?.map(({ host, path, pool }) => [host, path ?? "any", pool].join(" "));
    return { routes, findings, config };
  };
  const ALL = "www.example.com any a";

  it.each([
    ['http.request.uri.path eq "/login"', ["www.example.com /login b"]],
    ['(http.request.uri.path == "/login")', ["www.example.com /login b"]],
    ['starts_with(http.request.uri.path, "/api/")', ["www.example.com /api/* b"]],
    ['starts_with(http.request.uri.path, "/api")', ["www.example.com /api/* b"]],
    ['http.request.uri.path in {"/a" "/b"}', ["www.example.com /a b", "www.example.com /b b"]],
    ['http.host eq "WWW.example.com" and http.request.uri.path eq "/x"', ["www.example.com /x b"]],
    [
      '(http.request.uri.path eq "/x" or starts_with(http.request.uri.path, "/y/")) and http.host eq "www.example.com"',
      ["www.example.com /x b", "www.example.com /y/* b"],
    ],
    ['http.host eq "a.test" and http.host eq "b.test"', []],
    ['http.host eq "never.seen.test"', []],
    ["", ["www.example.com any b"]],
  ])("by %s become routes before the load balancer's own", (condition, expected) => {
    const { routes } = routesOf([{ name: "r", condition, overrides: toB }]);
    expect(routes).toEqual([...expected, ALL]);
  });

  it("by a host below a wildcard come before the wildcard", () => {
    const rule = { condition: 'http.host eq "a.example.com"', overrides: toB };
    expect(routesOf([rule], "*.example.com").routes).toEqual(["a.example.com any b", "*.example.com any a"]);
  });

  it.each([
    'http.request.uri.path contains "/x"',
    'not http.request.uri.path eq "/x"',
    'http.request.method eq "POST"',
    'http.request.uri.path eq "/x" and starts_with(http.request.uri.path, "/x")',
    'http.request.uri.path eq "/x*"',
    'http.request.uri.path eq "/x',
    'http.request.uri.path eq "/x" or',
    '(http.request.uri.path eq "/x"',
    "ip.src eq 192.0.2.1",
  ])("by %s have no counterpart", (condition) => {
    const { routes, findings } = routesOf([{ name: "r", condition, overrides: toB }]);
    expect(routes).toEqual([ALL]);
    expect(said(findings, "rules[r]")).toEqual([
      `lost: a route goes by host and path, not by ${JSON.stringify(condition)}`,
    ]);
  });

  it("that are off say nothing, and a fixed response has no counterpart", () => {
    const condition = 'http.request.uri.path eq "/x"';
    const off = routesOf([{ name: "r", condition, overrides: toB, disabled: true }]);
    expect(off.routes).toEqual([ALL]);
    expect(said(off.findings, "rules[r]")).toEqual([]);
    const fixed = routesOf([{ name: "r", condition, fixed_response: { status_code: 503 } }]);
    expect(fixed.routes).toEqual([ALL]);
    expect(said(fixed.findings, "rules[r]")).toEqual([
      "lost: a fixed response: every request goes to an origin",
    ]);
  });

  it("stand in the order in which they would win: the later one, unless an earlier one ends the rest", () => {
    const rule = (path: string, more: object) => ({
      name: path,
      condition: `http.request.uri.path eq "${path}"`,
      overrides: toB,
      ...more,
    });
    const paths = (rules: object[]) => routesOf(rules).config.routes?.map(({ path }) => path ?? "any");
    expect(paths([rule("/1", { priority: 2 }), rule("/2", { priority: 1 })])).toEqual(["/1", "/2", "any"]);
    expect(paths([rule("/1", {}), rule("/2", {}), rule("/3", {})])).toEqual(["/3", "/2", "/1", "any"]);
    expect(paths([rule("/1", { terminates: true }), rule("/2", {}), rule("/3", {})])).toEqual([
      "/1",
      "/3",
      "/2",
      "any",
    ]);
  });

  it("override affinity as well, and what is said of that is said of the rule", () => {
    const overrides = { session_affinity: "cookie", steering_policy: "geo", ttl: 30 };
    const { config, routes, findings } = routesOf([
      { name: "r", condition: 'http.request.uri.path eq "/x"', overrides },
    ]);
    expect(routes).toEqual(["www.example.com /x a", "www.example.com any a-2"]);
    expect([config.pools.a?.sticky, config.pools["a-2"]?.sticky]).toEqual([
      { method: "cookie", ttl: 82_800 },
      undefined,
    ]);
    expect(said(findings, "rules[r].overrides.steering_policy")).toHaveLength(1);
    expect(said(findings, "rules[r].overrides.ttl")).toHaveLength(1);
    expect(said(findings, "load_balancers[www.example.com].steering_policy")).toEqual([]);
  });
});
