/** The live facts and the previews, as the dashboard asks for them. */
import { env } from "cloudflare:workers";
import { describe, expect, inject, it, vi } from "vitest";
import { ENDPOINTS } from "../../src/admin/endpoints/all.ts";
import type { LiveOrigin, LivePool } from "../../src/contract/live.ts";
import type { SyncReport } from "../../src/contract/sync.ts";
import { ask, origin, TOKENS } from "./admin-support.ts";
import { clock, eventually } from "./test-clock.ts";

let made = 0;
async function pool(fields: object): Promise<string> {
  const id = `live${made++}`;
  expect((await ask(`PUT /pools/${id}`, { body: fields })).status).toBe(201);
  return id;
}

async function live(id: string, query = ""): Promise<LivePool> {
  const { status, body } = await ask(`GET /live?pool=${id}${query}`, { token: TOKENS.read });
  expect(status).toBe(200);
  return body.pools[0];
}

async function origins(id: string): Promise<Record<string, LiveOrigin>> {
  return Object.fromEntries((await live(id)).origins.map((each) => [each.id, each]));
}

/** What an isolate would report: so many successes and failures at each origin. */
async function report(id: string, counts: Record<string, [good: number, bad: number]>): Promise<void> {
  const reported: SyncReport = {
    isolate: "test",
    sequence: ++made,
    snapshot: 0,
    active: { a: 2 },
    origins: Object.fromEntries(
      Object.entries(counts).map(([name, [success, timeout]]) => [
        name,
        {
          outcomes: { success, timeout },
          failures_in_row: 0,
          had_success: true,
          retries: timeout,
          rate_limited: 1,
          latency: [],
        },
      ]),
    ),
    demand: { requests: 1, elapsed_ms: 1_000 },
    cursor: { want: 0, returned: [] },
  };
  await env.UPSTREAM_POOL.getByName(id).sync(reported);
}

const THREE = [origin("a", { weight: 3 }), origin("b", { rate_limit: 10 }), origin("c", { backup: true })];

describe("live", () => {
  it("shows the traffic of the last seconds, and each origin's real and expected share", async () => {
    const id = await pool({ algorithm: "weighted_round_robin", origins: THREE });
    await report(id, { a: [60, 0], b: [15, 5] });
    const seen = await live(id);
    expect(seen).toMatchObject({
      pool: id,
      configured: true,
      config_version: 1,
      algorithm: "weighted_round_robin",
      sticky: null,
      checked: false,
      panic: false,
      origin_count: 3,
      eligible_count: 2,
      error_rate: 5 / 80,
      active_connections: 2,
    });
    // Counted over one to twenty seconds.
    expect(seen.requests_per_second).toBeGreaterThanOrEqual(80 / 20);
    expect(seen.requests_per_second).toBeLessThanOrEqual(80);
    expect(seen.retries_per_second / seen.requests_per_second).toBeCloseTo(5 / 80);
    const { a, b, c } = await origins(id);
    expect([a?.share, a?.expected_share, a?.rate_limit, a?.active_connections]).toEqual([
      0.75,
      0.75,
      null,
      2,
    ]);
    expect([b?.share, b?.expected_share, b?.rate_limit?.limit, b?.error_rate]).toEqual([
      0.25, 0.25, 10, 0.25,
    ]);
    expect([c?.share, c?.expected_share, c?.backup, c?.eligible]).toEqual([0, 0, true, false]);
  });

  it("has the expected shares of each algorithm", async () => {
    const expected = async (fields: object): Promise<unknown[]> => {
      const seen = await live(await pool({ origins: THREE, ...fields }));
      return seen.origins.map(({ expected_share }) => expected_share);
    };
    expect(await expected({ algorithm: "round_robin" })).toEqual([0.5, 0.5, 0]);
    expect(await expected({ algorithm: "random" })).toEqual([0.75, 0.25, 0]);
    expect(await expected({ algorithm: "peak_ewma" })).toEqual([null, null, null]);
    expect(await expected({ algorithm: "p2c", sticky: { method: "ip" } })).toEqual([0.75, 0.25, 0]);
  });

  it("follows a drain, with its beginning and its end, and hands its share to the others", async () => {
    const id = await pool({ algorithm: "weighted_round_robin", origins: THREE, drain_timeout: 60 });
    // A millisecond passes between any two looks at the clock, as it may on a busy machine.
    let nowMs = Date.now();
    const clock = vi.spyOn(Date, "now").mockImplementation(() => nowMs++);
    await ask(`POST /pools/${id}/origins/a/drain`);
    clock.mockRestore();
    const { a, b } = await origins(id);
    expect([a?.draining, a?.eligible, a?.expected_share, b?.expected_share]).toEqual([true, false, 0, 1]);
    expect((a?.drain_deadline ?? 0) - (a?.drain_started ?? 0)).toBe(60_000);
    expect([a?.drained_by, (a?.drained_since ?? 0) - (a?.drain_started ?? 0)]).toEqual(["admin", 0]);
    expect([b?.drained_by, b?.drained_since]).toEqual([null, null]);
    const seen = await live(id, "&events=1");
    expect(seen.events.map(({ kind }) => kind)).toEqual(["audit"]);
  });

  it("shows how attempts fail, and the attempts' time-out", async () => {
    const id = await pool({ origins: THREE, failover: { attempt_timeout: 4 } });
    await report(id, { a: [3, 1], b: [2, 0] });
    const { a, b } = await origins(id);
    expect([a?.failures, b?.failures]).toEqual([{ timeouts: 0.25 }, {}]);
    const seen = await live(id);
    expect(seen.attempt_timeout).toBe(4);
    expect(seen.failures?.timeouts).toBeCloseTo(1 / 6);
  });

  it("shows at most the requested number of origins, those with problems first", async () => {
    const id = await pool({
      origins: [origin("a"), origin("b"), origin("c", { enabled: false }), origin("d")],
    });
    await ask(`POST /pools/${id}/origins/d/drain`);
    const few = await live(id, "&origins=2");
    expect(few.origins.map((each) => each.id)).toEqual(["d", "a"]);
    expect([few.origin_count, few.eligible_count]).toEqual([4, 2]);
    const named = await live(id, "&origins=2&origin=b");
    expect(named.origins.map((each) => each.id)).toEqual(["b", "d"]);
    expect((await live(id)).origins.map((each) => each.id)).toEqual(["a", "b", "c", "d"]);
  });

  it("shows all pools, also those with a refused configuration, and no others", async () => {
    await env.POOLS.put("pool:broken", '{ "origins": 1 }');
    // Nobody told of it, so it is found when KV is next asked for a list, in five minutes at most.
    clock.skip(300_000);
    const broken = await eventually(async () => {
      const { body } = await ask("GET /live?origins=1&events=0", { token: TOKENS.read });
      const found = body.pools.find((each: { pool: string }) => each.pool === "broken");
      expect(found).toBeDefined();
      return found;
    });
    expect([broken.configured, broken.config_error]).toEqual([false, expect.stringContaining("origins")]);
    expect((await ask("GET /live?pool=nobody")).status).toBe(404);
    expect((await ask("GET /live?origins=x")).status).toBe(400);
  });

  it("answers in the form that the OpenAPI document gives", async () => {
    // Real ones: they are probed.
    const origins = THREE.map((each, i) => ({ ...each, url: inject("origins")[i] }));
    const id = await pool({ origins, sticky: true, health_check: {}, outlier_detection: {} });
    await report(id, { a: [1, 1] });
    const { answer } = ENDPOINTS.find(({ path }) => path === "/live") ?? {};
    const { body } = await ask(`GET /live?pool=${id}`);
    // What the form does not name would be missing.
    expect(answer?.safeParse(body).data).toEqual(body);
  });
});

