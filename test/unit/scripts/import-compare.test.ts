import { describe, expect, test } from "vitest";
import { type CompareRules, differences, type Side } from "../../../scripts/lib/compare/differences.ts";
import type { Outcome } from "../../../scripts/lib/compare/exchange.ts";
import { compareOptions } from "../../../scripts/lib/compare/options.ts";
import { type ComparedRequest, textOf } from "../../../scripts/lib/compare/request.ts";
import { parseRequestList } from "../../../scripts/lib/compare/request-list.ts";
import { routeRequests } from "../../../scripts/lib/compare/route-requests.ts";
import { loadConfigText } from "../../../scripts/lib/config-file.ts";

describe("a list of requests", () => {
  test("has a request line, headers, blank lines and comments", () => {
    const text =
      "# shop\nGET http://shop.example/cart?x=1\nCookie: a=b\nX-Empty:\n\n\nPOST https://api.example:8443\r\n";
    expect(parseRequestList(text, "list")).toEqual([
      {
        method: "GET",
        host: "shop.example",
        target: "/cart?x=1",
        headers: [
          ["Cookie", "a=b"],
          ["X-Empty", ""],
        ],
      },
      { method: "POST", host: "api.example:8443", target: "/", headers: [] },
    ]);
  });

  test("keeps a target as it is written", () => {
    const targetOf = (url: string) => parseRequestList(`GET ${url}`, "list")[0]?.target;
    expect(targetOf("http://a.example/%7e/../b//c")).toBe("/%7e/../b//c");
    expect(targetOf("http://a.example?q")).toBe("/?q");
  });

  test.each([
    ["", "list: has no request"],
    ["# nothing\n", "list: has no request"],
    ["\nget http://a.example/", 'list:2: "get http://a.example/" is not METHOD URL'],
    ["GET /path", 'list:1: "GET /path" is not METHOD URL'],
    ["GET http://a.example/#part", 'list:1: "GET http://a.example/#part" is not METHOD URL'],
    ["GET http://[a.example/", 'list:1: "GET http://[a.example/" is not METHOD URL'],
    ["GET http://a.example:99999/", 'list:1: "GET http://a.example:99999/" is not METHOD URL'],
    ["GET http://a.example/\u0142", 'list:1: "GET http://a.example/\u0142" is not METHOD URL'],
    ["CONNECT http://a.example/", "list:1: CONNECT cannot be sent here"],
    ["GET http://a.example/\nGET http://b.example/", "is not NAME: VALUE; a blank line ends a request"],
    ["GET http://a.example/\nHost: b.example", "list:2: Host cannot be set here"],
  ])("%j is refused with its line", (text, message) => {
    expect(() => parseRequestList(text, "list")).toThrow(message);
  });
});

function requestsOf(...routes: unknown[]) {
  const file = { routes, pools: { a: { origins: [{ id: "a", url: "https://a.example.com" }] } } };
  const loaded = loadConfigText(JSON.stringify(file), "routes");
  if (!loaded.ok) throw new Error(loaded.errors.join());
  const { requests, unmet } = routeRequests(loaded.config.routes ?? [], "old.example");
  return { requests: requests.map(textOf), unmet };
}

const NOBODY = "GET http://nobody.invalid/";

describe("the requests for a route", () => {
  test("lie on both sides of the edge of a prefix", () => {
    expect(requestsOf({ host: "a.example", path: "/v1/*", pool: "a" })).toEqual({
      requests: [
        "GET http://a.example/v1/more",
        "GET http://a.example/v1",
        "GET http://a.example/v1/",
        "GET http://a.example/v1-",
        NOBODY,
      ],
      unmet: [],
    });
  });

  test("lie on both sides of an exact path, and of a wildcard's hosts", () => {
    expect(requestsOf({ host: "*.a.example", path: "/login", pool: "a" }).requests).toEqual([
      "GET http://any.a.example/login",
      "GET http://any.a.example/login-",
      "GET http://any.a.example/login/more",
      "GET http://a.example/login",
      NOBODY,
    ]);
  });

  test("of any host go to the old address's own", () => {
    expect(requestsOf({ pool: "a" }).requests).toEqual(["GET http://old.example/", NOBODY]);
  });

  test("meet the conditions of its request, and do not meet them", () => {
    const where = {
      methods: ["POST", "HEAD"],
      headers: { "x-beta": "v2*" },
      cookies: { group: ["b", "c"], staff: "*" },
      query: { "a+b": "1&2" },
    };
    expect(requestsOf({ host: "a.example", where, pool: "a" }).requests).toEqual([
      "HEAD http://a.example/?a%2Bb=1%262\nx-beta: v2any\ncookie: group=b; staff=any",
      "GET http://a.example/",
      NOBODY,
    ]);
  });

  test("leave out what no safe request from here can meet, and say so", () => {
    const { requests, unmet } = requestsOf(
      { host: "a.example", where: { methods: ["POST"] }, pool: "a" },
      { host: "a.example", where: { countries: ["DE"], addresses: ["192.0.2.0/24"] }, pool: "a" },
    );
    expect(requests).toEqual(["GET http://a.example/", NOBODY]);
    expect(unmet).toEqual(["routes[0]: methods", "routes[1]: countries, addresses"]);
  });
});

