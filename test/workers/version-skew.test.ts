/**
 * A deploy: for minutes, isolates and objects are of different versions. The old ones are played by what they said and
 * knew: reports and replies with the fields of the first contract alone, and objects without the later methods.
 */
import { beforeEach, describe, expect, it } from "vitest";
import type { PoolConfig } from "../../src/config/schema.ts";
import type { PoolSnapshot, SyncReply, SyncReport } from "../../src/contract/sync.ts";
import type { Wrapper } from "./wrapped-object.ts";
import { configure, lines, ORIGINS, object, stub, url, withWrappedPools } from "./wrapped-pool.ts";

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
    for (let i = 0; i < 6; i++) spent.push((await object.seen(url)).split(" ")[1]);
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
    for (let i = 0; i < 30; i++) seen.push((await object.seen(url)).slice(-1));
    expect(seen.join("")).toBe("012".repeat(10));
    expect(object.count("sync")).toBeLessThanOrEqual(8);
    expect(object.calls.filter((method) => method !== "sync")).toEqual([]);
  });

  it("ask for a strict pick once a second, not for each request", async () => {
    await start({ coordination: "strict" });
    for (let i = 0; i < 20; i++) await object.seen(url);
    expect(object.count("pick")).toBeLessThanOrEqual(2);
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
});
