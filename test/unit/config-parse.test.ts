import { describe, expect, it } from "vitest";
import {
  checkReferences,
  parseConfigFile,
  parsePool,
  parseRoutes,
  type Result,
} from "../../src/config/parse.ts";

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
      slow_start: 0,
      drain_timeout: 300,
      panic_threshold: 0,
      notify_url: null,
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

  it("fill what one given field of an object leaves open", () => {
    expect(pool({ failover: { max_attempts: 1 } }).failover).toEqual({ ...pool().failover, max_attempts: 1 });
    expect(pool({ health_check: { flap: { window: 60 } } }).health_check?.flap?.max_hold).toBe(600);
  });

  it("of routes are null, and a file without routes has none", () => {
    expect(good(parseRoutes([{ pool: "web" }]))).toEqual([
      { host: null, path: null, pool: "web", split: null, fallback_pool: null },
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

describe("what is parsed", () => {
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

  it("leaves what was given as it was", () => {
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

describe("checkReferences", () => {
  const routes = good(
    parseRoutes([
      { pool: "web" },
      {
        split: [
          { pool: "web", weight: 1 },
          { pool: "canary", weight: 1 },
        ],
        fallback_pool: "x",
      },
    ]),
  );

  it("finds each pool that does not exist", () => {
    expect(checkReferences(routes, ["web"]).map((error) => error.message)).toEqual([
      'routes[1].split[1].pool: must be a pool that exists, found "canary"',
      'routes[1].fallback_pool: must be a pool that exists, found "x"',
    ]);
  });

  it("has nothing to say when all exist", () => {
    expect(checkReferences(routes, new Set(["web", "canary", "x"]))).toEqual([]);
  });
});
