/** The page, signing in and out, and what a session may do. */
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { createAdmin } from "../../src/admin/app.ts";
import { SESSION_MS, Sessions } from "../../src/admin/session.ts";
import { TokenBook } from "../../src/admin/tokens.ts";
import { SESSION_HEADER } from "../../src/contract/dashboard.ts";
import type { Env } from "../../src/platform/env.ts";
import { origin, TOKENS } from "./admin-support.ts";

const HOST = "https://lb.example";
const OWN = { "sec-fetch-site": "same-origin" };
const SCRIPT = { ...OWN, [SESSION_HEADER]: "dashboard" };

let addresses = 0;

interface Sent {
  headers?: Record<string, string>;
  body?: string;
  host?: string;
  with?: Partial<Env>;
}

/** An admin of its own, asked from an address of its own. */
function world(settings: Partial<Env> = {}) {
  const admin = createAdmin();
  const address = `192.0.2.${++addresses}`;
  const send = async (line: string, sent: Sent = {}) => {
    const [method = "GET", path = ""] = line.split(" ");
    const request = new Request(`${sent.host ?? HOST}/_lb${path}`, {
      method,
      headers: { "cf-connecting-ip": address, ...sent.headers },
      ...(sent.body === undefined ? {} : { body: sent.body }),
      redirect: "manual",
    });
    return await admin.fetch(request, { ...env, ...settings, ...sent.with }, createExecutionContext());
  };
  const login = (token: string, sent: Sent = {}) =>
    send("POST /login", {
      body: new URLSearchParams({ token }).toString(),
      ...sent,
      headers: { ...OWN, ...sent.headers },
    });
  const cookieOf = async (token: string, sent: Sent = {}) => {
    const [cookie = ""] = ((await login(token, sent)).headers.get("set-cookie") ?? "").split(";");
    return cookie;
  };
  return { send, login, cookieOf };
}

describe("the page", () => {
  it("asks for a token, and shows the dashboard to who has a session", async () => {
    const { send, cookieOf } = world();
    const stranger = await send("GET /");
    expect(stranger.status).toBe(200);
    expect(await stranger.text()).toContain('<form method="post" action="/_lb/login">');
    const known = await send("GET /", { headers: { cookie: await cookieOf(TOKENS.operate) } });
    const html = await known.text();
    expect(html).toContain('{"name":"robot","scope":"operate","via":"session"}');
    expect(html).not.toContain("/_lb/login");
  });

  it("has no inline script or style, and a policy that would not run one", async () => {
    const { send, cookieOf } = world();
    for (const headers of [{}, { cookie: await cookieOf(TOKENS.admin) }]) {
      const response = await send("GET /", { headers });
      const policy = response.headers.get("content-security-policy") ?? "";
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain(`script-src ${HOST}/_lb/assets/`);
      expect(policy).not.toMatch(/unsafe|'self'|\*/);
      expect(response.headers.get("cache-control")).toBe("no-store");
      const html = await response.text();
      expect(html).not.toMatch(/ style=|<style|\son\w+=/);
      expect(html.match(/<script(?![^>]*(src=|application\/json))/g)).toBeNull();
      for (const [, url = ""] of html.matchAll(/(?:src|href)="([^"]+)"/g)) expect(url).toMatch(/^\/_lb\//);
    }
  });

  it("is at /_lb/, where the bare /_lb leads with its query", async () => {
    const { send } = world();
    const bare = await send("GET ?pool=web");
    expect([bare.status, bare.headers.get("location")]).toEqual([308, "/_lb/?pool=web"]);
    const reloaded = await send("GET /login");
    expect([reloaded.status, reloaded.headers.get("location")]).toEqual([303, "/_lb/"]);
  });

  it("knocks once more for who comes from another site's link, because their cookie stayed behind", async () => {
    const { send } = world();
    const cross = { "sec-fetch-site": "cross-site" };
    expect(await (await send("GET /?pool=web", { headers: cross })).text()).toContain(
      '<meta http-equiv="refresh" content="0;url=/_lb/?pool=web"/>',
    );
    expect(await (await send("GET /?pool=web", { headers: OWN })).text()).toContain(
      'action="/_lb/login?pool=web"',
    );
  });

  it("is under 100 KB with everything it loads, compressed, in files that may be kept for ever", async () => {
    const { send, cookieOf } = world();
    const page = await (await send("GET /", { headers: { cookie: await cookieOf(TOKENS.admin) } })).text();
    const files = new Set([...page.matchAll(/"(\/_lb\/assets\/[^"]+)"/g)].map(([, url = ""]) => url));
    expect(files.size).toBe(4);
    let bytes = await compressedBytes(page);
    for (const file of files) {
      const response = await send(`GET ${file.slice("/_lb".length)}`);
      expect([file, response.status]).toEqual([file, 200]);
      expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
      bytes += await compressedBytes(await response.text());
    }
    expect(bytes).toBeLessThan(100_000);
    for (const name of ["/assets/main.js", "/assets/constructor"]) {
      expect((await send(`GET ${name}`)).status).toBe(404);
    }
  });
});

async function compressedBytes(text: string): Promise<number> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return (await new Response(stream).arrayBuffer()).byteLength;
}

