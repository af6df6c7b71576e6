import { describe, expect, it } from "vitest";
import { parseRoutes } from "../../../src/config/parse.ts";
import {
  compileText,
  HEADER_PLACEHOLDERS,
  hasOnly,
  LOCATION_PLACEHOLDERS,
  type Placeholder,
} from "../../../src/config/placeholders.ts";
import { compileTools, locationOf } from "../../../src/config/route-tools.ts";

function messages(route: object): string[] {
  const parsed = parseRoutes([route]);
  return parsed.ok ? [] : parsed.errors.map((error) => error.message);
}

function tools(route: object) {
  const parsed = parseRoutes([route]);
  if (!parsed.ok || parsed.value[0] === undefined) throw new Error(messages(route).join("\n"));
  return compileTools(parsed.value[0]);
}

describe("a text with placeholders", () => {
  const fill = (name: string) => `<${name}>`;
  it.each([
    ["plain", "plain"],
    ["", ""],
    ["{host}{path}", "<host><path>"],
    ["a{{b}}c{host}", "a{b}c<host>"],
    ["{{host}}", "{host}"],
    ['{{"group":"{host}"}}', '{"group":"<host>"}'],
  ])("%s becomes %s", (text, filled) => {
    expect(compileText(text, HEADER_PLACEHOLDERS)(fill)).toBe(filled);
  });

  it.each(["{", "}", "{unknown}", "{}", "{ host }", "{HOST}", "{host", "a}b", "{{host}", "{host}}"])(
    "%s is refused",
    (text) => {
      expect(hasOnly(text, HEADER_PLACEHOLDERS)).toBe(false);
    },
  );

  it("may use other names in a Location than in a header", () => {
    expect(hasOnly("{target}", LOCATION_PLACEHOLDERS)).toBe(true);
    expect(hasOnly("{target}", HEADER_PLACEHOLDERS)).toBe(false);
    expect(hasOnly("{origin}", LOCATION_PLACEHOLDERS)).toBe(false);
  });
});

describe("a route", () => {
  it("without tools parses to one without tools", () => {
    expect(tools({ pool: "web" })).toBeNull();
  });

  it.each<[template: string, values: Partial<Record<Placeholder, string>>, seen: string]>([
    ["{target}", { target: "/a?b" }, "/a?b"],
    ["{target}", { target: "//evil.example/x" }, "/evil.example/x"],
    ["{path}", { path: "/\\evil.example/x" }, "/evil.example/x"],
    ["{path}", { path: "/\t/evil.example/x" }, "/evil.example/x"],
    ["{path}{query}", { path: "/", query: "/evil.example" }, "/evil.example"],
    ["{path}{query}", { path: "/", query: "\\evil.example" }, "/evil.example"],
    ["https://a.example{target}", { target: "//evil.example" }, "https://a.example//evil.example"],
  ])("that redirects to %s with %j never leads to a host that the client chose", (location, values, seen) => {
    const answer = tools({ redirect: { location } })?.answer;
    if (answer?.location == null) throw new Error("there is no Location");
    expect(locationOf(answer.location, (name) => values[name] ?? "")).toBe(seen);
  });

  it("by default answers with 200, redirects with 302 and is unavailable with 503", () => {
    expect(tools({ respond: {} })?.answer).toMatchObject({ status: 200, body: null });
    expect(tools({ respond: { body: "x" } })?.answer?.headers).toContainEqual([
      "content-type",
      "text/plain; charset=utf-8",
    ]);
    expect(tools({ redirect: { location: "/x" } })?.answer?.status).toBe(302);
    expect(tools({ pool: "a", unavailable: {} })?.unavailable?.status).toBe(503);
  });
});

const NAME_RULE =
  "must be a header's name in lower case, and none that is between two machines, part of the message itself (host, content-length, content-encoding), x-lb-via, or cf-*";
const VALUE = "routes[0].request_headers.set.x-a: must be a text of at most 4096 printable ASCII characters";
const LOCATION = "routes[0].redirect.location: must be a http or https URL";
const PREFIX = 'must be a path such as "/v1", without a slash at its end';

