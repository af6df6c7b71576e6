import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { createAdmin } from "../../src/admin/app.ts";
import { LoginThrottle } from "../../src/admin/auth/login-throttle.ts";
import { issuer, world } from "./access-support.ts";
import { ask, origin, TOKENS } from "./admin-support.ts";

const { ADMIN_TOKEN: _, ADMIN_TOKENS: __, ...closed } = env;

describe("without a token configured", () => {
  it("the admin API does not exist", async () => {
    for (const path of ["", "/", "/pools", "/openapi.json", "/nothing"]) {
      const request = new Request(`http://lb/_lb${path}`, { headers: { authorization: "Bearer x" } });
      for (const tokens of [{}, { ADMIN_TOKEN: "" }]) {
        const response = await createAdmin().fetch(
          request,
          { ...closed, ...tokens },
          createExecutionContext(),
        );
        expect([path, response.status]).toEqual([path, 404]);
        expect(await response.json()).toMatchObject({ type: "no_route", status: 404 });
      }
    }
  });
});

describe("the admin API", () => {
  it("is under /_lb and nowhere else", async () => {
    expect((await ask("GET /", { token: null })).body).toContain("/_lb/openapi.json");
    expect((await ask("GET /", { token: null })).status).toBe(200);
    expect((await ask("GET x/pools")).body.type, "/_lbx is the data plane's").toBe("no_route");
  });

  it("asks for a token", async () => {
    const { status, headers, body } = await ask("GET /pools", { token: null });
    expect([status, body.type, headers.get("content-type")]).toEqual([
      401,
      "unauthorized",
      "application/problem+json",
    ]);
    expect(headers.get("www-authenticate")).toMatch(/^Bearer /);
    expect((await ask("GET /pools", { token: `${TOKENS.admin}x` })).status).toBe(401);
    expect((await ask("GET /nothing", { token: null })).status, "says nothing of what is there").toBe(401);
  });

  it("lets each token do what its scope allows", async () => {
    await ask("PUT /pools/scoped", { body: { origins: [origin("a")] } });
    const tried: [string, unknown, string[]][] = [
      ["GET /pools", undefined, ["read", "operate", "admin"]],
      ["POST /explain", { url: "http://a/" }, ["read", "operate", "admin"]],
      ["POST /pools/scoped/origins/a/drain", undefined, ["operate", "admin"]],
      ["PATCH /pools/scoped/origins/a", { weight: 2 }, ["operate", "admin"]],
      ["PATCH /pools/scoped/origins/a", { rate_limit: 2 }, ["admin"]],
      ["PUT /pools/scoped", { origins: [origin("a")] }, ["admin"]],
      ["PUT /routes", [], ["admin"]],
    ];
    for (const [line, body, may] of tried) {
      const allowed = [];
      for (const scope of ["read", "operate", "admin"] as const) {
        const { status } = await ask(line, { body, token: TOKENS[scope] });
        if (status === 200) allowed.push(scope);
        else expect([line, scope, status]).toEqual([line, scope, 403]);
      }
      expect([line, allowed]).toEqual([line, may]);
    }
  });

  it("records the name of the token that wrote", async () => {
    await ask("PUT /pools/named", { body: { origins: [origin("a")] } });
    await ask("PATCH /pools/named/origins/a", { body: { weight: 7 }, token: TOKENS.operate });
    expect((await ask("GET /pools/named/events?kind=audit")).body.events[0]).toMatchObject({
      who: "robot",
      detail: "changed weight of origin a (version 2)",
    });
  });

  it("slows down clients that guess tokens, and no others", async () => {
    const from = (ip: string, token: string) =>
      ask("GET /pools", { token, headers: { "cf-connecting-ip": ip } });
    for (let i = 0; i < 11; i++) expect((await from("203.0.113.9", `guess${i}`)).status).toBe(401);
    const slowed = await from("203.0.113.9", TOKENS.admin);
    expect([slowed.status, slowed.body.type]).toEqual([429, "too_many_attempts"]);
    expect(Number(slowed.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await from("203.0.113.10", TOKENS.admin)).status).toBe(200);
  });

  it("answers unknown paths and unreadable bodies with a problem", async () => {
    expect((await ask("GET /nothing")).body).toMatchObject({ type: "not_found", status: 404 });
    const method = await ask("POST /pools");
    expect([method.status, method.headers.get("allow")]).toEqual([405, "GET"]);
    expect((await ask("GET /pools/none")).body).toMatchObject({ type: "not_found" });
    expect((await ask("GET /pools/%2Fetc")).status).toBe(404);
    const large = `[${" ".repeat(1_900_000)}]`;
    expect((await ask("PUT /routes", { body: large })).status).toBe(413);
  });
});