describe("signing in", () => {
  it("gives a session in a cookie that only we get, without the token in it", async () => {
    const { login } = world();
    const response = await login(TOKENS.admin);
    expect([response.status, response.headers.get("location")]).toEqual([303, "/_lb/"]);
    const cookie = response.headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(
      /^__Secure-lb_session=[\w.-]+; Path=\/_lb; Max-Age=43200; HttpOnly; SameSite=Strict; Secure$/,
    );
    expect(cookie).not.toContain(TOKENS.admin);
    expect(atob(cookie.slice(20).split(".")[0] ?? "")).not.toContain(TOKENS.admin);
    const plain = (await login(TOKENS.admin, { host: "http://lb.example" })).headers.get("set-cookie");
    expect(plain).toMatch(/^lb_session=[^;]+; Path=\/_lb; Max-Age=43200; HttpOnly; SameSite=Strict$/);
  });

  it("returns to where one wanted to go, and answers a script with a status", async () => {
    const { send, login } = world();
    const body = `token=${TOKENS.read}`;
    const form = await send("POST /login?pool=web&view=events", { body, headers: OWN });
    expect(form.headers.get("location")).toBe("/_lb/?pool=web&view=events");
    const accept = { accept: "application/json" };
    expect((await login(TOKENS.read, { headers: accept })).status).toBe(204);
    const wrong = await login("wrong-token", { headers: accept });
    expect([wrong.status, (await wrong.json<{ type: string }>()).type]).toEqual([401, "unauthorized"]);
  });

  it("says that a token is wrong, and slows down who guesses, as the API does", async () => {
    const { send, login, cookieOf } = world();
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
    const { login, send } = world();
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
    const { send, cookieOf } = world();
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
    const { send, cookieOf } = world();
    const cookie = await cookieOf(TOKENS.read);
    const write = await send("PUT /routes", { body: "[]", headers: { cookie, ...SCRIPT } });
    expect(write.status).toBe(403);
  });

  it("ends when its token is changed or taken away, and lives through changes of others", async () => {
    const { send, cookieOf } = world();
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

  it("is over after its time, however it is written", async () => {
    const sessions = new Sessions(new TokenBook());
    const request = new Request(`${HOST}/_lb/`);
    const nowMs = Date.now();
    const setCookie = (await sessions.begin(TOKENS.admin, request, env, nowMs)) ?? "";
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
    const { send, login } = world();
    for (let i = 0; i < 30; i++) {
      const { status } = await send("GET /live", { headers: { cookie: "__Secure-lb_session=old.old" } });
      expect(status).toBe(401);
    }
    expect((await login(TOKENS.admin)).status).toBe(303);
  });

  it("ends in this browser when one signs out, which another site cannot do", async () => {
    const { send } = world();
    const cross = await send("POST /logout", { headers: { "sec-fetch-site": "cross-site" } });
    expect([cross.status, cross.headers.get("set-cookie")]).toEqual([403, null]);
    const out = await send("POST /logout", { headers: OWN });
    expect([out.status, out.headers.get("location")]).toEqual([303, "/_lb/"]);
    expect(out.headers.get("set-cookie")).toMatch(/^__Secure-lb_session=; Path=\/_lb; Max-Age=0;/);
  });
});
