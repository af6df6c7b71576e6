/**
 * A deploy: for minutes, isolates and objects are of different versions. The old ones are played by what they said and
 * knew: reports and replies with the fields of the first contract alone, and objects without the later methods.
 */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import type { PoolConfig } from "../../src/config/schema.ts";
import type { PoolSnapshot, SyncReply, SyncReport } from "../../src/contract/sync.ts";
import { clock } from "./test-clock.ts";
import { WrappedObject, type Wrapper } from "./wrapped-object.ts";
import { configure, lines, ORIGINS, object, pool, stub, url, withWrappedPools } from "./wrapped-pool.ts";

withWrappedPools("skew");

async function start(more: Record<string, unknown> = {}): Promise<void> {
  await configure(more);
  await stub().wake();
}

/** What an isolate of the first version says: no more than these fields. */
const FIRST_REPORT: SyncReport = {
  isolate: "old-isolate",
  sequence: 1,
  snapshot: 0,
  active: { a: 1 },
  origins: {
    a: {
      outcomes: { success: 3, timeout: 1 },
      failures_in_row: 1,
      had_success: true,
      retries: 1,
      rate_limited: 0,
      latency: [[145, 3]],
    },
  },
  demand: { requests: 4, elapsed_ms: 1_000 },
  cursor: { want: 8, returned: [] },
};

describe("an object of today and an isolate of the first version", () => {
  it.each([
    ["leased", {}],
    ["strict", { coordination: "strict" }],
    ["limited", { rate_limit: 50 }],
    ["sticky", { sticky: true }],
  ])("understand each other about a %s pool", async (_name, more) => {
    await start(more);
    const reply = await stub().sync(FIRST_REPORT);
    expect(reply).toMatchObject({
      cursor: { start: 0, end: 8 },
      active: {},
      next_sync_ms: expect.any(Number),
      configured: true,
    });
    expect(reply.snapshot?.config.origins.map(({ id }) => id)).toEqual(["a", "b", "c"]);
    expect(Object.values(reply.snapshot?.origins ?? {}).every((state) => state.healthy)).toBe(true);
    expect(reply).not.toHaveProperty("rates");
    const stats = await stub().stats();
    expect([stats.requests, stats.errors, stats.sync.failed, stats.active_connections]).toEqual([4, 1, 0, 1]);
  });

  it("share a pool with isolates of today, and its cursor", async () => {
    await start();
    const old = await stub().sync(FIRST_REPORT);
    const spent: (string | undefined)[] = [];
    await clock.still(async () => {
      for (let i = 0; i < 6; i++) spent.push((await object.seen(url)).split(" ")[1]);
    });
    expect(old.cursor).toEqual({ start: 0, end: 8 });
    expect(spent, "positions 8 to 13").toEqual(["o2", "o0", "o1", "o2", "o0", "o1"]);
  });
});

/** What an object of the first version knows to answer; `config` as its schema had it. */
function firstReply(reply: SyncReply): SyncReply {
  const { snapshot, cursor, active, next_sync_ms, configured } = reply;
  return { snapshot: snapshot && firstSnapshot(snapshot), cursor, active, next_sync_ms, configured };
}

function firstSnapshot({ version, config, origins }: PoolSnapshot): PoolSnapshot {
  return { version, config: withoutLaterFields(config), origins };
}

/** Fields with a default may all have come later than an object that is still running. */
function withoutLaterFields(config: PoolConfig): PoolConfig {
  const { algorithm, coordination, rate_limit, sticky } = config;
  const origins = config.origins.map(({ id, url: base, weight }) => ({ id, url: base, weight }));
  return { algorithm, coordination, rate_limit, sticky, origins } as unknown as PoolConfig;
}

/** The object as it was: it answers `sync` alone, and knows no other method. */
const firstObject: Wrapper = async (call, method) => {
  if (method === "sync") return firstReply((await call()) as SyncReply);
  throw new TypeError(`The RPC receiver does not implement the method "${method}".`);
};

describe("an isolate of today and an object of the first version", () => {
  beforeEach(() => {
    object.wrapper = firstObject;
  });

  it.each([
    ["leased", {}],
    ["weighted", { algorithm: "weighted_round_robin" }],
    ["hashing", { algorithm: "consistent_hash" }],
    ["load-based", { algorithm: "least_connections" }],
    ["strict", { coordination: "strict" }],
    ["limited", { rate_limit: 1_000 }],
    ["sticky by cookie", { sticky: true }],
    ["sticky by address", { sticky: { method: "ip" } }],
  ])("serve a %s pool", async (_name, more) => {
    await start(more);
    for (let i = 0; i < 12; i++) expect(await object.seen(url)).toMatch(/^200 /);
    expect(lines.filter(({ event }) => event === "internal_error")).toEqual([]);
    expect(lines.filter(({ event }) => event === "sync_failed")).toEqual([]);
  });

  it("keep the exact order, and make no more calls because of missing answers", async () => {
    await start();
    const seen: string[] = [];
    await clock.still(async () => {
      for (let i = 0; i < 30; i++) seen.push((await object.seen(url)).slice(-1));
    });
    expect(seen.join("")).toBe("012".repeat(10));
    expect(object.count("sync")).toBeLessThanOrEqual(8);
    expect(object.calls.filter((method) => method !== "sync")).toEqual([]);
  });

  it("ask for a strict pick once a second, not for each request", async () => {
    await start({ coordination: "strict" });
    await clock.still(async () => {
      for (let second = 1; second <= 3; second++) {
        for (let i = 0; i < 20; i++) await object.seen(url);
        expect(object.count("pick")).toBe(second);
        clock.skip(1_500);
      }
    });
  });

  it("hold a limit in each isolate, and ask for no tokens", async () => {
    await start({ rate_limit: 5, origins: ORIGINS.slice(0, 1) });
    const seen = await Promise.all(Array.from({ length: 20 }, () => object.seen(url)));
    expect(seen.filter((answer) => answer.startsWith("200")).length).toBeLessThanOrEqual(10);
    expect(seen.filter((answer) => answer.startsWith("200")).length).toBeGreaterThanOrEqual(5);
    expect(object.count("acquire")).toBe(0);
  });
});

