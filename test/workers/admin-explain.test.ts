import { exports } from "cloudflare:workers";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { ask, origin } from "./admin-support.ts";

const urls = inject("origins");
const live = (id: string, index: number, fields: object = {}) => ({ id, url: urls[index], ...fields });

interface Candidate {
  id: string;
  kept: boolean;
  reason: string;
}

async function explain(url: string, more: object = {}) {
  const { status, body } = await ask("POST /explain", { body: { url, ...more } });
  expect(status).toBe(200);
  const reasons = Object.fromEntries((body.candidates as Candidate[]).map(({ id, reason }) => [id, reason]));
  return { ...body, reasons };
}

beforeAll(async () => {
  const pools = {
    mixed: {
      origins: [
        origin("plain"),
        origin("zero", { weight: 0 }),
        origin("off", { enabled: false }),
        origin("spare", { backup: true }),
        origin("leaving"),
        origin("limited", { rate_limit: 50 }),
      ],
    },
    spare: { origins: [origin("a", { enabled: false }), origin("b", { backup: true })] },
    none: { origins: [origin("a", { enabled: false })] },
    sticky: { origins: urls.map((_, i) => live(`o${i}`, i)), sticky: true },
    ip: { origins: [origin("a"), origin("b"), origin("c")], sticky: { method: "ip" } },
    hash: { origins: [origin("a"), origin("b")], algorithm: "consistent_hash", hash_key: "header:x-user" },
    leased: { origins: [live("o0", 0, { rate_limit: 40 })] },
    ordered: { origins: [live("o0", 0), live("o1", 1), live("o2", 2)] },
  };
  for (const [id, body] of Object.entries(pools)) {
    expect((await ask(`PUT /pools/${id}`, { body })).status).toBe(201);
  }
  const routes = [
    ...Object.keys(pools).map((pool) => ({ host: `${pool}.example`, pool })),
    { host: "fall.example", pool: "none", fallback_pool: "spare" },
  ];
  expect((await ask("PUT /routes", { body: routes })).status).toBe(200);
  await ask("POST /pools/mixed/origins/leaving/drain");
});

