import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { importCloudflare } from "../../scripts/lib/import/cloudflare/index.ts";
import type { Finding } from "../../scripts/lib/import/findings.ts";
import type { ImportOptions } from "../../scripts/lib/import/origin-url.ts";
import { parseConfigFile } from "../../src/config/parse.ts";

const AS_IT_HINTS: ImportOptions = { scheme: null, names: new Map(), local: false };

function importing(document: unknown, options: Partial<ImportOptions> = {}) {
  const source = { name: "cf.json", text: JSON.stringify(document) };
  const { config, findings } = importCloudflare([source], { ...AS_IT_HINTS, ...options });
  return { config, findings: findings.all };
}

/** A pool with one origin, and a load balancer that uses it. */
function oneOf(parts: { pool?: object; origin?: object; monitor?: object; balancer?: object }) {
  const origin = {
    name: "a",
    address: "a.example.com",
    header: { Host: ["a.example.com"] },
    ...parts.origin,
  };
  const monitor = { id: "m", expected_codes: "200", retries: 0, interval: 60, ...parts.monitor };
  return {
    pools: [
      { id: "p", name: "web", origins: [origin], ...(parts.monitor ? { monitor: "m" } : {}), ...parts.pool },
    ],
    monitors: parts.monitor === undefined ? [] : [monitor],
    load_balancers: [
      { name: "www.example.com", default_pools: ["p"], fallback_pool: "p", ...parts.balancer },
    ],
  };
}

function webOf(parts: Parameters<typeof oneOf>[0], options: Partial<ImportOptions> = {}) {
  return importing(oneOf(parts), options).config.pools.web;
}

/** What was said about the paths that end in `path`. */
function said(findings: readonly Finding[], path: string): string[] {
  return findings.filter(({ at }) => at.endsWith(path)).map(({ kind, message }) => `${kind}: ${message}`);
}

/** Three pools named as their ids, without monitors. */
const THREE = ["a", "b", "c"].map((id) => ({
  id,
  name: id,
  origins: [{ name: id, address: `${id}.example.com` }],
}));

function routeOf(balancer: object, pools: object[] = THREE) {
  const { config, findings } = importing({
    pools,
    load_balancers: [{ name: "www.example.com", ...balancer }],
  });
  return { route: config.routes?.[0], findings };
}