describe("the throttle", () => {
  it("doubles the wait, forgets failures after a while, and at once on request", () => {
    const throttle = new LoginThrottle();
    const waits = [];
    for (let i = 0; i < 14; i++) {
      throttle.failed("192.0.2.1", 0);
      waits.push(throttle.waitMs("192.0.2.1", 0));
    }
    expect(waits).toEqual([...Array(10).fill(0), 1_000, 2_000, 4_000, 8_000]);
    expect(throttle.waitMs("192.0.2.1", 8_000)).toBe(0);
    expect(throttle.waitMs("192.0.2.2", 0)).toBe(0);
    for (let i = 0; i < 30; i++) throttle.failed("192.0.2.1", 0);
    expect(throttle.waitMs("192.0.2.1", 0), "at most").toBe(300_000);
    throttle.forgive("192.0.2.1");
    expect(throttle.waitMs("192.0.2.1", 0)).toBe(0);
  });

  it("treats an IPv6 network as one address, and keeps a bounded number", () => {
    const throttle = new LoginThrottle();
    for (let i = 0; i < 11; i++) throttle.failed(`2001:db8::${i + 1}`, 0);
    expect(throttle.waitMs("2001:db8::ffff", 0)).toBe(1_000);
    for (let i = 0; i < 10_000; i++) throttle.failed(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, 0);
    expect(throttle.waitMs("2001:db8::ffff", 0), "forgotten, as the oldest").toBe(0);
  });
});

describe("Cloudflare Access", () => {
  it("lets a good assertion in, and fetches the keys once", async () => {
    const { sign, call, asked } = await world();
    expect((await call(await sign())).status).toBe(200);
    expect((await call(await sign())).status).toBe(200);
    expect(asked).toEqual([`${issuer}/cdn-cgi/access/certs`]);
  });

  it("opens the dashboard without a form to sign in", async () => {
    const { sign, call } = await world();
    const html = await (await call(await sign(), "GET /")).text();
    expect(html).toContain('{"name":"ann@example.com","scope":"admin","via":"access"}');
    expect(await (await call("a.b.c", "GET /")).text()).toContain('action="/_lb/login"');
  });

  it("gives the audit the user's name", async () => {
    const { sign, call } = await world();
    const body = JSON.stringify({ origins: [origin("a")] });
    expect((await call(await sign(), "PUT /pools/byaccess", { body })).status).toBe(201);
    const { events } = await (await call(await sign(), "GET /pools/byaccess/events")).json<{
      events: { who?: string }[];
    }>();
    expect(events[0]?.who).toBe("ann@example.com");
  });

  it("refuses an assertion for another audience, of another issuer, that has expired, by another key, and garbage", async () => {
    const { sign, call } = await world();
    const stranger = await world();
    const bad = {
      audience: await sign({}, { aud: "other" }),
      issuer: await sign({}, { iss: "https://evil.cloudflareaccess.com" }),
      expired: await sign({}, { exp: "-1m" }),
      key: await stranger.sign(),
      rubbish: "a.b.c",
    };
    for (const [what, jwt] of Object.entries(bad)) {
      expect([what, (await call(jwt)).status]).toEqual([what, 401]);
    }
  });

  it("gives no more than ACCESS_SCOPE", async () => {
    const { sign, call } = await world({ ACCESS_SCOPE: "read" });
    expect((await call(await sign(), "PUT /routes", { body: "[]" })).status).toBe(403);
  });

  it("takes no write that another site makes a browser send", async () => {
    const { sign, call } = await world();
    const jwt = await sign();
    const body = "[]";
    const headers = (more: Record<string, string>) => ({ body, headers: more });
    const forged = headers({ "sec-fetch-site": "cross-site" });
    expect((await call(jwt, "PUT /routes", forged)).status).toBe(403);
    expect((await call(jwt, "PUT /routes", headers({ origin: "https://evil.example" }))).status).toBe(403);
    const own = headers({ "sec-fetch-site": "same-origin", origin: "https://lb.example" });
    expect((await call(jwt, "PUT /routes", own)).status).toBe(200);
  });

  it("is not asked where it is not configured", async () => {
    const { sign } = await world();
    const jwt = await sign();
    expect(
      (await ask("GET /pools", { token: null, headers: { "cf-access-jwt-assertion": jwt } })).status,
    ).toBe(401);
  });
});