describe("tools that are refused", () => {
  it.each<[route: object, error: string]>([
    [
      { pool: "a", respond: {} },
      "routes[0]: must have exactly one of pool, pools, split, respond, redirect, found pool and respond",
    ],
    [
      { respond: {}, redirect: { location: "/x" } },
      "routes[0]: must have exactly one of pool, pools, split, respond, redirect, found respond and redirect",
    ],
    [
      { respond: { status: 199 } },
      "routes[0].respond.status: must be a whole number from 200 to 599, found 199",
    ],
    [
      { respond: { status: 101 } },
      "routes[0].respond.status: must be a whole number from 200 to 599, found 101",
    ],
    [
      { respond: { status: 204, body: "x" } },
      "routes[0].respond.body: must be empty: an answer with status 204 has none",
    ],
    [{ respond: { body: "é".repeat(8_193) } }, "routes[0].respond.body: must have at most 16384 bytes"],
    [{ redirect: {} }, LOCATION],
    [{ redirect: { location: "//evil.example" } }, LOCATION],
    [{ redirect: { location: "javascript:alert(1)" } }, LOCATION],
    [{ redirect: { location: "https://" } }, LOCATION],
    [{ redirect: { location: "/a b" } }, LOCATION],
    [{ redirect: { location: "/{country}" } }, LOCATION],
    [{ redirect: { location: "/\\evil.example" } }, LOCATION],
    [{ redirect: { location: "/{query}" } }, LOCATION],
    [{ redirect: { location: "/{path}" } }, LOCATION],
    [{ redirect: { location: "/{target}" } }, LOCATION],
    [{ redirect: { location: "https://{query}" } }, LOCATION],
    [{ redirect: { location: "https://{path}" } }, LOCATION],
    [{ redirect: { location: "https://{host}{query}" } }, LOCATION],
    [{ redirect: { location: "https://a.example{query}" } }, LOCATION],
    [{ redirect: { location: "https://a.example:{query}/" } }, LOCATION],
    [{ redirect: { location: "https://a.example\\{query}" } }, LOCATION],
    [{ redirect: { location: "https://a@{host}/" } }, LOCATION],
    [
      { redirect: { status: 304, location: "/" } },
      "routes[0].redirect.status: must be 301, 302, 303, 307 or 308, found 304",
    ],
    [{ pool: "a", request_headers: { set: { "x-a": "{x}" } } }, VALUE],
    [{ pool: "a", request_headers: { set: { "x-a": "a\nb" } } }, VALUE],
    [{ pool: "a", request_headers: { set: { "idempotency-key": "1" } } }, "must not be idempotency-key"],
    [{ pool: "a", request_headers: { remove: ["idempotency-key"] } }, "must not be idempotency-key"],
    [
      { pool: "a", response_headers: { set: { "set-cookie": "__lb=x" } } },
      "must not be the session cookie __lb",
    ],
    [
      { pool: "a", response_headers: { set: { location: "{path}?a" } } },
      "routes[0].response_headers.set.location: must not begin with {path}",
    ],
    [
      { respond: { status: 302, headers: { location: "https://{path}" } } },
      "routes[0].respond.headers.location: must not begin with {path}",
    ],
    [{ pool: "a", rewrite: {} }, "routes[0].rewrite: must have strip_prefix, add_prefix or replace"],
    [{ pool: "a", rewrite: { strip_prefix: "/" } }, PREFIX],
    [{ pool: "a", rewrite: { strip_prefix: "/a/" } }, PREFIX],
    [{ pool: "a", rewrite: { add_prefix: "a" } }, PREFIX],
    [{ pool: "a", rewrite: { add_prefix: "/a/../b" } }, PREFIX],
    [{ pool: "a", rewrite: { add_prefix: "//a" } }, PREFIX],
    [
      { pool: "a", rewrite: { replace: "/a?b" } },
      'routes[0].rewrite.replace: must be a path such as "/index.html", without query',
    ],
    [
      { pool: "a", rewrite: { replace: "/a", add_prefix: "/b" } },
      "routes[0].rewrite.replace: must not stand beside strip_prefix or add_prefix",
    ],
    [
      { pool: "a", rewrite: { replace: "/a", rewrite_location: true } },
      "routes[0].rewrite.rewrite_location: must be false",
    ],
    [{ respond: {}, rewrite: { add_prefix: "/a" } }, "routes[0].rewrite: must not stand beside respond"],
    [
      { redirect: { location: "/" }, request_headers: { remove: ["x"] } },
      "routes[0].request_headers: must not stand beside redirect",
    ],
  ])("%j", (route, error) => {
    const found = messages(route);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(error);
  });

  it.each([
    "connection",
    "host",
    "content-length",
    "content-encoding",
    "transfer-encoding",
    "upgrade",
    "te",
    "trailer",
    "keep-alive",
    "proxy-authorization",
    "x-lb-via",
    "cf-connecting-ip",
    "cf-ray",
    "X-A",
    "a b",
    "",
  ])("a header called %j, in every rule", (name) => {
    for (const rules of [{ set: { [name]: "1" } }, { add: { [name]: "1" } }, { remove: [name] }]) {
      for (const side of ["request_headers", "response_headers"]) {
        expect(messages({ pool: "a", [side]: rules })[0], JSON.stringify(rules)).toContain(NAME_RULE);
      }
    }
  });

  it.each([
    { redirect: { location: "https://{host}{target}" } },
    { redirect: { status: 301, location: "/new?from={path}&{query}" } },
    { redirect: { location: "{path}/" } },
    { redirect: { location: "{path}?{query}" } },
    { redirect: { location: "/{host}/{query}" } },
    { redirect: { location: "https://www.{host}:8443?{query}" } },
    { redirect: { location: "https://[2001:db8::1]:8443{path}" } },
    { redirect: { location: "https://a.example/{query}" } },
    { respond: { status: 204 } },
    { respond: {}, response_headers: { set: { "set-cookie": "a=b" } } },
    { pool: "a", request_headers: { set: { "x-forwarded-for": "{client_ip}" } } },
    { pool: "a", response_headers: { set: { location: "https://{host}{path}" } } },
    { pool: "a", response_headers: { set: { "report-to": '{{"group":"default"}}' } } },
  ])("but %j is accepted", (route) => {
    expect(messages(route)).toEqual([]);
  });
});
