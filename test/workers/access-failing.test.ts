/** What Cloudflare Access's own trouble, and a bad setting of it, mean for who may get in. */
import { describe, expect, it } from "vitest";
import { world } from "./access-support.ts";

const POLLS = 15;

describe("keys that cannot be fetched", () => {
  it.each<[what: string, answer: () => Response]>([
    ["an error", () => new Response("down", { status: 503 })],
    ["a redirect", () => new Response(null, { status: 302, headers: { location: "https://x.example/" } })],
    ["no JSON", () => new Response("<html>")],
    ["JSON that holds no keys", () => Response.json({ error: "try later" })],
    [
      "no connection",
      () => {
        throw new TypeError("Network connection lost.");
      },
    ],
  ])("(%s) are 503, lock nobody out, and are asked for again", async (_what, answer) => {
    const { sign, call, access } = await world();
    const jwt = await sign();
    access.answer = answer;
    for (let i = 0; i < POLLS; i++) {
      const refused = await call(jwt);
      expect([refused.status, refused.headers.has("retry-after")]).toEqual([503, true]);
      expect(await refused.json()).toMatchObject({ type: "access_unavailable" });
    }
    access.answer = access.goodAnswer;
    expect((await call(jwt)).status).toBe(200);
  });

  it("leave the page's form to sign in with a token, which says why", async () => {
    const { sign, call, access } = await world();
    access.answer = () => new Response("down", { status: 503 });
    const page = await call(await sign(), "GET /");
    expect(page.status).toBe(503);
    const html = await page.text();
    expect(html).toContain('action="/_lb/login"');
    expect(html).toContain("keys cannot be fetched");
  });
});

describe("a guess", () => {
  it.each(["another audience", "another issuer", "one that expired", "another's signature"])(
    "is %s, on the page as in the API",
    async (what) => {
      const { sign, call } = await world();
      const stranger = await world();
      const guess = {
        "another audience": () => sign({}, { aud: "other" }),
        "another issuer": () => sign({}, { iss: "https://evil.cloudflareaccess.com" }),
        "one that expired": () => sign({}, { exp: "-1m" }),
        "another's signature": () => stranger.sign(),
      }[what];
      const jwt = (await guess?.()) ?? "";
      for (let i = 0; i < POLLS; i++) await call(jwt, i % 2 === 0 ? "GET /pools" : "GET /");
      expect((await call(await sign())).status).toBe(429);
      expect((await call(await sign(), "GET /")).status).toBe(429);
    },
  );

  it.each(["no token at all", "another algorithm", "a key that Access does not have"])(
    "is not %s: nothing was tried on a key",
    async (what) => {
      const { sign, call } = await world();
      const bad = {
        "no token at all": () => "a.b.c",
        "another algorithm": () => `${btoa('{"alg":"none"}')}.${btoa("{}")}.`,
        "a key that Access does not have": () => sign({}, { kid: "k2" }),
      }[what];
      const jwt = (await bad?.()) ?? "";
      for (let i = 0; i < POLLS; i++) expect((await call(jwt)).status).toBe(401);
      expect((await call(await sign())).status).toBe(200);
    },
  );

  it("is not forgiven because a session that may only read works", async () => {
    const { sign, call } = await world({ ACCESS_SCOPE: "read" });
    const good = await sign();
    const bad = await sign({}, { aud: "other" });
    const seen = new Set<number>();
    for (let i = 0; i < POLLS; i++) {
      seen.add((await call(bad)).status);
      await call(good);
    }
    expect([...seen]).toEqual([401, 429]);
  });
});

describe("ACCESS_SCOPE", () => {
  it.each(["Read", "readonly", "viewer", "admin ", "all"])(
    "%j lets nobody in, and says so",
    async (scope) => {
      const { sign, call } = await world({ ACCESS_SCOPE: scope });
      const refused = await call(await sign());
      expect(refused.status).toBe(403);
      expect(await refused.json()).toMatchObject({
        type: "forbidden",
        detail: expect.stringContaining("ACCESS_SCOPE must be one of read, operate, admin"),
      });
      const page = await call(await sign(), "GET /");
      expect([page.status, (await page.text()).includes("ACCESS_SCOPE")]).toEqual([403, true]);
    },
  );

  it.each([{}, { ACCESS_SCOPE: "" }])("that is absent (%j) lets them see, and no more", async (more) => {
    const { sign, call } = await world({ ACCESS_SCOPE: "", ...more });
    expect((await call(await sign())).status).toBe(200);
    expect((await call(await sign(), "PUT /routes", { body: "[]" })).status).toBe(403);
    expect((await call(await sign(), "POST /pools/any/check")).status).toBe(403);
  });
});