const RULES: CompareRules = { headers: [], originHeader: null, ignore: [] };
const REQUEST: ComparedRequest = { method: "GET", host: "a.example", target: "/x", headers: [] };

function answer(status: number, headers: Record<string, string> = {}, body = "0123456789abcdef"): Outcome {
  return { status, headers, bodyHash: body };
}

function side(url: string, outcomes: readonly Outcome[]): Side {
  return { base: new URL(url), outcomes };
}

function between(there: Outcome | Outcome[], here: Outcome | Outcome[], rules: Partial<CompareRules> = {}) {
  const found = differences(
    REQUEST,
    side("http://192.0.2.1:8080", [there].flat()),
    side("http://127.0.0.1:9999", [here].flat()),
    { ...RULES, ...rules },
  );
  return found.map((difference) => `${difference.what}: ${difference.there} -> ${difference.here}`);
}

describe("two answers", () => {
  test("are the same if all that clients go by is", () => {
    const headers = { "content-type": "text/plain", date: "today", server: "nginx" };
    expect(between(answer(200, headers), answer(200, { ...headers, server: "us", date: "now" }))).toEqual([]);
  });

  test("differ in status, and then in nothing else but the redirect", () => {
    expect(between(answer(200, { vary: "a" }), answer(301, { location: "/y" }))).toEqual([
      "status: 200 -> 301",
      "location: none -> /y",
    ]);
    expect(between("socket hang up", answer(404))).toEqual(["status: socket hang up -> 404"]);
  });

  test("differ in the body and the type of what an origin sends, not of an error's or a redirect's text", () => {
    const [html, json] = [{ "content-type": "text/html" }, { "content-type": "application/json" }];
    expect(between(answer(200, html, "aa"), answer(200, json, "bb"))).toEqual([
      "content-type: text/html -> application/json",
      "body: SHA-256 aa -> SHA-256 bb",
    ]);
    expect(between(answer(404, html, "aa"), answer(404, json, "bb"))).toEqual([]);
    expect(between(answer(405, { allow: "GET" }), answer(405))).toEqual(["allow: GET -> none"]);
  });

  test.each([
    ["http://a.example/y?z", "/y?z"],
    ["http://a.example:8080/y?z", "http://a.example/y?z"],
    ["/y?z", "y?z"],
    ["http://elsewhere.example/", "http://elsewhere.example"],
  ])("redirect alike by %s and %s", (there, here) => {
    expect(between(answer(302, { location: there }), answer(302, { location: here }))).toEqual([]);
  });

  test.each([
    ["https://a.example/y", "/y", "https://a.example/y -> /y"],
    ["http://a.example:81/y", "/y", "http://a.example:81/y -> /y"],
    ["/y", "/y/", "/y -> /y/"],
  ])("redirect otherwise by %s and %s", (there, here, found) => {
    expect(between(answer(302, { location: there }), answer(302, { location: here }))).toEqual([
      `location: ${found}`,
    ]);
  });

  test("differ in the origin if both name it, or if one names it by the header that was asked for", () => {
    const [a, b] = [answer(200, { "x-served-by": "a" }), answer(200, { "x-served-by": "b" })];
    expect(between(a, b)).toEqual(["origin: a -> b"]);
    expect(between(a, answer(200))).toEqual([]);
    expect(between(answer(200, { "x-mine": "a" }), answer(200), { originHeader: "x-mine" })).toEqual([
      "origin: a -> none",
    ]);
  });

  test("of repeated requests are sets: origins take turns in any order", () => {
    const [a, b] = [answer(200, { "x-served-by": "a" }), answer(200, { "x-served-by": "b" })];
    expect(between([a, b, a], [b, b, a])).toEqual([]);
    expect(between([a, b, a], [b, b, b])).toEqual(["origin: a | b -> b"]);
  });

  test("are compared by more headers, or by less, as the options say", () => {
    const [a, b] = [answer(200, { "x-a": "1" }, "aa"), answer(200, { "x-a": "2" }, "bb")];
    expect(between(a, b, { headers: ["x-a"], ignore: ["body"] })).toEqual(["x-a: 1 -> 2"]);
  });
});

describe("the options of a comparison", () => {
  test("are none without an address", () => {
    expect(compareOptions({})).toBeNull();
    expect(() => compareOptions({ times: "2" })).toThrow("--times goes with --check-against");
  });

  test.each([
    ["old.example", "is not http:// or https:// and a host"],
    ["ftp://old.example", "is not http:// or https:// and a host"],
    ["http://old.example/path", "is not http:// or https:// and a host"],
  ])("have an address, and no path: %s", (against, message) => {
    expect(() => compareOptions({ "check-against": against })).toThrow(message);
  });

  test.each(["0", "1001", "2x", "-1"])("have a number of times: not %s", (times) => {
    expect(() => compareOptions({ "check-against": "http://old.example", times })).toThrow(
      "is not a whole number from 1 to 1000",
    );
  });
});
