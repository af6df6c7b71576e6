/** Where the admin API is open, and what somebody without a good token can make it do. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { NAMES } from "../../src/admin/generated/asset-names.js";
import assets from "../../src/admin/generated/assets.txt";
import { ask, origin, TOKENS } from "./admin-support.ts";
import { bearer, OWN, ownAdmin } from "./own-admin.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

describe("over plain http", () => {
  it.each(["GET /_lb", "GET /_lb/", "HEAD /_lb/", "GET /_lb/login", "GET /_lb/assets/main.css"])(
    "%s leads to https",
    async (line) => {
      const [method, path] = line.split(" ");
      const response = await ownAdmin()(`${method} http://www.example.com:8080${path}?pool=web`);
      const location = `https://www.example.com${path}?pool=web`;
      expect([response.status, response.headers.get("location")]).toEqual([308, location]);
    },
  );

  it.each(["GET /_lb/pools", "PUT /_lb/routes", "POST /_lb/login", "POST /_lb/logout", "GET /_lb/metrics"])(
    "%s takes no token",
    async (line) => {
      const [method, path] = line.split(" ");
      const body = method === "GET" ? undefined : `token=${TOKENS.admin}`;
      const response = await ownAdmin()(
        `${method} http://www.example.com${path}`,
        { ...bearer(), ...OWN },
        body,
      );
      expect([response.status, response.headers.get("set-cookie")]).toEqual([403, null]);
      expect(await response.json()).toMatchObject({ type: "https_required" });
    },
  );

  it.each([
    "http://localhost",
    "http://lb.localhost:8787",
    "http://127.0.0.1:8787",
    "http://127.1.2.3",
    "http://[::1]:8787",
  ])("%s works, because it does not leave the machine", async (base) => {
    const send = ownAdmin();
    expect((await send(`GET ${base}/_lb/pools`, bearer())).status).toBe(200);
    const login = await send(`POST ${base}/_lb/login`, OWN, `token=${TOKENS.admin}`);
    expect([login.status, login.headers.get("set-cookie")?.startsWith("lb_session=")]).toEqual([303, true]);
  });

  it.each([
    "http://localhost.example.com",
    "http://127.0.0.1.example.com",
    "http://128.0.0.1",
    "http://[::2]",
  ])("%s is no loopback", async (base) => {
    expect((await ownAdmin()(`GET ${base}/_lb/pools`, bearer())).status).toBe(403);
  });

  it("is never tried again by a browser that was here over https, and nothing is said of it elsewhere", async () => {
    const send = ownAdmin();
    const hsts = async (line: string, headers = {}) =>
      (await send(line, headers)).headers.get("strict-transport-security");
    for (const path of ["/", "/assets/main.css", "/pools", "/nothing", "/login"]) {
      expect([path, await hsts(`GET https://lb.example/_lb${path}`)]).toEqual([path, "max-age=31536000"]);
    }
    expect(await hsts("GET https://lb.example/_lb/pools", bearer())).toBe("max-age=31536000");
    expect(
      await hsts("GET http://localhost/_lb/pools", bearer()),
      "browsers must not mind it there",
    ).toBeNull();
    const closed = ownAdmin({ ADMIN_TOKEN: "", ADMIN_TOKENS: "" });
    const nothing = await closed("GET https://lb.example/_lb/pools");
    expect([nothing.status, nothing.headers.has("strict-transport-security")]).toEqual([404, false]);
  });
});

describe("ADMIN_HOST", () => {
  const settings = { ADMIN_HOST: "Admin.example.com" };

  it.each(["https://www.example.com", "https://admin.example.com.evil.example", "http://localhost"])(
    "set to another name: at %s there is no admin API, with a good token neither",
    async (base) => {
      const send = ownAdmin(settings);
      for (const path of ["", "/", "/pools", "/assets/main.css", "/login"]) {
        const response = await send(`GET ${base}/_lb${path}`, bearer());
        expect([path, response.status]).toEqual([path, 404]);
        expect(await response.json()).toMatchObject({ type: "no_route" });
      }
      const login = await send(`POST ${base}/_lb/login`, OWN, `token=${TOKENS.admin}`);
      expect([login.status, login.headers.get("set-cookie")]).toEqual([404, null]);
    },
  );

  it.each(["https://admin.example.com", "https://ADMIN.example.com.:8443"])(
    "opens it at %s",
    async (base) => {
      expect((await ownAdmin(settings)(`GET ${base}/_lb/pools`, bearer())).status).toBe(200);
    },
  );

  it("with an invalid host name closes the API everywhere", async () => {
    for (const ADMIN_HOST of ["https://admin.example.com", "a b", "/"]) {
      const send = ownAdmin({ ADMIN_HOST });
      expect((await send("GET https://admin.example.com/_lb/pools", bearer())).status).toBe(404);
    }
  });
});

describe("guesses", () => {
  it.each<["read" | "operate"]>([["read"], ["operate"]])(
    "are slowed though a good token of scope %s is used between them",
    async (scope) => {
      const send = ownAdmin();
      const seen = new Set<number>();
      for (let i = 0; i < 20; i++) {
        seen.add((await send("GET https://lb.example/_lb/pools", bearer(`guess-${i}`))).status);
        if (i % 5 === 0) await send("GET https://lb.example/_lb/pools", bearer(TOKENS[scope]));
        if (i % 5 === 2) await send("POST https://lb.example/_lb/login", OWN, `token=${TOKENS[scope]}`);
      }
      expect([...seen]).toEqual([401, 429]);
    },
  );

  it("that come at once are slowed like consecutive ones, also with a good token among them", async () => {
    const send = ownAdmin();
    const burst = Array.from({ length: 200 }, (_, i) => (i === 150 ? bearer() : bearer(`guess-${i}`)));
    const answers = await Promise.all(burst.map((as) => send("GET https://lb.example/_lb/pools", as)));
    const count = (status: number) => answers.filter((answer) => answer.status === status).length;
    expect([count(401), count(429)]).toEqual([11, 189]);
  });

  it("do not slow good tokens that are used at the same time", async () => {
    const send = ownAdmin();
    const burst = Array.from({ length: 50 }, () =>
      send("GET https://lb.example/_lb/pools", bearer(TOKENS.read)),
    );
    expect(new Set((await Promise.all(burst)).map(({ status }) => status))).toEqual(new Set([200]));
  });

  it("are forgiven after a success with the scope admin", async () => {
    const send = ownAdmin();
    for (let i = 0; i < 40; i++) {
      const wrong = await send("GET https://lb.example/_lb/pools", bearer(`guess-${i}`));
      expect([i, wrong.status]).toEqual([i, 401]);
      if (i % 9 === 0) await send("GET https://lb.example/_lb/pools", bearer());
    }
  });
});

describe("cookies of sessions", () => {
  const cookieOf = async (send: ReturnType<typeof ownAdmin>) => {
    const login = await send("POST https://lb.example/_lb/login", OWN, `token=${TOKENS.admin}`);
    return login.headers.get("set-cookie")?.split(";")[0] ?? "";
  };

  it("after the third are not checked, however many there are", async () => {
    const send = ownAdmin();
    const good = await cookieOf(send);
    const [name = "", value = ""] = good.split(/=(.*)/);
    const forged = `${name}=${value.split(".")[0]}.${"A".repeat(43)}`;
    const verify = vi.spyOn(crypto.subtle, "verify");
    const importKey = vi.spyOn(crypto.subtle, "importKey");
    const status = async (cookies: string[]) =>
      (await send("GET https://lb.example/_lb/pools", { cookie: cookies.join("; ") })).status;
    expect(await status([forged, forged, good])).toBe(200);
    expect(await status([forged, forged, forged, good])).toBe(401);
    verify.mockClear();
    expect(await status(Array(1_000).fill(forged))).toBe(401);
    expect(verify.mock.calls.length).toBe(3);
    expect(importKey.mock.calls.length, "the key was made when the session began").toBe(0);
  });

  it("that are far longer than ours are not checked", async () => {
    const send = ownAdmin();
    const [name = ""] = (await cookieOf(send)).split("=");
    const claim = btoa(JSON.stringify(["admin", 4e9, "x".repeat(3_000)])).replace(/=+$/, "");
    const verify = vi.spyOn(crypto.subtle, "verify");
    const cookie = `${name}=${claim}.${"A".repeat(43)}`;
    expect((await send("GET https://lb.example/_lb/pools", { cookie })).status).toBe(401);
    expect(verify.mock.calls.length).toBe(0);
  });
});

it("the dashboard's files are not read for a name that none of them has, and for the others once", async () => {
  const send = ownAdmin();
  const parse = vi.spyOn(JSON, "parse");
  const readings = () => parse.mock.calls.filter(([text]) => text === assets).length;
  const status = async (name: string) => (await send(`GET https://lb.example/_lb/assets/${name}`)).status;
  for (const name of ["main.js", "constructor", "main-000000000000.js"]) expect(await status(name)).toBe(404);
  expect(readings()).toBe(0);
  for (const name of Object.values(NAMES)) expect(await status(name)).toBe(200);
  expect(readings()).toBeLessThanOrEqual(1);
});

describe("a check with a health check in its request", () => {
  it("needs the scope admin; the configured one does not", async () => {
    const health_check = { path: "/?status=204", timeout: 1 };
    await ask("PUT /pools/guarded", {
      body: { origins: [origin("a", { url: "http://127.0.0.1:1" })], health_check },
    });
    const own = { health_check: { method: "POST", path: "/transfer", expected_body: "secret" } };
    const tried = async (token: string, body?: unknown) =>
      (await ask("POST /pools/guarded/check", { token, body })).status;
    expect(await tried(TOKENS.operate, own)).toBe(403);
    expect(await tried(TOKENS.operate)).toBe(200);
    expect(await tried(TOKENS.operate, {})).toBe(200);
    expect(await tried(TOKENS.admin, own)).toBe(200);
  });
});