describe("an isolate of today and an object of tomorrow", () => {
  it("ignore each other's unknown fields", async () => {
    await start();
    object.wrapper = async (call) => {
      const reply = (await call()) as SyncReply;
      const { snapshot } = reply;
      const origins = snapshot?.config.origins.map((origin) => ({ ...origin, colour: "red" }));
      const config = { ...snapshot?.config, origins, gravity: { g: 9.81 } };
      return { ...reply, snapshot: snapshot && { ...snapshot, config, moon: 1 }, weather: "fair" };
    };
    for (let i = 0; i < 6; i++) expect(await object.seen(url)).toMatch(/^200 /);
    const report = { ...FIRST_REPORT, weather: "fair" } as SyncReport;
    expect((await stub().sync(report)).configured).toBe(true);
  });

  describe("that has put values into the snapshot which the isolate does not know", () => {
    /** What the object of tomorrow gives out. @param more fields of the configuration, in part of tomorrow */
    const tomorrow =
      (more: Record<string, unknown>): Wrapper =>
      async (call, method) => {
        const reply = (await call()) as SyncReply;
        if (method !== "sync" || reply.snapshot === null) return reply;
        return { ...reply, snapshot: { ...reply.snapshot, config: { ...reply.snapshot.config, ...more } } };
      };

    it.each([
      ["algorithm", { algorithm: "gravity" }],
      ["coordination", { coordination: "telepathy" }],
      ["method of sessions", { sticky: { method: "token", ttl: 60, cookie_name: "t" } }],
      ["form of sessions", { sticky: "token" }],
      ["key", { algorithm: "consistent_hash", hash_key: { any_of: ["path"] } }],
      ["retry rule", { failover: { max_attempts: 2, retry_on: ["early_hint"], attempt_timeout: "short" } }],
    ])("goes on by defaults where a cold one does not know the %s", async (_name, more) => {
      await start();
      object.wrapper = tomorrow(more);
      const seen = [];
      for (let i = 0; i < 6; i++) seen.push(await object.seen(url));
      expect(seen).toEqual(["200 o0", "200 o1", "200 o2", "200 o0", "200 o1", "200 o2"]);
      expect(lines.filter(({ event }) => event === "internal_error")).toEqual([]);
    });

    it("goes on by what it knew, but takes over what it understands", async () => {
      await start({ algorithm: "first", rate_limit: 1_000 });
      expect(await object.seen(url)).toBe("200 o0");
      // No call is under way that the object of today answers.
      await clock.pass(object.settle());
      object.wrapper = tomorrow({ algorithm: "gravity" });
      await stub().drain("a");
      // Not until the second origin answers, which may have the first token that is to be had.
      await clock.until(async () => {
        expect(await object.seen(url)).toMatch(/^200 /);
        expect(lines.map(({ event }) => event)).toContain("snapshot_not_understood");
      });
      for (let i = 0; i < 5; i++) expect(await object.seen(url)).toBe("200 o1");
      expect(lines.filter(({ event }) => event === "snapshot_not_understood")).toMatchObject([
        { event: "snapshot_not_understood", pool, detail: "algorithm" },
      ]);
    });

    it("goes on with the last snapshot where it can use nothing of the next", async () => {
      await start();
      expect(await object.seen(url)).toBe("200 o0");
      await clock.pass(object.settle());
      object.wrapper = tomorrow({ origins: [{ id: "a", url: "a place in space" }] });
      await stub().drain("b");
      await clock.until(async () => {
        expect(await object.seen(url)).toMatch(/^200 /);
        expect(lines.map(({ event }) => event)).toContain("sync_failed");
      });
      for (let i = 0; i < 4; i++) expect(await object.seen(url)).toMatch(/^200 /);
    });

    it("answers 503 where it has no other and KV has none that it can use", async () => {
      await start();
      object.wrapper = tomorrow({ origins: [{ id: "a", url: "a place in space" }] });
      await env.POOLS.put(`pool:${pool}`, JSON.stringify({ origins: ORIGINS, algorithm: "gravity" }));
      const answer = await object.ask(url);
      expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"]);
      expect(await answer.json()).toMatchObject({ type: expect.stringMatching(/unavailable|available/) });
      expect(lines.map(({ event }) => event)).toContain("sync_failed");
    });
  });

  it("keep the routes that the isolate has where it does not understand the next; a cold one says 503", async () => {
    await start();
    expect(await object.seen(url)).toBe("200 o0");
    const cold = new WrappedObject({ ROUTE_TABLE: { getByName: () => ({}) } });
    const routes = [{ host: `${pool}.example`, orbit: pool }];
    await env.POOLS.put("routes", JSON.stringify(routes), { metadata: { updated_at: Date.now() } });
    const answer = await cold.ask(url);
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(await answer.json()).toMatchObject({ type: expect.stringContaining("config_unavailable") });
    await clock.until(async () => {
      expect(await object.seen(url)).toMatch(/^200 /);
      expect(lines.filter(({ event }) => event === "routes_refused")).toHaveLength(2);
    });
    await cold.settle();
  });
});
