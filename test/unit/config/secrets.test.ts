import { describe, expect, it } from "vitest";
import { diffJson } from "../../../src/config/diff.ts";
import { formatErrors } from "../../../src/config/errors.ts";
import { parseConfigFile, parsePool, parseRoutes } from "../../../src/config/parse.ts";
import { isMasked, maskSecrets } from "../../../src/config/secrets.ts";

const SECRET = "s3cr3t";
const ORIGIN = { id: "a", url: "https://a.example.com" };

function errors(fields: object): string {
  const parsed = parsePool({ origins: [ORIGIN], ...fields }, { path: ["pools", "api"] });
  return parsed.ok ? "" : formatErrors(parsed.errors);
}

function routeErrors(fields: object): string {
  const parsed = parseRoutes([{ pool: "web", ...fields }]);
  return parsed.ok ? "" : formatErrors(parsed.errors);
}

describe("an error is described without the secret in the value:", () => {
  it.each<[fields: object, names: string]>([
    [{ notify_url: `htps://hooks.example.com/${SECRET}` }, "notify_url"],
    [{ notify_url: `hooks.example.com/${SECRET}` }, "notify_url"],
    [{ notify_url: `https://user:${SECRET}@hooks.example.com/` }, "notify_url"],
    [{ notify_url: [`https://hooks.example.com/${SECRET}`] }, "notify_url"],
    [{ notify_url: `https://10.0.0.5/${SECRET}` }, "notify_url"],
    [{ health_check: { headers: `authorization: Bearer ${SECRET}` } }, "health_check.headers"],
    [{ health_check: { headers: [`authorization: Bearer ${SECRET}`] } }, "health_check.headers"],
    [{ health_check: { headers: { [`authorization: Bearer ${SECRET}`]: "" } } }, "health_check.headers"],
    [
      { health_check: { headers: { authorization: `Bearer\n${SECRET}` } } },
      "health_check.headers.authorization",
    ],
    [{ health_check: { headers: { authorization: [SECRET] } } }, "health_check.headers.authorization"],
    [{ health_check: { path: `healthz?key=${SECRET}` } }, "health_check.path"],
    [{ health_check: { path: `/healthz#${SECRET}` } }, "health_check.path"],
    [{ health_check: `/healthz?key=${SECRET}` }, "health_check"],
    [{ notifyurl: `https://hooks.example.com/${SECRET}` }, "notifyurl"],
    [{ health_check: { header: { authorization: SECRET } } }, "health_check.header"],
    [{ origins: [{ id: "a", url: `https://a.example.com?key=${SECRET}` }] }, "origins[0].url"],
    [{ origins: [{ id: "a", url: `https://a.example.com/#${SECRET}` }] }, "origins[0].url"],
    [{ origins: [{ id: "a", url: `https://user:${SECRET}@a.example.com` }] }, "origins[0].url"],
    [{ origins: [{ id: "a", url: `https:user:${SECRET}@a.example.com` }] }, "origins[0].url"],
    [{ origins: [{ id: "a", url: `https:\\\\user:${SECRET}@a.example.com` }] }, "origins[0].url"],
    [{ origins: [{ id: "a", url: `user:${SECRET}@a.example.com` }] }, "origins[0].url"],
    [{ origins: [{ id: "a", url: `//user:${SECRET}@a.example.com` }] }, "origins[0].url"],
    [{ origins: [{ id: "a", url: `see https://user:${SECRET}@a.example.com` }] }, "origins[0].url"],
    [{ origins: [{ id: "a", url: `a.example.com//?key=${SECRET}` }] }, "origins[0].url"],
    [{ origins: [{ id: `https://u:${SECRET}@a`, url: "https://a.example.com" }] }, "origins[0].id"],
  ])("%j", (fields, names) => {
    const said = errors(fields);
    expect(said).toContain(`pools.api.${names}`);
    expect(said).not.toContain(SECRET);
  });

  it.each<[fields: object, names: string]>([
    [{ request_headers: { set: { "x-key": `${SECRET}\n` } } }, "request_headers.set.x-key"],
    [{ request_headers: { add: { "x-key": [SECRET] } } }, "request_headers.add.x-key"],
    [{ request_headers: { set: { [`x-key: ${SECRET}`]: "" } } }, "request_headers.set"],
    [{ request_headers: { set: `x-key: ${SECRET}` } }, "request_headers.set"],
    [{ request_headers: `x-key: ${SECRET}` }, "request_headers"],
    [{ request_headers: [`x-key: ${SECRET}`] }, "request_headers"],
    [{ request_headers: { [`x-key: ${SECRET}`]: "" } }, "request_headers"],
    [{ request_headers: { "x-key": SECRET } }, "request_headers.x-key"],
    [{ request_headers: { remove: [`x-key: ${SECRET}`] } }, "request_headers.remove[0]"],
    [{ response_headers: { set: { "set-cookie": `a=${SECRET}\n` } } }, "response_headers.set.set-cookie"],
    [{ respond: { headers: { [`set-cookie: ${SECRET}`]: "" } } }, "respond.headers"],
    [{ unavailable: { headers: { "x-key": `${SECRET}\n` } } }, "unavailable.headers.x-key"],
    [{ where: { headers: { "x-canary": `${SECRET}\n` } } }, "where.headers.x-canary"],
    [{ where: { headers: { "x-canary": ["a", `${SECRET}\n`] } } }, "where.headers.x-canary[1]"],
    [{ where: { headers: { [`x-canary: ${SECRET}`]: "*" } } }, "where.headers"],
    [{ where: { headers: `x-canary: ${SECRET}` } }, "where.headers"],
    [{ where: { cookies: { canary: `${SECRET}\n` } } }, "where.cookies.canary"],
    [{ where: { cookies: { [`canary=${SECRET}`]: "*" } } }, "where.cookies"],
    [{ where: { cookies: [`canary=${SECRET}`] } }, "where.cookies"],
    [{ where: { query: { force: { is: SECRET } } } }, "where.query.force"],
    [{ where: { query: { [`force=${SECRET}`]: "*" } } }, "where.query"],
    [{ where: { query: `force=${SECRET}` } }, "where.query"],
    [{ where: `force=${SECRET}` }, "where"],
    [{ where: { [`force=${SECRET}`]: "*" } }, "where"],
  ])("of a route: %j", (fields, names) => {
    const said = routeErrors(fields);
    expect(said).toContain(`routes[0].${names}`);
    expect(said).not.toContain(SECRET);
  });

  it.each(["routes", "pools.api"])("for a text in place of the whole document: %s", (place) => {
    const document = JSON.stringify({ notify_url: `https://hooks.example.com/${SECRET}` });
    const parsed = place === "routes" ? parseRoutes([document]) : parsePool(document);
    expect(parsed.ok ? "" : formatErrors(parsed.errors)).toMatch(/must be an object, found a text$/);
  });

  it("if the address itself is refused", () => {
    const file = {
      pools: { api: { origins: [{ id: "a", url: `http://u:${SECRET}@10.0.0.1/?k=${SECRET}` }] } },
    };
    const parsed = parseConfigFile(file);
    const said = parsed.ok ? "" : formatErrors(parsed.errors);
    expect(said).toContain("10.0.0.1");
    expect(said).not.toContain(SECRET);
  });
});