describe("history since a time", () => {
  it("leaves out what is older", async () => {
    const id = await pool({ origins: THREE });
    const all = await ask(`GET /pools/${id}/history?since=0`);
    expect([all.status, all.body.buckets]).toEqual([200, []]);
    expect((await ask(`GET /pools/${id}/history?since=-1`)).status).toBe(400);
  });
});

describe("a preview", () => {
  it("says what a document would change, and changes nothing", async () => {
    const id = await pool({ origins: THREE });
    const next = { origins: [...THREE.slice(0, 2), origin("d")], drain_timeout: 5 };
    const { status, body } = await ask(`POST /pools/${id}/preview`, { body: next, token: TOKENS.read });
    expect(status).toBe(200);
    expect([body.version, body.etag]).toEqual([1, '"v1"']);
    expect(body.changes.map(({ path }: { path: string }) => path).sort()).toEqual([
      "drain_timeout",
      "origins[c]",
      "origins[d]",
    ]);
    expect((await ask(`GET /pools/${id}`)).etag).toBe('"v1"');
  });

  it("refuses what the write would refuse, in the same words", async () => {
    const id = await pool({ origins: THREE });
    const bad = { origins: [origin("a", { wieght: 2 })], algorithm: "fastest" };
    const preview = await ask(`POST /pools/${id}/preview`, { body: bad });
    const write = await ask(`PUT /pools/${id}`, { body: bad });
    expect(preview.status).toBe(422);
    expect(preview.body.errors).toEqual(write.body.errors);
    expect((await ask("POST /pools/No-Id/preview", { body: bad })).status).toBe(422);
  });

  it("of a new pool shows all of its fields", async () => {
    const { body } = await ask("POST /pools/unborn/preview", { body: { origins: THREE } });
    expect([body.version, body.changes]).toEqual([0, [{ path: "origins", after: THREE }]]);
  });

  it("warns of settings that are valid but probably not intended", async () => {
    const still = { origins: [origin("a", { weight: 0 })] };
    const pools = await ask("POST /pools/unborn/preview", { body: still });
    expect(pools.body.warnings.length).toBeGreaterThan(0);
    expect(pools.body.warnings[0].path).toMatch(/^pools\.unborn/);
    const id = await pool({ origins: THREE });
    const body = [{ pool: id }, { path: "/never/*", pool: id }];
    const routes = await ask("POST /routes/preview", { body });
    expect(routes.body.warnings).toEqual([
      { path: "routes[1]", message: expect.stringContaining("no request reaches this route") },
    ]);
  });

  it("of routes checks that their pools exist", async () => {
    const id = await pool({ origins: THREE });
    const good = await ask("POST /routes/preview", { body: [{ path: "/x/*", pool: id }] });
    expect([good.status, good.body.changes.length]).toEqual([200, 1]);
    const bad = await ask("POST /routes/preview", { body: [{ pool: "nowhere" }] });
    expect([bad.status, bad.body.errors[0].path]).toEqual([422, "routes[0].pool"]);
    expect((await ask("GET /routes")).body.routes).toEqual([]);
  });
});
