import { describe, expect, it } from "vitest";
import { parsePool, type Result } from "../../../src/config/parse.ts";

const ORIGIN = { id: "a", url: "https://a.example.com" };
const ID_RULE = 'must be 1 to 63 lower-case letters, digits, "_" or "-", the first a letter or a digit';
const URL_RULE = "must be a http or https URL, without credentials, query or fragment";
const DNS_RULE = "must have a DNS name as its host: Workers cannot fetch IP addresses or localhost";
const STATUS_RULE = 'must be "connect_failure", "timeout" or a status from 400 to 599';

const BINDING_RULE =
  'must be the name of a binding: ORIGIN_ and 1 to 57 capital letters, digits or "_", such as "ORIGIN_VPC"';
const NAME_RULE = 'must be a DNS name, such as "origin-2.example.com", without scheme and port';
const TCP_RULE = "must not stand beside a health check of the type tcp, which would reach another place";

function messages(result: Result<unknown>): string[] {
  return result.ok ? [] : result.errors.map((error) => error.message);
}

describe("a bad pool is refused with its path, the rule and what was found", () => {
  it.each<[fields: Record<string, unknown>, expected: string[]]>([
    [{ origins: undefined }, ["origins: must be a list of 1 to 5000 items, found nothing"]],
    [{ origins: [] }, ["origins: must be a list of 1 to 5000 items, found an empty list"]],
    [{ origins: {} }, ["origins: must be a list of 1 to 5000 items, found an object"]],
    [{ origins: [5] }, ["origins[0]: must be an object, found 5"]],
    [
      { origins: [{}] },
      [`origins[0].id: ${ID_RULE}, found nothing`, `origins[0].url: ${URL_RULE}, found nothing`],
    ],
    [{ origins: [{ ...ORIGIN, id: "A" }] }, [`origins[0].id: ${ID_RULE}, found "A"`]],
    [{ origins: [{ ...ORIGIN, id: "-a" }] }, [`origins[0].id: ${ID_RULE}, found "-a"`]],
    [{ origins: [{ ...ORIGIN, id: 7 }] }, [`origins[0].id: ${ID_RULE}, found 7`]],
    ...["KV", "origin_vpc", "ORIGIN_", "ORIGIN_a", "POOLS"].map(
      (binding): [Record<string, unknown>, string[]] => [
        { origins: [{ ...ORIGIN, binding }] },
        [`origins[0].binding: ${BINDING_RULE}, found ${JSON.stringify(binding)}`],
      ],
    ),
    ...["http://a.example.com", "a.example.com:80", "localhost", "192.0.2.1", "a b"].map(
      (resolve_override): [Record<string, unknown>, string[]] => [
        { origins: [{ ...ORIGIN, resolve_override }] },
        [`origins[0].resolve_override: ${NAME_RULE}, found ${JSON.stringify(resolve_override)}`],
      ],
    ),
    [
      { origins: [{ ...ORIGIN, binding: "ORIGIN_VPC", resolve_override: "b.example.com" }] },
      [
        'origins[0].resolve_override: must not stand beside binding: no name is looked up for that, found "b.example.com"',
      ],
    ],
    [
      { origins: [ORIGIN, { ...ORIGIN, id: "b", binding: "ORIGIN_VPC" }], health_check: { type: "tcp" } },
      [`origins[1].binding: ${TCP_RULE}, found "ORIGIN_VPC"`],
    ],
    [
      { origins: [{ ...ORIGIN, resolve_override: "b.example.com" }], health_check: { type: "tcp" } },
      [`origins[0].resolve_override: ${TCP_RULE}, found "b.example.com"`],
    ],
    [{ origins: [ORIGIN, ORIGIN] }, ['origins[1].id: must be unique in its pool, found "a"']],
    [
      { origins: [{ ...ORIGIN, weight: "three" }] },
      ['origins[0].weight: must be a number from 0 to 1000, found "three"'],
    ],
    [
      { origins: [{ ...ORIGIN, weight: -1 }] },
      ["origins[0].weight: must be a number from 0 to 1000, found -1"],
    ],
    [
      { origins: [{ ...ORIGIN, weight: 1.234 }] },
      ["origins[0].weight: must have at most two decimals, found 1.234"],
    ],
    [
      { origins: [{ ...ORIGIN, rate_limit: 0 }] },
      ["origins[0].rate_limit: must be a whole number from 1 to 1000000, found 0"],
    ],
    [
      { origins: [{ ...ORIGIN, max_connections: 1.5 }] },
      ["origins[0].max_connections: must be a whole number from 1 to 1000000, found 1.5"],
    ],
    [{ origins: [{ ...ORIGIN, backup: "yes" }] }, ['origins[0].backup: must be true or false, found "yes"']],
    [
      { origins: [{ ...ORIGIN, maxConnections: 5 }] },
      ['origins[0].maxConnections: unknown key, did you mean "max_connections"?'],
    ],
    [
      { location: { latitude: 91, longitude: "8" } },
      [
        "location.latitude: must be a number from -90 to 90, found 91",
        'location.longitude: must be a number from -180 to 180, found "8"',
      ],
    ],
    [{ location: [50, 8] }, ["location: must be an object, found a list"]],
    [{ minimum_origins: 0 }, ["minimum_origins: must be a whole number from 1 to 5000, found 0"]],
    [{ minimum_origins: 1.5 }, ["minimum_origins: must be a whole number from 1 to 5000, found 1.5"]],
    [{ overprovisioning: 0.9 }, ["overprovisioning: must be a number from 1 to 10, found 0.9"]],
    [{ return_delay: -1 }, ["return_delay: must be a number from 0 to 3600, found -1"]],
    [{ capacity: {} }, ["capacity: must have connections, requests_per_second or both, found neither"]],
    [
      { capacity: { connections: 0 } },
      ["capacity.connections: must be a whole number from 1 to 100000000, found 0"],
    ],
    [
      { capacity: { rps: 5 } },
      [
        "capacity.rps: unknown key",
        "capacity: must have connections, requests_per_second or both, found neither",
      ],
    ],
    [{ shed_percent: 101 }, ["shed_percent: must be a number from 0 to 100, found 101"]],
    [{ shed_sessions_percent: "5" }, ['shed_sessions_percent: must be a number from 0 to 100, found "5"']],
    [{ algoritm: "random" }, ['algoritm: unknown key, did you mean "algorithm"?']],
    [{ zebra: 1, "very odd": 2 }, ["zebra: unknown key", '["very odd"]: unknown key']],
    [
      { algorithm: "round_robbin" },
      [
        'algorithm: must be one of "round_robin", "weighted_round_robin", "least_connections", "consistent_hash", "random", "p2c", "peak_ewma", "first", found "round_robbin", did you mean "round_robin"?',
      ],
    ],
    [{ coordination: 1 }, ['coordination: must be one of "leased", "strict", found 1']],
    [{ sticky: "yes" }, ['sticky: must be true, false or an object, found "yes"']],
    [
      { sticky: { method: "cooky", ttl: 0.5 } },
      [
        'sticky.method: must be one of "cookie", "ip", "ip_cookie", found "cooky", did you mean "cookie"?',
        "sticky.ttl: must be a whole number from 1 to 34560000, found 0.5",
      ],
    ],
    [{ sticky: { methud: "ip" } }, ['sticky.methud: unknown key, did you mean "method"?']],
    [{ sticky: { cookie_name: "a b" } }, ['sticky.cookie_name: must be a cookie name, found "a b"']],
    [
      { hash_key: "header:" },
      [
        'hash_key: must be "client_ip", "path", "header:NAME", "cookie:NAME" or "query:NAME", found "header:"',
      ],
    ],
    [
      { hash_balance_factor: 99 },
      ["hash_balance_factor: must be 0 or a whole number from 100 to 1000, found 99"],
    ],
    [
      { hash_balance_factor: 1001 },
      ["hash_balance_factor: must be 0 or a whole number from 100 to 1000, found 1001"],
    ],
    [{ health_check: true }, ["health_check: must be an object, found true"]],
    [
      { health_check: { interval: 0.4 } },
      ["health_check.interval: must be a number from 0.5 to 3600, found 0.4"],
    ],
    [
      { health_check: { path: "healthz" } },
      ['health_check.path: must be a path that starts with "/", without blanks or "#", found a text'],
    ],
    [
      { health_check: { expected_codes: "6xx" } },
      [
        'health_check.expected_codes: must name statuses from 100 to 599, such as "2xx", "200-299" or "200,204,3xx", found "6xx"',
      ],
    ],
    [
      { health_check: { headers: { "a b": "x" } } },
      ['health_check.headers["***"]: must be a header name, found a text'],
    ],
    [
      { health_check: { flap: { windw: 5 } } },
      ['health_check.flap.windw: unknown key, did you mean "window"?'],
    ],
    [
      { health_check: { flap: { base_hold: 60, max_hold: 59 } } },
      ["health_check.flap.max_hold: must be at least base_hold, found 59"],
    ],
    [
      // 300 is the default of max_ejection_time.
      { outlier_detection: { base_ejection_time: 301 } },
      ["outlier_detection.max_ejection_time: must be at least base_ejection_time, found 300"],
    ],
    [
      { failover: { retry_on: ["conect_failure", 399, 502.5, null] } },
      [
        `failover.retry_on[0]: ${STATUS_RULE}, found "conect_failure", did you mean "connect_failure"?`,
        `failover.retry_on[1]: ${STATUS_RULE}, found 399`,
        `failover.retry_on[2]: ${STATUS_RULE}, found 502.5`,
        `failover.retry_on[3]: ${STATUS_RULE}, found null`,
      ],
    ],
    // Two rules of one field (whole, at most 10) are one error.
    [
      { failover: { max_attempts: 99.5 } },
      ["failover.max_attempts: must be a whole number from 1 to 10, found 99.5"],
    ],
    [{ notify_url: "hooks" }, ["notify_url: must be a http or https URL, found a text"]],
    [{ log: { sample: 2 } }, ["log.sample: must be a number from 0 to 1, found 2"]],
  ])("%j", (fields, expected) => {
    expect(messages(parsePool({ origins: [ORIGIN], ...fields }))).toEqual(expected);
  });

  it("not an object at all", () => {
    expect(messages(parsePool("x", { path: ["pools", "api"] }))).toEqual([
      "pools.api: must be an object, found a text",
    ]);
  });

  it("lists all errors at once, each path below the given one", () => {
    const pool = {
      algoritm: "x",
      origins: [
        { ...ORIGIN, weight: -1 },
        { id: "b", url: "http://10.0.0.1" },
      ],
    };
    expect(messages(parsePool(pool, { path: ["pools", "api"] }))).toEqual([
      "pools.api.origins[0].weight: must be a number from 0 to 1000, found -1",
      'pools.api.algoritm: unknown key, did you mean "algorithm"?',
      `pools.api.origins[1].url: ${DNS_RULE}, found "http://10.0.0.1"`,
    ]);
  });

  it("has the parts of the message in fields of their own", () => {
    const parsed = parsePool({ origins: [ORIGIN], algoritm: "x" }, { path: ["pools", "api"] });
    expect(parsed).toEqual({
      ok: false,
      errors: [
        {
          path: ["pools", "api", "algoritm"],
          at: "key",
          rule: "unknown key",
          found: "a text",
          suggestion: "algorithm",
          message: 'pools.api.algoritm: unknown key, did you mean "algorithm"?',
        },
      ],
    });
  });
});