const DOCUMENT = {
  origins: [{ ...ORIGIN, weight: 2 }],
  health_check: {
    path: `/healthz?key=${SECRET}`,
    headers: { authorization: `Bearer ${SECRET}`, "x.y": SECRET },
    expected_codes: "2xx",
  },
  notify_url: `https://hooks.example.com/T0/${SECRET}`,
};

describe("a masked document", () => {
  it("shows everything but the secrets", () => {
    expect(maskSecrets("", DOCUMENT)).toEqual({
      origins: DOCUMENT.origins,
      health_check: {
        path: "/healthz?***",
        headers: { authorization: "***", "x.y": "***" },
        expected_codes: "2xx",
      },
      notify_url: "https://hooks.example.com/***",
    });
  });

  it.each<[unknown, unknown]>([
    [
      { health_check: null, notify_url: null },
      { health_check: null, notify_url: null },
    ],
    [{ health_check: { path: "/healthz" } }, { health_check: { path: "/healthz" } }],
    [
      { health_check: { headers: SECRET }, notify_url: 5 },
      { health_check: { headers: "***" }, notify_url: "***" },
    ],
    [{ notify_url: `mailto:${SECRET}` }, { notify_url: "***" }],
  ])("%j", (document, shown) => {
    expect(maskSecrets("", document)).toEqual(shown);
  });

  it("is masked in each of its changes, also where a whole part was added or removed", () => {
    for (const [before, after] of [
      [{}, DOCUMENT],
      [DOCUMENT, {}],
      [DOCUMENT, JSON.parse(JSON.stringify(DOCUMENT).replaceAll(SECRET, "0ther"))],
      [{ health_check: {} }, DOCUMENT],
    ]) {
      const shown = diffJson(before, after).map(({ path, ...sides }) => [
        path,
        maskSecrets(path, sides.before),
        maskSecrets(path, sides.after),
      ]);
      expect(shown.length).toBeGreaterThan(0);
      expect(JSON.stringify(shown)).not.toMatch(/s3cr3t|0ther/);
    }
  });

  it("is refused if somebody writes it back, field by field", () => {
    const masked = maskSecrets("", DOCUMENT) as object;
    expect(errors(DOCUMENT)).toBe("");
    const rule = 'must be the value itself, not the mask "***" that is shown in its place, found a text';
    expect(errors(masked).split("\n")).toEqual([
      `pools.api.health_check.path: ${rule}`,
      `pools.api.health_check.headers.authorization: ${rule}`,
      `pools.api.health_check.headers["x.y"]: ${rule}`,
      `pools.api.notify_url: ${rule}`,
    ]);
  });

  it("shows of routes everything but the values of headers, cookies and parameters", () => {
    const shown = (value: string) => [
      {
        host: "a.example",
        where: {
          countries: ["DE"],
          headers: { "x-canary": value, "x.y": [value, value], "x-any": "*" },
          cookies: { canary: value },
          query: { force: value, "a.b": ["*"] },
        },
        request_headers: { set: { "x-key": value }, add: { "x-more": value }, remove: ["x-not"] },
        response_headers: { set: { "set-cookie": value }, remove: ["server"] },
        unavailable: { headers: { "x-key": value }, body: "later" },
        pool: "web",
      },
      { respond: { status: 204, headers: { "set-cookie": value } } },
      { pool: "where", rewrite: { strip_prefix: "/a" } },
    ];
    expect(maskSecrets("", shown(SECRET))).toEqual(shown("***"));
    expect(maskSecrets("", shown(SECRET)[0])).toEqual(shown("***")[0]);
    expect(maskSecrets("", shown("***"))).toEqual(shown("***"));
  });

  it("of routes is refused if somebody writes it back, field by field", () => {
    const route = {
      where: {
        headers: { "x-canary": SECRET },
        cookies: { canary: ["*", SECRET] },
        query: { force: SECRET },
      },
      request_headers: { set: { "x-key": SECRET }, add: { "x-key": SECRET } },
    };
    expect(routeErrors(route)).toBe("");
    const rule = 'must be the value itself, not the mask "***" that is shown in its place, found a text';
    expect(routeErrors(maskSecrets("", route) as object).split("\n")).toEqual([
      `routes[0].where.headers.x-canary: ${rule}`,
      `routes[0].where.cookies.canary[1]: ${rule}`,
      `routes[0].where.query.force: ${rule}`,
      `routes[0].request_headers.set.x-key: ${rule}`,
      `routes[0].request_headers.add.x-key: ${rule}`,
    ]);
  });

  it("shows no text in a place where an object with secrets belongs", () => {
    const refused = {
      health_check: `/?${SECRET}`,
      where: [`x: ${SECRET}`],
      request_headers: { set: SECRET },
    };
    expect(JSON.stringify(maskSecrets("", [refused, SECRET]))).not.toContain(SECRET);
  });

  it("has masks that nobody writes by accident", () => {
    expect(["", "*", "**", "****", "a***", "/***/", "***/a", "?***x"].filter(isMasked)).toEqual([]);
  });
});
