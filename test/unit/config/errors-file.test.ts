import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseConfigFile, parsePool, parseRoutes, type Result } from "../../../src/config/parse.ts";

const ORIGIN = { id: "a", url: "https://a.example.com" };
const ID_RULE = 'must be 1 to 63 lower-case letters, digits, "_" or "-", the first a letter or a digit';
const URL_RULE = "must be a http or https URL, without credentials, query or fragment";
const DNS_RULE = "must have a DNS name as its host: Workers cannot fetch IP addresses or localhost";
const HOST_RULE =
  'must be a host name without a port, such as "api.example.com", or "*." and one, such as "*.example.com"';
const PATH_RULE =
  'must be a path such as "/login", or a prefix that ends in "/*" such as "/v1/*"; without query, other characters percent-encoded';

function messages(result: Result<unknown>): string[] {
  return result.ok ? [] : result.errors.map((error) => error.message);
}

describe("an origin's url", () => {
  it.each([
    "ftp://a.example.com",
    "a.example.com",
    "//a.example.com",
    "https://",
    "https:///path",
    "https://a.example.com?x=1",
    "https://a.example.com#x",
    "https://a.example.com/a b",
    "https://a.example.com:99999",
    5,
  ])("%j is refused", (url) => {
    // What stands behind "?" or "#" may be a secret.
    const found = JSON.stringify(typeof url === "string" ? url.replace(/(?<=[?#]).*/, "***") : url);
    expect(messages(parsePool({ origins: [{ id: "a", url }] }))).toEqual([
      `origins[0].url: ${URL_RULE}, found ${found}`,
    ]);
  });

  it.each([
    "http://127.0.0.1:8080",
    "http://0x7f.1",
    "http://2130706433",
    "https://[::1]/",
    "http://localhost:3000",
    "http://web.localhost",
  ])("%s is refused unless IP origins are allowed, or a binding leads there", (url) => {
    const pool = { origins: [{ id: "a", url }] };
    expect(messages(parsePool(pool))).toEqual([`origins[0].url: ${DNS_RULE}, found "${url}"`]);
    expect(messages(parsePool(pool, { allowIpOrigins: true }))).toEqual([]);
    expect(messages(parsePool({ origins: [{ id: "a", url, binding: "ORIGIN_VPC" }] }))).toEqual([]);
  });

  it.each([
    "https://a.example.com",
    "http://a.example.com:8080/base/path",
    "https://1a.example.com",
    "http://intranet",
  ])("%s is taken", (url) => {
    expect(messages(parsePool({ origins: [{ id: "a", url }] }))).toEqual([]);
  });
});

describe("bad routes are refused", () => {
  it.each<[route: Record<string, unknown>, expected: string[]]>([
    [{}, ["routes[0]: must have exactly one of pool, pools, split, respond, redirect, found none"]],
    [
      { pool: "a", split: [{ pool: "a", weight: 1 }] },
      ["routes[0]: must have exactly one of pool, pools, split, respond, redirect, found pool and split"],
    ],
    [{ split: [] }, ["routes[0].split: must be a list of 1 to 100 items, found an empty list"]],
    [
      { split: [{ pool: "a", weight: 0 }] },
      ["routes[0].split: must have an item with a weight above 0, found a list"],
    ],
    [
      { split: [{ pool: "a" }] },
      ["routes[0].split[0].weight: must be a number from 0 to 1000000, found nothing"],
    ],
    [{ pool: "a", host: "a.example.com:80" }, [`routes[0].host: ${HOST_RULE}, found "a.example.com:80"`]],
    [{ pool: "a", host: "*" }, [`routes[0].host: ${HOST_RULE}, found "*"`]],
    [{ pool: "a", host: "a.*.com" }, [`routes[0].host: ${HOST_RULE}, found "a.*.com"`]],
    [{ pool: "a", host: "https://a.com" }, [`routes[0].host: ${HOST_RULE}, found "https://a.com"`]],
    [{ pool: "a", path: "v1" }, [`routes[0].path: ${PATH_RULE}, found "v1"`]],
    [{ pool: "a", path: "/v1*" }, [`routes[0].path: ${PATH_RULE}, found "/v1*"`]],
    [{ pool: "a", path: "/*/a" }, [`routes[0].path: ${PATH_RULE}, found "/*/a"`]],
    [{ pool: "a", path: "/a?b=c" }, [`routes[0].path: ${PATH_RULE}, found "/a?b=c"`]],
    [{ pool: "a", path: "/é" }, [`routes[0].path: ${PATH_RULE}, found "/é"`]],
    [
      { pool: "a", fallbackpool: "b" },
      ['routes[0].fallbackpool: unknown key, did you mean "fallback_pool"?'],
    ],
  ])("%j", (route, expected) => {
    expect(messages(parseRoutes([route]))).toEqual(expected);
  });
});

describe("a bad file is refused", () => {
  const web = { origins: [ORIGIN] };

  it.each<[file: unknown, expected: string[]]>([
    [5, ["must be an object, found 5"]],
    [{}, ["pools: must be an object of pools by id, found nothing"]],
    [{ pools: {} }, ["pools: must have at least one pool, found an object"]],
    [{ pools: { Web: web } }, [`pools.Web: ${ID_RULE}, found "Web"`]],
    [{ pools: { web }, route: [] }, ['route: unknown key, did you mean "routes"?']],
    [
      { routes: [{ pool: "wep", fallback_pool: "static" }], pools: { web } },
      [
        'routes[0].pool: must be a pool that exists, found "wep", did you mean "web"?',
        'routes[0].fallback_pool: must be a pool that exists, found "static"',
      ],
    ],
    [
      {
        routes: [
          {
            split: [
              { pool: "web", weight: 1 },
              { pool: "constructor", weight: 1 },
            ],
          },
        ],
        pools: { web },
      },
      ['routes[0].split[1].pool: must be a pool that exists, found "constructor"'],
    ],
  ])("%j", (file, expected) => {
    expect(messages(parseConfigFile(file))).toEqual(expected);
  });
});

describe("error messages show no secret:", () => {
  it("a URL's credentials are not repeated", () => {
    const pool = { origins: [{ id: "a", url: "https://user:secret@a.example.com" }] };
    expect(messages(parsePool(pool))).toEqual([
      `origins[0].url: ${URL_RULE}, found "https://***@a.example.com"`,
    ]);
  });

  it("a probe's header value is not repeated", () => {
    const pool = { origins: [ORIGIN], health_check: { headers: { authorization: "Bearer\nsecret" } } };
    expect(messages(parsePool(pool))).toEqual([
      "health_check.headers.authorization: must be a header value: printable ASCII, at most 4096 characters, found a text",
    ]);
  });

  it("a long value is cut", () => {
    const [message] = messages(parsePool({ origins: [ORIGIN], algorithm: "x".repeat(5_000) }));
    expect(message?.length).toBeLessThan(250);
  });
});

it("whatever the document, it parses or is refused in our words, never zod's (seed 20240607)", () => {
  const junk = fc.jsonValue({ maxDepth: 3 });
  const mostly = <T>(value: T) => fc.oneof({ weight: 3, arbitrary: fc.constant(value) }, junk);
  const pool = fc.record(
    {
      origins: fc.oneof(
        junk,
        fc.array(fc.oneof(junk, fc.record({ id: mostly("a"), url: mostly(ORIGIN.url), weight: junk }))),
      ),
      algorithm: mostly("random"),
      sticky: fc.oneof(junk, fc.record({ method: mostly("ip"), ttl: junk })),
      health_check: fc.oneof(
        junk,
        fc.record({ interval: junk, headers: junk, flap: junk, expected_codes: junk }),
      ),
      outlier_detection: junk,
      failover: fc.oneof(junk, fc.record({ retry_on: fc.oneof(junk, fc.array(junk)), max_attempts: junk })),
      notify_url: junk,
    },
    { requiredKeys: [] },
  );
  const file = fc.record({
    routes: fc.oneof(junk, fc.array(fc.record({ pool: junk, split: junk }))),
    pools: fc.dictionary(fc.constantFrom("a", "B"), pool),
  });
  fc.assert(
    fc.property(fc.oneof(junk, file), (document) => {
      for (const message of messages(parseConfigFile(document))) {
        expect(message).toMatch(/must (be|have|name) |unknown key/);
        expect(message).not.toMatch(/Invalid|Unrecognized|Too (big|small)|expected \w+, received|undefined/);
      }
    }),
    { seed: 20240607, numRuns: 500 },
  );
});

describe("one pass over a file", () => {
  it("tells of a route to no pool although a pool is wrong too", () => {
    const parsed = parseConfigFile({ routes: [{ pool: "wbe" }], pools: { web: { origins: [] } } });
    expect(messages(parsed)).toEqual([
      "pools.web.origins: must be a list of 1 to 5000 items, found an empty list",
      'routes[0].pool: must be a pool that exists, found "wbe", did you mean "web"?',
    ]);
  });
});