describe("explaining a request", () => {
  it("gives the route, the pool, and why each origin is kept or left out", async () => {
    const { route, pool, reasons, pick, candidates } = await explain("http://mixed.example/x?y=1");
    expect(route).toMatchObject({ index: 0, route: { host: "mixed.example", pool: "mixed" } });
    expect(pool).toBe("mixed");
    expect(reasons).toEqual({
      plain: "eligible",
      zero: "zero_weight",
      off: "disabled",
      spare: "backup",
      leaving: "draining",
      limited: "eligible",
    });
    expect(["plain", "limited"]).toContain(pick.origin);
    expect(pick).toMatchObject({ reason: "algorithm", certain: false });
    expect(candidates.at(-1).rate_limit).toEqual({ limit: 50, granted: 0 });
  });

  it("says what no route matches", async () => {
    expect(await explain("http://nobody.example/")).toMatchObject({ route: null, pool: null, pick: null });
  });

  it("keeps a backup where no other is eligible, and is certain where only one is left", async () => {
    const { reasons, pick } = await explain("http://spare.example/");
    expect(reasons).toEqual({ a: "disabled", b: "eligible" });
    expect(pick).toEqual({ origin: "b", reason: "algorithm", certain: true });
  });

  it("goes on to the fallback pool as the request would", async () => {
    const { pool, pick, fallback } = await explain("http://fall.example/");
    expect([pool, pick, fallback.pool, fallback.pick.origin]).toEqual(["none", null, "spare", "b"]);
  });

  it("reads the session's cookie as the edge does", async () => {
    const url = "http://sticky.example/";
    const first = await exports.default.fetch(url);
    const { name } = await first.json<{ name: string }>();
    const cookie =
      first.headers
        .getSetCookie()
        .find((line) => line.startsWith("__lb="))
        ?.split(";")[0] ?? "";
    const pinned = await explain(url, { headers: { Cookie: `a=1; ${cookie}` } });
    expect(pinned.affinity).toEqual({ method: "cookie", cookie: "valid", origin: name, left_out: null });
    expect(pinned.pick).toEqual({ origin: name, reason: "affinity", certain: true });
    expect((await explain(url)).affinity).toMatchObject({ cookie: "absent", origin: null });
    const unknown = await explain(url, { headers: { cookie: "__lb=AAAAAAAAAAAAAAAAAAAAAA.t0" } });
    expect(unknown.affinity).toMatchObject({ cookie: "unknown", origin: null });
    const token = cookie.split("=")[1]?.split(".")[0];
    const expired = await explain(url, { headers: { cookie: `__lb=${token}.1` } });
    expect(expired.affinity).toMatchObject({ cookie: "expired", origin: name });
    await ask(`PATCH /pools/sticky/origins/${name}`, { body: { enabled: false } });
    const lost = await explain(url, { headers: { cookie } });
    expect(lost.affinity).toMatchObject({ cookie: "valid", left_out: "disabled" });
    expect(lost.pick.origin).not.toBe(name);
  });

  it("is certain where the client's address or a key decides", async () => {
    const ip = await explain("http://ip.example/", { client_ip: "192.0.2.7" });
    expect(ip.affinity).toMatchObject({ method: "ip", cookie: null });
    expect(ip.pick.certain).toBe(true);
    const keyed = await explain("http://hash.example/", { headers: { "X-User": "ann" } });
    expect([keyed.hash_key, keyed.pick.certain]).toEqual(["ann", true]);
    const unkeyed = await explain("http://hash.example/");
    expect([unkeyed.hash_key, unkeyed.pick.certain]).toEqual(["", false]);
  });

  it("says what isolates hold", async () => {
    await (await exports.default.fetch("http://leased.example/")).text();
    const { lease, candidates } = await explain("http://leased.example/");
    expect(lease.isolates).toBe(1);
    expect(lease.cursor, "a range was given out").toBeGreaterThan(0);
    expect(candidates[0].rate_limit).toMatchObject({ limit: 40 });
    expect(candidates[0].rate_limit.granted).toBeGreaterThan(0);
  });

  it("changes nothing", async () => {
    const before = (await ask("GET /pools/ordered")).body;
    for (let i = 0; i < 5; i++) await explain("http://ordered.example/");
    const { pick, lease } = await explain("http://ordered.example/");
    expect([pick.origin, lease]).toEqual(["o0", { isolates: 0, cursor: 0, active_connections: 0 }]);
    expect((await ask("GET /pools/ordered")).body).toEqual(before);
    expect((await ask("GET /pools/ordered/events")).body.events).toHaveLength(2);
  });

  it("refuses what is no request", async () => {
    for (const body of [{}, { url: "ftp://a/" }, { url: "x" }, { url: "http://a/", what: 1 }]) {
      expect((await ask("POST /explain", { body })).status).toBe(422);
    }
  });
});

describe("checking now", () => {
  it("says what each probe saw, and it counts", async () => {
    const origins = [live("good", 0), { id: "bad", url: "http://127.0.0.1:1" }];
    const health_check = { path: "/x", interval: 3_600, timeout: 1, unhealthy_threshold: 5 };
    await ask("PUT /pools/checked", { body: { origins, health_check } });
    const { status, body } = await ask("POST /pools/checked/check");
    expect([status, body.preview]).toEqual([200, false]);
    expect(body.probes).toEqual([
      { origin: "good", passed: true, detail: "passed", duration_ms: expect.any(Number) },
      { origin: "bad", passed: false, detail: "could not connect", duration_ms: expect.any(Number) },
    ]);
    const described = (await ask("GET /pools/checked")).body.origins;
    expect(described[1].last_probe).toMatchObject({ passed: false, detail: "could not connect" });
  });

  it("tries another check without saving or counting it", async () => {
    await ask("PUT /pools/tried", { body: { origins: [live("a", 0)] } });
    expect((await ask("POST /pools/tried/check")).status, "it has none").toBe(409);
    const health_check = { path: "/?status=500" };
    const { body } = await ask("POST /pools/tried/check", { body: { health_check } });
    expect(body).toMatchObject({ preview: true, probes: [{ origin: "a", passed: false }] });
    expect((await ask("GET /pools/tried")).body).toMatchObject({
      version: 1,
      config: { origins: [{ id: "a" }] },
      origins: [{ healthy: true, last_probe: null }],
    });
    const wrong = await ask("POST /pools/tried/check", { body: { health_check: { pth: "/" } } });
    expect([wrong.status, wrong.body.errors[0].path]).toEqual([422, "health_check.pth"]);
  });
});
