/** Signing in and out, and what a session may do. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { SESSION_MS, Sessions } from "../../src/admin/auth/session.ts";
import { ApiTokens } from "../../src/admin/http/tokens.ts";
import { SESSION_HEADER } from "../../src/contract/dashboard.ts";
import type { Env } from "../../src/platform/env.ts";
import { origin, TOKENS } from "./admin-support.ts";
import { HOST, OWN, ownBrowser } from "./own-admin.ts";

const SCRIPT = { ...OWN, [SESSION_HEADER]: "dashboard" };

describe("signing in", () => {
  it("sets a session cookie for this host only, without the token in it", async () => {
    const { login } = ownBrowser();
    const response = await login(TOKENS.admin);
    expect([response.status, response.headers.get("location")]).toEqual([303, "/_lb/"]);
    const cookie = response.headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(
      /^__Secure-lb_session=[\w.-]+; Path=\/_lb; Max-Age=43200; HttpOnly; SameSite=Strict; Secure$/,
    );
    expect(cookie).not.toContain(TOKENS.admin);
    expect(atob(cookie.slice(20).split(".")[0] ?? "")).not.toContain(TOKENS.admin);
    const plain = (await login(TOKENS.admin, { host: "http://localhost:8787" })).headers.get("set-cookie");
    expect(plain).toMatch(/^lb_session=[^;]+; Path=\/_lb; Max-Age=43200; HttpOnly; SameSite=Strict$/);
  });

  it("leads back to the requested page, and answers a script with a status", async () => {
    const { send, login } = ownBrowser();
    const body = `token=${TOKENS.read}`;
    const form = await send("POST /login?pool=web&view=events", { body, headers: OWN });
    expect(form.headers.get("location")).toBe("/_lb/?pool=web&view=events");
    const accept = { accept: "application/json" };
    expect((await login(TOKENS.read, { headers: accept })).status).toBe(204);
    const wrong = await login("wrong-token", { headers: accept });
    expect([wrong.status, (await wrong.json<{ type: string }>()).type]).toEqual([401, "unauthorized"]);
  });

  it("reports a wrong token, and slows down guesses as the API does", async () => {
    const { send, login, cookieOf } = ownBrowser();
    const cookie = await cookieOf(TOKENS.admin);
    const wrong = await login("wrong-token");
    expect([wrong.status, wrong.headers.get("set-cookie")]).toEqual([401, null]);
    expect(await wrong.text()).toContain('role="alert"');
    for (let i = 0; i < 10; i++) await login(`guess-${i}-guess`);
    const slowed = await login(TOKENS.admin);
    expect([slowed.status, slowed.headers.get("set-cookie")]).toEqual([429, null]);
    expect(await slowed.text()).toMatch(/Try again in \d+ s/);
    const bearer = { authorization: `Bearer ${TOKENS.admin}` };
    expect((await send("GET /pools", { headers: bearer })).status).toBe(429);
    expect((await send("GET /pools", { headers: { cookie } })).status, "a session is no guess").toBe(200);
  });

  it("is not done by another site, nor with a body that is no form", async () => {
    const { login, send } = ownBrowser();
    const cross = await login(TOKENS.admin, { headers: { "sec-fetch-site": "cross-site" } });
    expect([cross.status, cross.headers.get("set-cookie")]).toEqual([403, null]);
    const other = await login(TOKENS.admin, {
      headers: { "sec-fetch-site": "same-site", origin: "https://evil.lb.example" },
    });
    expect(other.status).toBe(403);
    expect((await send("POST /login", { body: "x".repeat(20_000), headers: OWN })).status).toBe(413);
  });
});

describe("a session", () => {
  it("reads, and writes with the header that no other site can send", async () => {
    const { send, cookieOf } = ownBrowser();
    const cookie = await cookieOf(TOKENS.admin);
    const body = JSON.stringify({ origins: [origin("a")] });
    expect((await send("GET /pools", { headers: { cookie } })).status).toBe(200);
    const refused: Record<string, string>[] = [
      {},
      OWN,
      { [SESSION_HEADER]: "dashboard", "sec-fetch-site": "cross-site" },
      { [SESSION_HEADER]: "dashboard", "sec-fetch-site": "same-site" },
      { [SESSION_HEADER]: "dashboard", origin: "https://evil.example" },
    ];
    for (const headers of refused) {
      const response = await send("PUT /pools/insession", { body, headers: { cookie, ...headers } });
      expect([headers, response.status]).toEqual([headers, 403]);
    }
    const own = await send("PUT /pools/insession", { body, headers: { cookie, ...SCRIPT } });
    expect(own.status).toBe(201);
    const { events } = await (await send("GET /pools/insession/events", { headers: { cookie } })).json<{
      events: { who?: string }[];
    }>();
    expect(events[0]?.who).toBe("admin");
  });

  it("may do what its token may", async () => {
    const { send, cookieOf } = ownBrowser();
    const cookie = await cookieOf(TOKENS.read);
    const write = await send("PUT /routes", { body: "[]", headers: { cookie, ...SCRIPT } });
    expect(write.status).toBe(403);
  });

  it("ends when its token is changed or taken away, and lives through changes of others", async () => {
    const { send, cookieOf } = ownBrowser();
    const cookie = await cookieOf(TOKENS.operate);
    const status = async (settings: Partial<Env>) =>
      (await send("GET /pools", { headers: { cookie }, with: settings })).status;
    const robot = (token: string, scope: string, name = "robot") => JSON.stringify([{ name, token, scope }]);
    expect(await status({ ADMIN_TOKEN: "another-admin-token" })).toBe(200);
    expect(await status({ ADMIN_TOKENS: robot("a-new-robot-token", "operate") })).toBe(401);
    expect(await status({ ADMIN_TOKENS: robot(TOKENS.operate, "operate", "other") })).toBe(401);
    expect(await status({ ADMIN_TOKENS: "[]" })).toBe(401);
    expect(await status({ ADMIN_TOKENS: robot(TOKENS.operate, "read") })).toBe(200);
  });

  it("ends after its time, in any spelling of the cookie", async () => {
    const tokens = new ApiTokens();
    const sessions = new Sessions(tokens);
    const request = new Request(`${HOST}/_lb/`);
    const nowMs = Date.now();
    const known = await tokens.find(env, TOKENS.admin);
    if (known === null) throw new Error("the token is not known");
    const setCookie = await sessions.begin(known, request, nowMs);
    const cookie = setCookie.split(";")[0] ?? "";
    const at = async (value: string, timeMs: number) => {
      const asked = new Request(request, { headers: { cookie: value } });
      return (await sessions.find(asked, env, timeMs))?.name ?? null;
    };
    expect(await at(cookie, nowMs + SESSION_MS - 2_000)).toBe("admin");
    expect(await at(cookie, nowMs + SESSION_MS + 1)).toBeNull();
    const [name = "", value = ""] = cookie.split(/=(.*)/);
    const [, seal = ""] = value.split(".");
    const later = btoa(JSON.stringify(["admin", nowMs])).replace(/=+$/, "");
    const forged = [
      `${later}.${seal}`,
      `${value}x`,
      value.slice(1),
      `.${seal}`,
      "",
      "%%%.%%%",
      `${value.split(".")[0]}.`,
    ];
    for (const bad of forged) expect([bad, await at(`${name}=${bad}`, nowMs)]).toEqual([bad, null]);
    expect(await at(`${name}=rubbish; ${cookie}`, nowMs), "beside another of its name").toBe("admin");
    expect(await at(cookie.replace("__Secure-", ""), nowMs), "planted over plain http").toBeNull();
  });

  it("that has ended costs its owner no waiting time", async () => {
    const { send, login } = ownBrowser();
    for (let i = 0; i < 30; i++) {
      const { status } = await send("GET /live", { headers: { cookie: "__Secure-lb_session=old.old" } });
      expect(status).toBe(401);
    }
    expect((await login(TOKENS.admin)).status).toBe(303);
  });

  it("ends in this browser when the user signs out, which another site cannot cause", async () => {
    const { send } = ownBrowser();
    const cross = await send("POST /logout", { headers: { "sec-fetch-site": "cross-site" } });
    expect([cross.status, cross.headers.get("set-cookie")]).toEqual([403, null]);
    const out = await send("POST /logout", { headers: OWN });
    expect([out.status, out.headers.get("location")]).toEqual([303, "/_lb/"]);
    expect(out.headers.get("set-cookie")).toMatch(/^__Secure-lb_session=; Path=\/_lb; Max-Age=0;/);
  });
});
