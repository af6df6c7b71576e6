import { describe, expect, it } from "vitest";
import { parseConfigFile, parsePool, parseRoutes, type Result } from "../../../src/config/parse.ts";
import { poolsNamedBy } from "../../../src/config/route-pools.ts";

function good<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.errors.map((error) => error.message).join("\n"));
  return result.value;
}

const ORIGINS = [{ id: "a", url: "https://a.example.com" }];
const pool = (fields: Record<string, unknown> = {}) => good(parsePool({ origins: ORIGINS, ...fields }));

describe("defaults", () => {
  it("of a pool are those of the design", () => {
    expect(pool()).toEqual({
      algorithm: "round_robin",
      coordination: "leased",
      origins: [
        {
          id: "a",
          url: "https://a.example.com",
          weight: 1,
          rate_limit: null,
          max_connections: null,
          binding: null,
          resolve_override: null,
          backup: false,
          enabled: true,
        },
      ],
      rate_limit: null,
      sticky: null,
      hash_key: "client_ip",
      hash_balance_factor: 0,
      health_check: null,
      outlier_detection: null,
      failover: {
        max_attempts: 3,
        retry_on: ["connect_failure", "timeout", 502, 503, 504],
        attempt_timeout: 10,
        total_timeout: 30,
        max_body_bytes: 65536,
        retry_non_idempotent: false,
        retry_budget_percent: 20,
      },
      location: null,
      minimum_origins: 1,
      overprovisioning: 1.4,
      return_delay: 10,
      capacity: null,
      shed_percent: 0,
      shed_sessions_percent: 0,
      slow_start: 0,
      drain_timeout: 300,
      count_websockets: false,
      panic_threshold: 0,
      notify_url: null,
      notify_on: ["healthy", "unhealthy", "flapping", "ejected", "unejected"],
      log: { sample: 1, slow: 1 },
    });
  });

  it("of a health check are filled in when there is one", () => {
    expect(pool({ health_check: {} }).health_check).toEqual({
      type: "http",
      path: "/",
      method: "GET",
      interval: 5,
      timeout: 2,
      healthy_threshold: 2,
      unhealthy_threshold: 3,
      expected_codes: "2xx",
      expected_body: null,
      headers: {},
      port: null,
      follow_redirects: false,
      initial: "healthy",
      flap: { max_transitions: 6, window: 300, base_hold: 30, max_hold: 600 },
    });
  });

  it("of outlier detection are filled in when there is one", () => {
    expect(pool({ outlier_detection: {} }).outlier_detection).toEqual({
      consecutive_failures: 5,
      failure_percent: 50,
      minimum_requests: 20,
      interval: 10,
      base_ejection_time: 30,
      max_ejection_time: 300,
      max_ejection_percent: 50,
      unejected_by_health_check: true,
    });
  });

  it("fill the other fields of an object of which one field is given", () => {
    expect(pool({ failover: { max_attempts: 1 } }).failover).toEqual({ ...pool().failover, max_attempts: 1 });
    expect(pool({ health_check: { flap: { window: 60 } } }).health_check?.flap?.max_hold).toBe(600);
  });

  it("of routes are null, and a file without routes has none", () => {
    expect(good(parseRoutes([{ pool: "web" }]))).toEqual([
      {
        host: null,
        path: null,
        where: null,
        pool: "web",
        pools: null,
        steer: null,
        spill: null,
        retry_pools: null,
        split: null,
        fallback_pool: null,
        respond: null,
        redirect: null,
        request_headers: null,
        response_headers: null,
        rewrite: null,
        unavailable: null,
      },
    ]);
    expect(good(parseConfigFile({ pools: { web: { origins: ORIGINS } } })).routes).toEqual([]);
  });
});

describe("sticky", () => {
  const usual = { method: "cookie", ttl: 3600, cookie_name: "__lb" };

  it.each([
    [true, usual],
    [{}, usual],
    [
      { method: "ip_cookie", ttl: 60 },
      { ...usual, method: "ip_cookie", ttl: 60 },
    ],
    [false, null],
    [null, null],
    [undefined, null],
  ])("%j becomes %j", (given, expected) => {
    expect(pool({ sticky: given }).sticky).toEqual(expected);
  });
});

