import { describe, expect, it } from "vitest";
import { importing, said, THREE } from "../../support/cloudflare-exports.ts";
import { destination } from "../../support/destinations.ts";

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
    ['starts_with(http.request.uri.path, "/api/")', ["www.example.com /api a", "www.example.com /api/* b"]],
    ['starts_with(http.request.uri.path, "/api")', ["www.example.com /api/* b"]],
    ['http.request.uri.path in {"/a" "/b"}', ["www.example.com /a b", "www.example.com /b b"]],
    ['http.host eq "WWW.example.com" and http.request.uri.path eq "/x"', ["www.example.com /x b"]],
    [
      '(http.request.uri.path eq "/x" or starts_with(http.request.uri.path, "/y/")) and http.host eq "www.example.com"',
      ["www.example.com /x b", "www.example.com /y a", "www.example.com /y/* b"],
    ],
    ['http.host eq "a.test" and http.host eq "b.test"', []],
    ['http.host eq "never.seen.test"', []],
    ['ip.src.country eq "DE" and ip.src.country eq "FR"', []],
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
    'http.request.method ne "POST"',
    'http.request.headers["x-a"][0] eq "b*"',
    'ip.src.country eq "ZZ"',
    'http.request.uri.path eq "/x" and starts_with(http.request.uri.path, "/x")',
    'http.request.uri.path eq "/x*"',
    'http.request.uri.path eq "/x',
    'http.request.uri.path eq "/x" or',
    '(http.request.uri.path eq "/x"',
    "ip.src in $office",
  ])("by %s have no counterpart", (condition) => {
    const { routes, findings } = routesOf([{ name: "r", condition, overrides: toB }]);
    expect(routes).toEqual([ALL]);
    expect(said(findings, "rules[r]")).toEqual([
      `todo: no route has the condition ${JSON.stringify(condition)}; such requests now go where all others of www.example.com go`,
    ]);
  });

  it.each<[condition: string, where: object]>([
    ['http.request.method in {"GET" "HEAD"}', { methods: ["GET", "HEAD"] }],
    ["ip.src eq 192.0.2.1", { addresses: ["192.0.2.1/32"] }],
    ["ip.src in {192.0.2.0/24 2001:db8::/32}", { addresses: ["192.0.2.0/24", "2001:db8::/32"] }],
    ['ip.src.country in {"DE" "T1"}', { countries: ["DE", "T1"] }],
    ['ip.geoip.continent eq "EU"', { continents: ["EU"] }],
    ["ip.src.asnum eq 64500", { asns: [64_500] }],
    ["ip.src.is_in_european_union", { eu: true }],
    ['http.request.headers["X-Beta"][0] eq "1"', { headers: { "x-beta": ["1"] } }],
    ['starts_with(http.user_agent, "curl/")', { headers: { "user-agent": ["curl/*"] } }],
    ['ip.src.country eq "DE" and http.request.method eq "GET"', { countries: ["DE"], methods: ["GET"] }],
    ['ip.src.country in {"DE" "FR"} and ip.src.country in {"FR" "IT"}', { countries: ["FR"] }],
    [
      'http.request.headers["a"][0] eq "1" and starts_with(http.user_agent, "curl/")',
      { headers: { a: ["1"], "user-agent": ["curl/*"] } },
    ],
    [
      'starts_with(http.user_agent, "curl/") and http.user_agent in {"curl/8" "wget"}',
      { headers: { "user-agent": ["curl/8"] } },
    ],
  ])("by %s become routes with conditions", (condition, where) => {
    const { config } = routesOf([{ name: "r", condition, overrides: toB }]);
    expect(config.routes).toEqual([
      { host: "www.example.com", where, pool: "b" },
      { host: "www.example.com", pool: "a" },
    ]);
  });

  it("go to the pools of a country as far as their clients are there", () => {
    const condition = 'ip.src.country in {"DE" "FR"}';
    const overrides = { default_pools: ["b"], country_pools: { DE: ["c"], US: ["c"] } };
    const { config, findings } = routesOf([{ name: "r", condition, overrides }]);
    const from = (country: string) => destination(config, "www.example.com/", { cf: { country } });
    expect(["DE", "FR", "US"].map(from)).toEqual(["c > a", "b > a", "a"]);
    expect(said(findings, "country_pools")).toEqual([]);
  });

  it("without a condition take everything", () => {
    const { routes } = routesOf([{ name: "r", condition: "", overrides: toB }]);
    expect(routes).toEqual(["www.example.com any b"]);
  });

  it("say which paths a prefix no longer takes", () => {
    const condition = 'starts_with(http.request.uri.path, "/api")';
    const { findings } = routesOf([{ name: "r", condition, overrides: toB }]);
    expect(said(findings, "rules[r]")).toEqual([
      'todo: starts_with "/api" becomes /api/*, whole segments of a path: paths such as /apix went there too, and now go where all others go',
    ]);
  });

  it("say that those which match together no longer add up", () => {
    const first = {
      name: "1",
      condition: 'http.request.method eq "GET"',
      overrides: { session_affinity: "cookie" },
    };
    const second = { name: "2", condition: 'http.request.uri.path eq "/x"', overrides: toB };
    const joined = (rules: object[]) => said(routesOf(rules).findings, "rules[2]");
    expect(joined([first, second])).toEqual([
      "todo: where an earlier rule matches too, its session_affinity held as well there; here this rule decides alone",
    ]);
    expect(joined([{ ...first, terminates: true }, second])).toEqual([]);
    expect(joined([{ ...first, overrides: toB }, second])).toEqual([]);
  });

  it("that are off say nothing", () => {
    const off = routesOf([{ name: "r", condition: "", overrides: toB, disabled: true }]);
    expect(off.routes).toEqual([ALL]);
    expect(said(off.findings, "rules[r]")).toEqual([]);
  });

  it.each<[fixed: object, action: object, canBeSaid: boolean]>([
    [{ status_code: 503 }, { respond: { status: 503 } }, true],
    [
      { status_code: 200, content_type: "text/html", message_body: "<p>{x}</p>" },
      { respond: { status: 200, content_type: "text/html", body: "<p>{x}</p>" } },
      true,
    ],
    [
      { status_code: 301, location: "https://example.com/{x}" },
      { redirect: { status: 301, location: "https://example.com/{{x}}" } },
      true,
    ],
    [
      { status_code: 201, location: "/new" },
      { respond: { status: 201, headers: { location: "/new" } } },
      true,
    ],
    [{ status_code: 700 }, { respond: { status: 503 } }, false],
  ])("answer by themselves: %j", (fixed_response, action, canBeSaid) => {
    const condition = 'http.request.uri.path eq "/x"';
    const { config, findings } = routesOf([
      { name: "r", condition, fixed_response },
      { condition, overrides: toB },
    ]);
    expect(config.routes?.[0]).toEqual({ host: "www.example.com", path: "/x", ...action });
    expect(said(findings, "rules[r]")).toHaveLength(canBeSaid ? 0 : 1);
  });

  it("keep the fields that they do not override, in whichever way that is written", () => {
    const overrides = {
      default_pools: null,
      fallback_pool: "",
      steering_policy: null,
      session_affinity: "cookie",
    };
    const { routes } = routesOf([{ condition: 'http.request.uri.path eq "/x"', overrides }]);
    expect(routes).toEqual(["www.example.com /x a", "www.example.com any a-2"]);
  });

  it("of a load balancer with a wildcard leave the rest of their host to it, and a host its own load balancer", () => {
    const rule = {
      condition: 'http.host eq "a.example.com" and http.request.uri.path eq "/x"',
      overrides: toB,
    };
    const other = { condition: 'http.host eq "b.example.com"', overrides: toB };
    const load_balancers = [
      { name: "*.example.com", ...balancer, rules: [rule, other] },
      { name: "b.example.com", default_pools: ["c"], fallback_pool: "c" },
    ];
    const { config } = importing({ pools: THREE, load_balancers });
    const to = (url: string) => destination(config, url);
    expect([
      to("a.example.com/x"),
      to("a.example.com/y"),
      to("b.example.com/"),
      to("c.example.com/"),
    ]).toEqual(["b", "a", "c", "a"]);
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
    const overrides = { session_affinity: "cookie", steering_policy: "random", ttl: 30 };
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
