/** What the admin API says of a candidate's state: why, since when and until when it is so, and who did it. */
import { runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { ask, origin } from "./admin-support.ts";
import { type Candidate, explain, live } from "./explain-support.ts";
import { eventually } from "./test-clock.ts";

beforeAll(async () => {
  const pools = {
    mixed: { origins: [origin("plain"), origin("off", { enabled: false }), origin("leaving")] },
    sick: {
      origins: [{ id: "gone", url: "http://127.0.0.1:1" }],
      health_check: { path: "/x", interval: 3_600, timeout: 60, unhealthy_threshold: 1 },
    },
    panicking: {
      origins: [{ id: "gone", url: "http://127.0.0.1:1" }],
      health_check: { path: "/x", interval: 3_600, timeout: 60, unhealthy_threshold: 1 },
      panic_threshold: 50,
    },
    failing: {
      origins: [live("o0", 0), { id: "gone", url: "http://127.0.0.1:1" }],
      outlier_detection: { consecutive_failures: 1 },
    },
  };
  for (const [id, body] of Object.entries(pools)) {
    expect((await ask(`PUT /pools/${id}`, { body })).status).toBe(201);
  }
  const routes = Object.keys(pools).map((pool) => ({ host: `${pool}.example`, pool }));
  expect((await ask("PUT /routes", { body: routes })).status).toBe(200);
  await ask("POST /pools/mixed/origins/leaving/drain");
});

describe("explaining a request", () => {
  it("gives the reason for an origin's state", async () => {
    const because = async (host: string, id: string) => {
      const { candidates } = await explain(`http://${host}.example/`);
      return candidates.find((candidate: Candidate) => candidate.id === id).because;
    };
    const now = Date.now();
    await ask("POST /pools/sick/check");
    await ask("POST /pools/panicking/check");
    const probe = (await ask("GET /pools/sick")).body.origins[0];
    expect(probe.last_probe.detail).not.toBe("");
    const unhealthy = { detail: probe.last_probe.detail, since: probe.since, until: null, who: null };
    expect(await because("sick", "gone")).toEqual(unhealthy);
    expect((await explain("http://panicking.example/")).candidates[0]).toMatchObject({
      kept: true,
      because: { detail: probe.last_probe.detail },
    });
    const draining = await because("mixed", "leaving");
    expect(draining).toMatchObject({ detail: null, who: "admin" });
    expect(draining.since).toBeGreaterThan(now - 60_000);
    expect(draining.until).toBe(draining.since + 300_000);
    expect(await because("mixed", "plain"), "nothing is the matter").toBeNull();
    expect(await because("mixed", "off"), "its state says it all").toBeNull();
  });

  it("names who drained an origin while it is drained, even after its events were removed", async () => {
    await runInDurableObject(env.UPSTREAM_POOL.getByName("mixed"), (_pool, { storage }) => {
      storage.sql.exec("DELETE FROM events");
    });
    const described = (await ask("GET /pools/mixed")).body.origins;
    const { drained_by, drained_since } = described.find(({ id }: Candidate) => id === "leaving");
    const { candidates } = await explain("http://mixed.example/");
    const { because } = candidates.find(({ id }: Candidate) => id === "leaving");
    expect([because.who, because.since]).toEqual(["admin", drained_since]);
    expect(drained_by).toBe("admin");
  });

  it("says by which failures an origin is ejected, and until when", async () => {
    for (let i = 0; i < 4; i++) await (await exports.default.fetch("http://failing.example/")).text();
    const ejected = await eventually(async () => {
      const { candidates } = await explain("http://failing.example/");
      expect(candidates[1]).toMatchObject({ id: "gone", kept: false, reason: "ejected" });
      return candidates[1].because;
    });
    expect(ejected.detail).toMatch(/^consecutive failures; \d+ x no connection in the last 5 min$/);
    expect(ejected.until - ejected.since).toBe(30_000);
  });
});