describe("values at the edges of their ranges are taken", () => {
  it.each([
    { origins: [{ ...ORIGINS[0], weight: 0 }] },
    { origins: [{ ...ORIGINS[0], weight: 0.29 }] }, // 0.29 * 100 is not 29 in floating point
    { origins: [{ ...ORIGINS[0], weight: 1000 }] },
    { origins: [{ ...ORIGINS[0], id: "0".repeat(63) }] },
    { hash_balance_factor: 100 },
    { hash_key: "header:x-tenant" },
    { hash_key: "cookie:session" },
    { hash_key: "query:user" },
    { health_check: { interval: 0.5, timeout: 0.1, expected_codes: "200-299, 304,4XX" } },
    { health_check: { flap: null } },
    { failover: { retry_on: [] } },
    { failover: { retry_on: [400, 599, "timeout"] } },
  ])("%j", (fields) => {
    expect(pool(fields)).toMatchObject(fields);
  });
});

describe("a parsed configuration", () => {
  const everything = {
    $schema: "x",
    routes: [{ host: "*.Example.COM", path: "/v1/*", split: [{ pool: "web", weight: 1 }] }],
    pools: { web: { origins: ORIGINS, sticky: true, health_check: {}, outlier_detection: {} } },
  };

  it("is frozen all the way down", () => {
    const config = good(parseConfigFile(everything));
    const thawed: unknown[] = [];
    const walk = (value: unknown): void => {
      if (typeof value !== "object" || value === null) return;
      if (!Object.isFrozen(value)) thawed.push(value);
      Object.values(value).forEach(walk);
    };
    walk(config);
    expect(thawed).toEqual([]);
  });

  it("parses to itself", () => {
    const config = good(parseConfigFile(everything));
    expect(good(parseConfigFile(config))).toEqual(config);
  });

  it("leaves the given object unchanged", () => {
    const given = structuredClone(everything);
    good(parseConfigFile(given));
    expect(given).toEqual(everything);
    expect(Object.isFrozen(given.pools)).toBe(false);
  });

  it("has route hosts in lower case and no $schema", () => {
    const config = good(parseConfigFile(everything));
    expect(config.routes[0]?.host).toBe("*.example.com");
    expect(Object.keys(config)).toEqual(["routes", "pools"]);
  });

  it("may have pools with the names of an object's own methods", () => {
    const pools = { constructor: { origins: ORIGINS } };
    expect(Object.keys(good(parseConfigFile({ routes: [{ pool: "constructor" }], pools })).pools)).toEqual([
      "constructor",
    ]);
  });
});

describe("routes that may name certain pools only", () => {
  const routes = [
    { pool: "web" },
    {
      split: [
        { pool: "web", weight: 1 },
        { pool: "canary", weight: 1 },
      ],
      fallback_pool: "x",
    },
  ];

  it("have an error for each other pool that they name", () => {
    const parsed = parseRoutes(routes, { pools: ["web"] });
    expect(parsed.ok ? [] : parsed.errors.map((error) => error.message)).toEqual([
      'routes[1].split[1].pool: must be a pool that exists, found "canary"',
      'routes[1].fallback_pool: must be a pool that exists, found "x"',
    ]);
  });

  it("have no error when all pools exist", () => {
    expect(parseRoutes(routes, { pools: new Set(["web", "canary", "x"]) }).ok).toBe(true);
  });
});

describe("the pools that a document names", () => {
  it("are found also where nobody has checked it", () => {
    const odd = [
      null,
      7,
      "x",
      { pool: 1, pools: "a", split: [null, { pool: "b" }] },
      { pools: ["c", {}, "b"] },
    ];
    expect(poolsNamedBy(odd)).toEqual(["b", "c"]);
    expect(poolsNamedBy({ pool: "web" })).toEqual([]);
  });
});