describe("a whole export in three files", () => {
  const sources = ["pools", "monitors", "load-balancers"].map((kind) => {
    const name = `cloudflare-${kind}.json`;
    return { name, text: readFileSync(new URL(`fixtures/import/${name}`, import.meta.url), "utf8") };
  });
  const { config, findings } = importCloudflare(sources, AS_IT_HINTS);

  it("becomes the expected configuration, which is valid", () => {
    const expected: unknown = JSON.parse(
      readFileSync(new URL("fixtures/import/cloudflare.expected.json", import.meta.url), "utf8"),
    );
    expect(config).toEqual(expected);
    expect(parseConfigFile(config)).toMatchObject({ ok: true });
  });

  it("keeps the order of pools and origins, and puts exact hosts before wildcards", () => {
    expect(Object.keys(config.pools)).toEqual([
      "web-eu",
      "web-eu-2",
      "web_us",
      "web_us-2",
      "static",
      "legacy",
    ]);
    expect(config.pools["web-eu"]?.origins.map(({ id }) => id)).toEqual([
      "fra-1",
      "fra-2",
      "fra-3-spare",
      "fra-4",
    ]);
    expect(config.routes?.map(({ host }) => host)).toEqual([
      "www.shop.example",
      "canary.shop.example",
      "*.shop.example",
    ]);
  });

  it.each([
    ["todo", "cloudflare-pools.json", "pools[web-eu].origins[FRA 3 (spare)].address"],
    ["lost", "cloudflare-pools.json", "pools[web-eu].check_regions"],
    ["lost", "cloudflare-pools.json", "pools[web-eu].notification_email"],
    ["lost", "cloudflare-pools.json", "pools[legacy].origins[old].virtual_network_id"],
    ["lost", "cloudflare-load-balancers.json", "load_balancers[www.shop.example].region_pools"],
    ["lost", "cloudflare-load-balancers.json", "load_balancers[www.shop.example].rules[checkout to the US]"],
    ["lost", "cloudflare-monitors.json", "monitors[12ab12ab12ab12ab12ab12ab12ab12ab]"],
    ["changed", "cloudflare-monitors.json", "monitors[a1d2c3b4e5f60718293a4b5c6d7e8f90].retries"],
  ])("says %s: %s: %s", (kind, file, path) => {
    const about = findings.all.filter(({ at }) => at.startsWith(`${file}:`) && at.endsWith(`: ${path}`));
    expect(about).toMatchObject([{ kind }]);
  });

  it("says nothing about fields that are empty or switched off", () => {
    const places = findings.all.map(({ at }) => at).join("\n");
    expect(places).not.toMatch(/pools\[Web_US\]\.(check_regions|notification|load_shedding)/);
    expect(places).not.toMatch(/monitors\[ffee/);
  });
});

it("says where in the file", () => {
  const text = [
    '{"result": [',
    '  {"id": "p", "name": "web", "origins": [{"name": "a", "address": "a.example.com"}],',
    '    "check_regions": ["WEU"]}]}',
  ].join("\n");
  const { findings } = importCloudflare([{ name: "x/cf.json", text }], AS_IT_HINTS);
  expect(findings.all.map(({ at }) => at)).toContain("x/cf.json:3:22: pools[web].check_regions");
});

describe("the forms in which an export may come", () => {
  const pool = { id: "p", name: "web", origins: [{ name: "a", address: "a.example.com" }] };
  it.each([
    ["an answer of the API", { result: [pool], success: true }],
    ["an answer with a single pool", { result: pool, success: true }],
    ["a bare list", [pool]],
    ["one object", { pools: [pool] }],
    ["answers in one object", { pools: { result: [pool], success: true }, monitors: { result: null } }],
  ])("%s", (_form, document) => {
    expect(Object.keys(importing(document).config.pools)).toEqual(["web"]);
  });

  it("takes a pool that stands in two files once", () => {
    const source = { name: "cf.json", text: JSON.stringify([pool]) };
    expect(Object.keys(importCloudflare([source, source], AS_IT_HINTS).config.pools)).toEqual(["web"]);
  });

  it("says that pages are missing", () => {
    const { findings } = importing({ result: [pool], result_info: { page: 1, total_pages: 3 } });
    expect(said(findings, "result_info")).toEqual([
      "todo: this is page 1 of 3: give the other pages as further files",
    ]);
  });

  it.each([
    ["{", "cf.json:1:2: not valid JSON"],
    [
      '{"success": false, "errors": [{"code": 10000, "message": "Authentication error"}]}',
      "Authentication error",
    ],
    ['[{"hello": 1}]', "cf.json:1:2: neither a pool"],
    ['{"pools": []}', "there are no pools"],
    [
      '[{"id": "p", "name": "web", "origins": [{"address": 7}]}]',
      "origins[0].address: must be a text, found 7",
    ],
  ])("refuses %s", (text, message) => {
    expect(() => importCloudflare([{ name: "cf.json", text }], AS_IT_HINTS)).toThrow(message);
  });
});

describe("origins", () => {
  it.each([
    [{ port: 0 }, {}, "https://a.example.com"],
    [{ port: 443 }, {}, "https://a.example.com"],
    [{ port: 8443 }, {}, "https://a.example.com:8443"],
    [{ port: 80 }, {}, "http://a.example.com"],
    [{ port: 8080 }, {}, "http://a.example.com:8080"],
    [{ port: 9000 }, {}, "https://a.example.com:9000"],
    [{}, { scheme: "http" }, "http://a.example.com"],
    [{ address: "192.0.2.7" }, { names: new Map([["192.0.2.7", "b.example.com"]]) }, "https://b.example.com"],
    [
      { address: "192.0.2.7", port: 8443 },
      { names: new Map([["192.0.2.7:8443", "b.example.com"]]) },
      "https://b.example.com:8443",
    ],
    [{ address: "2001:db8::7", port: 8443 }, { local: true }, "https://[2001:db8::7]:8443"],
  ] as [object, Partial<ImportOptions>, string][])("%j with %j is at %s", (origin, options, url) => {
    expect(webOf({ origin }, options)?.origins).toEqual([{ id: "a", url }]);
  });

  it.each(["192.0.2.7", "2001:db8::7", "localhost", "intranet", "6ff42ae2-765d.cfargotunnel.com"])(
    "switches %s off, which no Worker can fetch, and says so",
    (address) => {
      const { config, findings } = importing(oneOf({ origin: { address } }));
      expect(config.pools.web?.origins).toEqual([
        { id: "a", url: expect.stringMatching(/^https:\/\/[a-z0-9-]+\.invalid$/), enabled: false },
      ]);
      expect(said(findings, "pools[web].origins[a].address")).toEqual([
        expect.stringMatching(`^todo: ${address} .*--name ${address}=HOSTNAME`),
      ]);
      expect(parseConfigFile(config)).toMatchObject({ ok: true });
    },
  );

  it.each([
    [
      [0.6, 0.4],
      [3, 2],
    ],
    [
      [1, 1],
      [undefined, undefined],
    ],
    [
      [0.01, 1],
      [undefined, 100],
    ],
    [
      [0, 0.5],
      [0, undefined],
    ],
    [
      [0.25, 0.5, 0.75],
      [undefined, 2, 3],
    ],
  ])("weights %j become %j", (weights, expected) => {
    const origins = weights.map((weight, i) => ({ name: `o${i}`, address: `o${i}.example.com`, weight }));
    expect(webOf({ pool: { origins } })?.origins.map(({ weight }) => weight)).toEqual(expected);
  });

  it("gives origins of the same name ids that differ", () => {
    const origins = ["x", "X", "x!"].map((name, i) => ({ name, address: `o${i}.example.com` }));
    const { config, findings } = importing(oneOf({ pool: { origins } }));
    expect(config.pools.web?.origins.map(({ id }) => id)).toEqual(["x", "x-2", "x-3"]);
    expect(said(findings, "origins[X].name")).toEqual(["changed: is called x-2 here"]);
  });

  it("reports a Host that is not the name in the url, and a field that it does not know", () => {
    const origin = { header: { Host: ["www.example.com"] }, brand_new: { on: true } };
    const { findings } = importing(oneOf({ origin }));
    expect(said(findings, "origins[a].header")).toEqual([
      "lost: Host www.example.com is not sent: an origin is asked by the name in its url",
    ]);
    expect(said(findings, "origins[a].brand_new")).toEqual(["lost: is not known here"]);
  });
});

describe("pools", () => {
  it.each([
    [undefined, "random"],
    ["", "random"],
    ["random", "random"],
    ["hash", "consistent_hash"],
    ["least_connections", "least_connections"],
    ["least_outstanding_requests", "least_connections"],
    ["something_new", "random"],
  ])("origin steering %j becomes %s", (policy, algorithm) => {
    expect(webOf({ pool: { origin_steering: { policy } } })?.algorithm).toBe(algorithm);
  });

  it("a pool that is off has all origins off", () => {
    expect(webOf({ pool: { enabled: false } })?.origins[0]?.enabled).toBe(false);
  });

  it("reports minimum_origins only where it asks for more than one", () => {
    const about = (minimum_origins: number) =>
      said(importing(oneOf({ pool: { minimum_origins } })).findings, "minimum_origins");
    expect(about(1)).toEqual([]);
    expect(about(2)).toEqual(["lost: a pool serves as long as one origin is eligible"]);
  });
});

describe("monitors", () => {
  it.each([
    [
      "interval and retries",
      { type: "https", interval: 60, retries: 2 },
      { interval: 20, unhealthy_threshold: 3 },
    ],
    ["no retries", { type: "https", interval: 30, retries: 0 }, { interval: 30, unhealthy_threshold: 1 }],
    [
      "rise and fall",
      { type: "https", consecutive_up: 3, consecutive_down: 4, retries: 1 },
      { healthy_threshold: 3, unhealthy_threshold: 8, interval: 30 },
    ],
    [
      "method and path",
      { type: "https", method: "HEAD", path: "/ok?x=1" },
      { method: "HEAD", path: "/ok?x=1" },
    ],
    ["a path without a slash", { type: "https", path: "ok" }, { path: "/ok" }],
    ["codes", { type: "https", expected_codes: "200-299,304" }, { expected_codes: "200-299,304" }],
    ["no codes", { type: "https", expected_codes: "" }, { expected_codes: "200" }],
    ["body", { type: "https", expected_body: "alive" }, { expected_body: "alive" }],
    [
      "headers but Host",
      { type: "https", header: { Host: ["x"], "X-A": ["1", "2"] } },
      { headers: { "X-A": "1, 2" } },
    ],
    ["redirects", { type: "https", follow_redirects: true }, { follow_redirects: true }],
    ["its own port", { type: "https", port: 8443 }, { port: 8443 }],
    ["tcp", { type: "tcp", port: 22, method: "connection_established" }, { type: "tcp", port: 22 }],
  ])("%s", (_what, monitor, expected) => {
    expect(webOf({ monitor })?.health_check).toMatchObject(expected);
  });

  it("leaves a port out that is the origin's own", () => {
    expect(webOf({ monitor: { type: "https", port: 443 } })?.health_check).not.toHaveProperty("port");
  });

  it("probes by the origin's scheme, not at a port that speaks another one", () => {
    const { config, findings } = importing(oneOf({ monitor: { type: "http", port: 8081 } }));
    expect(config.pools.web?.health_check).not.toHaveProperty("port");
    expect(said(findings, "monitors[m].type")).toEqual([
      "changed: pool web is probed by https, as its traffic goes, at the origin's own port instead of 8081",
    ]);
  });

  it.each([
    ["icmp_ping", "lost: origins cannot be checked by icmp_ping: no health check for pool web"],
    ["smtp", "lost: origins cannot be checked by smtp: no health check for pool web"],
  ])("%s has no counterpart", (type, message) => {
    const { config, findings } = importing(oneOf({ monitor: { type } }));
    expect(config.pools.web?.health_check).toBeUndefined();
    expect(said(findings, "monitors[m].type")).toEqual([message]);
  });

  it("says that a monitor is not in the export", () => {
    const { findings } = importing(oneOf({ pool: { monitor: "gone" } }));
    expect(said(findings, "pools[web].monitor")).toEqual([
      "todo: monitor gone is not in the export: the pool has no health check",
    ]);
  });
});

describe("load balancers", () => {
  it("uses default_pools in their order, then the fallback pool", () => {
    expect(routeOf({ default_pools: ["a"], fallback_pool: "b" }).route).toEqual({
      host: "www.example.com",
      pool: "a",
      fallback_pool: "b",
    });
    expect(routeOf({ default_pools: ["a", "b"], fallback_pool: "b" }).route).toMatchObject({
      pool: "a",
      fallback_pool: "b",
    });
    expect(routeOf({ default_pools: ["a"], fallback_pool: "a" }).route).not.toHaveProperty("fallback_pool");
  });

  it("says which pools a route can never reach", () => {
    const { route, findings } = routeOf({ default_pools: ["a", "b", "c"], fallback_pool: "a" });
    expect(route).toMatchObject({ pool: "a", fallback_pool: "b" });
    expect(said(findings, "default_pools[2]")).toEqual([
      "lost: pool c is never reached: a route has one pool to fall back to",
    ]);
  });

  it("passes over pools that are off, unknown or empty", () => {
    const off = { id: "off", name: "off", enabled: false, origins: [{ address: "x.example.com" }] };
    const empty = { id: "empty", name: "empty", origins: [] };
    const { route, findings } = routeOf(
      { default_pools: ["off", "gone", "empty", "b"], fallback_pool: "c" },
      [...THREE, off, empty],
    );
    expect(route).toMatchObject({ pool: "b", fallback_pool: "c" });
    expect(said(findings, "default_pools[1]")).toEqual(["todo: pool gone is not in the export"]);
    expect(said(findings, "pools[empty].origins")).toEqual(["todo: the pool has no origins and is left out"]);
  });

  it("gets no route if it is off or none of its pools is there", () => {
    expect(routeOf({ enabled: false, default_pools: ["a"], fallback_pool: "a" }).route).toBeUndefined();
    expect(routeOf({ default_pools: ["gone"], fallback_pool: "gone" }).route).toBeUndefined();
  });

  it.each(["random", "least_connections", "least_outstanding_requests"])(
    "%s splits by weight",
    (steering_policy) => {
      const random_steering = { default_weight: 0.2, pool_weights: { b: 0.8 } };
      const balancer = { default_pools: ["a", "b"], fallback_pool: "c", steering_policy, random_steering };
      expect(routeOf(balancer).route).toEqual({
        host: "www.example.com",
        split: [
          { pool: "a", weight: 1 },
          { pool: "b", weight: 4 },
        ],
        fallback_pool: "c",
      });
    },
  );

  it("splits equally if no pool has a weight", () => {
    const random_steering = { default_weight: 0 };
    const { route } = routeOf({
      default_pools: ["a", "b"],
      fallback_pool: "c",
      steering_policy: "random",
      random_steering,
    });
    expect(route?.split?.map(({ weight }) => weight)).toEqual([1, 1]);
  });

  it.each(["geo", "proximity", "dynamic_latency"])("%s has no counterpart and is said", (steering_policy) => {
    const { route, findings } = routeOf({ default_pools: ["a"], fallback_pool: "b", steering_policy });
    expect(route).toMatchObject({ pool: "a", fallback_pool: "b" });
    expect(said(findings, "steering_policy")).toEqual([
      `lost: ${steering_policy}: pools are used in the order of default_pools`,
    ]);
  });

  it("takes an empty policy with region pools for geo, as Cloudflare does", () => {
    const balancer = {
      default_pools: ["a"],
      fallback_pool: "b",
      steering_policy: "",
      region_pools: { WEU: ["a"] },
    };
    expect(said(routeOf(balancer).findings, "steering_policy")).toHaveLength(1);
  });

  it("splits what the first pool sheds off to the second", () => {
    const [a, ...others] = THREE;
    const shedding = { ...a, load_shedding: { default_percent: 25, default_policy: "hash" } };
    expect(
      routeOf({ default_pools: ["a", "b"], fallback_pool: "c" }, [shedding, ...others]).route,
    ).toMatchObject({
      split: [
        { pool: "a", weight: 75 },
        { pool: "b", weight: 25 },
      ],
      fallback_pool: "b",
    });
    const alone = routeOf({ default_pools: ["a"], fallback_pool: "a" }, [shedding]);
    expect(alone.route).toMatchObject({ pool: "a" });
    expect(said(alone.findings, "load_shedding")).toHaveLength(1);
  });

  it("ignores health in a pool that is only ever the last resort", () => {
    const monitor = { id: "m", type: "https", expected_codes: "200" };
    const pools = THREE.map((pool) => ({ ...pool, monitor: "m" }));
    const balancers = [{ name: "x.example.com", default_pools: ["a"], fallback_pool: "b" }];
    const thresholds = (load_balancers: object[]) => {
      const { config } = importing({ pools, monitors: [monitor], load_balancers });
      return Object.entries(config.pools).map(([id, pool]) => [id, pool.panic_threshold]);
    };
    expect(thresholds(balancers)).toEqual([
      ["a", undefined],
      ["b", 0.01],
      ["c", undefined],
    ]);
    const both = [...balancers, { name: "y.example.com", default_pools: ["b"], fallback_pool: "c" }];
    expect(thresholds(both)).toEqual([
      ["a", undefined],
      ["b", undefined],
      ["c", 0.01],
    ]);
  });
});

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
    ["", ["www.example.com any b"]],
  ])("by %s become routes before the load balancer's own", (condition, expected) => {
    const { routes } = routesOf([{ name: "r", condition, overrides: toB }]);
    expect(routes).toEqual([...expected, ALL]);
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

describe("session affinity", () => {
  it.each([
    ["none", {}, {}],
    ["", {}, {}],
    ["cookie", {}, { sticky: { method: "cookie", ttl: 82_800 } }],
    ["cookie", { session_affinity_ttl: 1_800 }, { sticky: { method: "cookie", ttl: 1_800 } }],
    [
      "ip_cookie",
      { session_affinity_ttl: 60, session_affinity_attributes: { drain_duration: 90 } },
      { sticky: { method: "ip_cookie", ttl: 60 }, drain_timeout: 90 },
    ],
    [
      "header",
      { session_affinity_attributes: { headers: ["X-User"] } },
      { algorithm: "consistent_hash", hash_key: "header:x-user" },
    ],
    [
      "header",
      { session_affinity_attributes: { headers: ["cookie:sid,other"] } },
      { algorithm: "consistent_hash", hash_key: "cookie:sid" },
    ],
  ])("%j with %j", (session_affinity, more, expected) => {
    const {
      origins: _,
      algorithm,
      ...rest
    } = webOf({ balancer: { session_affinity, ...more } }) ?? { origins: [] };
    expect({ ...(algorithm === "random" ? {} : { algorithm }), ...rest }).toEqual(expected);
  });

  it.each([
    ["temporary", 1],
    ["none", 1],
    ["sticky", 0],
  ])("zero_downtime_failover %s is reported %i times", (zero_downtime_failover, times) => {
    const balancer = { session_affinity: "cookie", session_affinity_attributes: { zero_downtime_failover } };
    const { findings } = importing(oneOf({ balancer }));
    expect(said(findings, "zero_downtime_failover")).toHaveLength(times);
  });

  it("writes a pool twice that two load balancers use with different affinity", () => {
    const load_balancers = [
      { name: "one.example.com", default_pools: ["a"], fallback_pool: "a", session_affinity: "cookie" },
      { name: "two.example.com", default_pools: ["a"], fallback_pool: "a" },
      { name: "three.example.com", default_pools: ["a"], fallback_pool: "a" },
    ];
    const { config, findings } = importing({ pools: THREE.slice(0, 1), load_balancers });
    expect(config.routes?.map(({ pool }) => pool)).toEqual(["a", "a-2", "a-2"]);
    expect(config.pools.a?.sticky).toEqual({ method: "cookie", ttl: 82_800 });
    expect(config.pools["a-2"]?.sticky).toBeUndefined();
    expect(said(findings, "pools[a]")).toEqual([
      "changed: is written as a and a-2, because session affinity is a pool's here",
    ]);
  });
});
