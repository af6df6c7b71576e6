/** What the admin API says of a request: its route, its pools and the pick. */
import { env, exports } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { ask, origin } from "./admin-support.ts";
import { explain, live, urls } from "./explain-support.ts";
import { clock } from "./test-clock.ts";

interface Picked {
  pool: string;
  pick: { origin: string } | null;
}

/** Pools of one origin that takes one connection. */
const FULL = ["full-a", "full-b", "full-c"];

/** An isolate reports that the connection is in use. */
async function fill(pool: string): Promise<void> {
  await env.UPSTREAM_POOL.getByName(pool).sync({
    isolate: "test",
    sequence: 1,
    snapshot: 0,
    active: { o0: 1 },
    origins: {},
    demand: { requests: 1, elapsed_ms: 1_000 },
    cursor: { want: 0, returned: [] },
  });
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
    hosts: { origins: [origin("a"), origin("b")], algorithm: "consistent_hash", hash_key: "header:host" },
    leased: { origins: [live("o0", 0, { rate_limit: 40, max_connections: 7 })] },
    ordered: { origins: [live("o0", 0), live("o1", 1), live("o2", 2)] },
    ...Object.fromEntries(FULL.map((pool) => [pool, { origins: [live("o0", 0, { max_connections: 1 })] }])),
  };
  for (const [id, body] of Object.entries(pools)) {
    expect((await ask(`PUT /pools/${id}`, { body })).status).toBe(201);
  }
  const routes = [
    ...Object.keys(pools).map((pool) => ({ host: `${pool}.example`, pool })),
    { where: { headers: { host: "m.*" } }, pool: "leased" },
    { host: "chain.example", pools: [...FULL, "ordered"], fallback_pool: "spare" },
    { host: "chain-full.example", pools: FULL },
    { host: "fall.example", pool: "none", fallback_pool: "spare" },
    { host: "split.example", path: "/a/*", pool: "mixed" },
    {
      host: "split.example",
      split: [
        { pool: "spare", weight: 3 },
        { pool: "hash", weight: 0 },
        { pool: "ordered", weight: 1 },
      ],
    },
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

  it("takes the request's own host for its Host header, also as a condition and as a key", async () => {
    const answer = await exports.default.fetch("http://M.any.example/", {
      headers: { Host: "M.any.example" },
    });
    expect(answer.status).toBe(200);
    const { route, pool } = await explain("http://M.any.example/", { headers: { host: "else.example" } });
    expect(route.matched_where.headers).toEqual({ host: ["m.*"] });
    expect(pool).toBe("leased");
    expect((await explain("http://hosts.example:8080/")).hash_key).toBe("hosts.example:8080");
  });

  it("says that no route matches", async () => {
    expect(await explain("http://nobody.example/")).toMatchObject({ route: null, pool: null, pick: null });
  });

  it("keeps a backup if no other origin is eligible, and is certain if only one origin is left", async () => {
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
    expect(pinned.affinity).toEqual({
      method: "cookie",
      cookie: "valid",
      origin: name,
      exclusion_reason: null,
    });
    expect(pinned.pick).toEqual({ origin: name, reason: "affinity", certain: true });
    expect((await explain(url)).affinity).toMatchObject({ cookie: "absent", origin: null });
    const unknown = await explain(url, { headers: { cookie: "__lb=AAAAAAAAAAAAAAAAAAAAAA.t0" } });
    expect(unknown.affinity).toMatchObject({ cookie: "unknown", origin: null });
    const token = cookie.split("=")[1]?.split(".")[0];
    const expired = await explain(url, { headers: { cookie: `__lb=${token}.1` } });
    expect(expired.affinity).toMatchObject({ cookie: "expired", origin: name });
    await ask(`PATCH /pools/sticky/origins/${name}`, { body: { enabled: false } });
    const lost = await explain(url, { headers: { cookie } });
    expect(lost.affinity).toMatchObject({ cookie: "valid", exclusion_reason: "disabled" });
    expect(lost.pick.origin).not.toBe(name);
  });

  it("is certain if the client's address or a key decides", async () => {
    const ip = await explain("http://ip.example/", { client_ip: "192.0.2.7" });
    expect(ip.affinity).toMatchObject({ method: "ip", cookie: null });
    expect(ip.pick.certain).toBe(true);
    const keyed = await explain("http://hash.example/", { headers: { "X-User": "ann" } });
    expect([keyed.hash_key, keyed.pick.certain]).toEqual(["ann", true]);
    const unkeyed = await explain("http://hash.example/");
    expect([unkeyed.hash_key, unkeyed.pick.certain]).toEqual(["", false]);
  });

  it("says which routes do not match, and how a split chose", async () => {
    const { route, passed, pool } = await explain("http://split.example/ab", { client_ip: "192.0.2.7" });
    expect(route.split).toMatchObject({
      client: "192.0.2.7",
      shares: [
        { pool: "spare", from: 0, to: 75 },
        { pool: "ordered", from: 75, to: 100 },
      ],
    });
    expect(pool).toBe(route.split.point < 75 ? "spare" : "ordered");
    expect(passed).toHaveLength(route.index);
    expect(passed[0]).toEqual({ index: 0, label: "mixed.example/*", by: "host" });
    expect(passed.at(-1)).toEqual({ index: route.index - 1, label: "split.example/a/*", by: "path" });
    expect((await explain("http://mixed.example/")).route.split).toBeNull();
    const nobody = await explain("http://nobody.example/");
    expect(nobody.passed).toHaveLength(route.index + 1);
  });

  it("names the answer that the client really gets", async () => {
    for (const [url, expected] of [
      ["http://nobody.example/", { status: 404, type: "no_route" }],
      ["http://none.example/", { status: 503, type: "no_origin_available" }],
      ["http://fall.example/", null],
    ] as const) {
      expect((await explain(url)).answer).toEqual(expected);
      if (expected === null) continue;
      const response = await exports.default.fetch(url);
      expect(await response.json()).toMatchObject(expected);
    }
  });

  it("follows the request over all pools of its route, up to the one that serves it", async () => {
    for (const pool of FULL) await fill(pool);
    const served = await explain("http://chain.example/", { client_ip: "192.0.2.7" });
    expect(served.steering).toMatchObject({ chosen: "full-a", next: "full-b" });
    expect(served.steering.after).toEqual(["full-b", "full-c", "ordered", "spare"]);
    expect([served.pool, served.pick, served.reasons]).toEqual([
      "full-a",
      null,
      { o0: "at_max_connections" },
    ]);
    expect(served.further.map(({ pool, pick }: Picked) => [pool, pick?.origin ?? null])).toEqual([
      ["full-b", null],
      ["full-c", null],
      ["ordered", "o0"],
    ]);
    expect([served.fallback.pool, served.answer]).toEqual(["full-b", null]);
    const refused = await explain("http://chain-full.example/", { client_ip: "192.0.2.7" });
    expect(refused.further.map(({ pool }: Picked) => pool)).toEqual(["full-b", "full-c"]);
    expect(refused.answer).toEqual({ status: 503, type: "no_origin_available" });
    expect((await explain("http://ordered.example/")).further).toEqual([]);
  });

  it("includes what isolates hold", async () => {
    // So long that the isolate asks the object anew, which may have been evicted since the last request.
    clock.skip(10_000);
    await (await exports.default.fetch("http://leased.example/")).text();
    const { lease, candidates } = await explain("http://leased.example/");
    expect(lease.isolates).toBe(1);
    expect(lease.cursor, "a range was given out").toBeGreaterThan(0);
    expect(candidates[0].rate_limit).toMatchObject({ limit: 40 });
    expect(candidates[0].rate_limit.granted).toBeGreaterThan(0);
    expect(candidates[0].max_connections).toBe(7);
  });

  it("changes nothing", async () => {
    const before = (await ask("GET /pools/ordered")).body;
    for (let i = 0; i < 5; i++) await explain("http://ordered.example/");
    const { pick, lease } = await explain("http://ordered.example/");
    expect([pick.origin, lease]).toEqual(["o0", { isolates: 0, cursor: 0, active_connections: 0 }]);
    expect((await ask("GET /pools/ordered")).body).toEqual(before);
    expect((await ask("GET /pools/ordered/events")).body.events).toHaveLength(2);
  });

  it("refuses an invalid request", async () => {
    for (const body of [{}, { url: "ftp://a/" }, { url: "x" }, { url: "http://a/", what: 1 }]) {
      expect((await ask("POST /explain", { body })).status).toBe(422);
    }
  });
});
