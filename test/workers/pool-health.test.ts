/**
 * What a pool's object knows of its origins: health, ejections, drains, through evictions and configurations.
 */
import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { failures } from "../support/origin-reports.ts";
import {
  CHECK,
  configure,
  kinds,
  newPool,
  origin,
  other,
  pool,
  report,
  stub,
  until,
  url,
} from "./pool-object.ts";
import { clock } from "./test-clock.ts";

beforeEach(newPool);

const lost = (count: number) => failures("connect_failure", count);

describe("the object's knowledge of origins", () => {
  it("survives its eviction: health, streaks, drains, ejections, events, versions", async () => {
    await configure({
      origins: ["a", "b", "c", "d"].map((id) => ({ id, url })),
      health_check: { ...CHECK, path: "/?status=500", unhealthy_threshold: 1, interval: 3_600 },
      outlier_detection: {},
    });
    await until(async () => (await origin()).status === "unhealthy");
    await configure({
      origins: ["a", "b", "c", "d"].map((id) => ({ id, url })),
      health_check: { ...CHECK, path: "/?status=200", interval: 3_600, healthy_threshold: 3 },
      outlier_detection: {},
    });
    await stub().drain("b");
    const before = await stub().describe();
    const events = await kinds();
    await evictDurableObject(stub());
    const after = await stub().describe();
    expect(after.origins.map(({ last_probe: _, ...rest }) => rest)).toEqual(
      before.origins.map(({ last_probe: _, ...rest }) => rest),
    );
    expect(after.snapshot_version).toBe(before.snapshot_version);
    expect(after.config_version).toBe(2);
    expect(await kinds()).toEqual(events);
    expect((await origin("b")).draining).toBe(true);
  });

  it("includes ejections by live traffic, which a passing check ends", async () => {
    await configure({
      origins: ["a", "b"].map((id) => ({ id, url })),
      outlier_detection: { consecutive_failures: 3 },
    });
    await stub().sync(report({ a: lost(2) }));
    expect((await origin()).ejected).toBe(false);
    await stub().sync(report({ a: lost(1) }));
    expect((await origin()).ejected).toBe(true);
    await evictDurableObject(stub());
    expect((await origin()).ejected).toBe(true);
    await configure({
      origins: ["a", "b"].map((id) => ({ id, url })),
      outlier_detection: { consecutive_failures: 3 },
      health_check: CHECK,
    });
    await until(async () => !(await origin()).ejected);
    expect(await kinds()).toEqual(["- config_applied", "a ejected", "- config_applied", "a unejected"]);
  });

  it("counts a repeated report once, and never ejects the last origin", async () => {
    await configure({
      origins: ["a", "b"].map((id) => ({ id, url })),
      outlier_detection: { consecutive_failures: 3 },
    });
    const twice = report({ a: lost(2) });
    await stub().sync(twice);
    await stub().sync(twice);
    expect((await origin()).ejected).toBe(false);
    await stub().sync(report({ a: lost(9) }));
    await stub().sync(report({ b: lost(9) }));
    expect([(await origin("a")).ejected, (await origin("b")).ejected]).toEqual([true, false]);
    expect((await kinds()).at(-1)).toBe("b not_ejected");
  });
});

describe("configuration", () => {
  it("that is bad never replaces a good one", async () => {
    await configure({ origins: [{ id: "a", url }] });
    await configure({ origins: "none" });
    const { config, config_error } = await stub().describe();
    expect(config?.origins.length).toBe(1);
    expect(config_error).toContain("origins: must be");
  });

  it("never flips back to an older document that KV still shows", async () => {
    await configure({ origins: [{ id: "a", url, weight: 2 }] }, 2_000);
    await configure({ origins: [{ id: "a", url, weight: 1 }] }, 1_000);
    expect((await stub().describe()).config?.origins[0]?.weight).toBe(2);
    // Unmarked, as `wrangler kv key put` writes it: what was in force a moment ago is KV's past.
    await configure({ origins: [{ id: "a", url, weight: 3 }] }, 3_000);
    await env.POOLS.put(`pool:${pool}`, JSON.stringify({ origins: [{ id: "a", url, weight: 2 }] }));
    await stub().wake();
    expect((await stub().describe()).config?.origins[0]?.weight).toBe(3);
    await env.POOLS.put(`pool:${pool}`, JSON.stringify({ origins: [{ id: "a", url, weight: 4 }] }));
    await stub().wake();
    expect((await stub().describe()).config?.origins[0]?.weight).toBe(4);
  });

  it("keeps the state of an origin when its weight or url changes", async () => {
    const check = { ...CHECK, path: "/?status=500", unhealthy_threshold: 1, interval: 3_600 };
    await configure({ origins: [{ id: "a", url }], health_check: check });
    await until(async () => (await origin()).status === "unhealthy");
    await configure({ origins: [{ id: "a", url: other, weight: 7 }], health_check: check });
    expect((await origin()).status).toBe("unhealthy");
  });
});

describe("slow start", () => {
  it("gives an origin that came back a growing share of its weight", async () => {
    const check = { ...CHECK, unhealthy_threshold: 1, interval: 3_600 };
    const origins = ["a", "b"].map((id) => ({ id, url }));
    const bad = { port: 1 };
    await configure({ origins, slow_start: 60 });
    await stub().drain("a");
    await stub().undrain("a");
    const weights = (await stub().describe()).origins.map(({ weight_factor }) => weight_factor);
    expect(weights).toEqual([0.1, 1]);
    await configure({ origins, slow_start: 60, health_check: { ...check, ...bad } });
    await until(async () => (await origin("b")).status === "unhealthy");
    expect((await origin("a")).weight_factor, "nobody is left to spare it").toBe(1);
  });
});

describe("slow start of all that serve together", () => {
  const factors = async () => {
    const { origins } = await stub().describe();
    return Object.fromEntries(origins.map(({ id, weight_factor }) => [id, weight_factor]));
  };

  it.each([
    ["a backup", { backup: true }],
    ["a disabled origin", { enabled: false }],
    ["one of weight 0", { weight: 0 }],
  ])("is lifted beside %s, which takes nothing of theirs", async (_, other) => {
    const origins = ["a", "b", "c"].map((id) => ({ id, url, ...(id === "c" ? other : {}) }));
    await configure({ origins, slow_start: 60 });
    for (const id of ["a", "b"]) await stub().drain(id);
    for (const id of ["a", "b"]) await stub().undrain(id);
    expect(await factors()).toEqual({ a: 1, b: 1, c: 1 });
  });

  it("is lifted beside one that drains", async () => {
    await configure({ origins: ["a", "b", "c"].map((id) => ({ id, url })), slow_start: 60 });
    for (const id of ["a", "b", "c"]) await stub().drain(id);
    for (const id of ["a", "b"]) await stub().undrain(id);
    expect(await factors()).toEqual({ a: 1, b: 1, c: 1 });
  });

  it("is a backup's own: one that came back alone starts slowly among backups", async () => {
    const origins = ["a", "b", "c"].map((id) => ({ id, url, backup: id !== "a" }));
    await configure({ origins, slow_start: 60 });
    await stub().drain("b");
    await stub().undrain("b");
    expect(await factors()).toEqual({ a: 1, b: 0.1, c: 1 });
  });
});

describe("draining", () => {
  /** In 3 s at most, when every isolate has heard of it. */
  async function drained(id: string): Promise<void> {
    clock.skip(3_000);
    await until(async () => (await origin(id)).drained);
  }

  it("ends at once when nothing is left, and is undone by undrain", async () => {
    await configure({ origins: ["a", "b"].map((id) => ({ id, url })) });
    await stub().sync(report({}, { active: { a: 1 } }));
    expect(await stub().drain("a")).toBe("changed");
    expect(await stub().drain("a"), "a second time").toBe("unchanged");
    await runDurableObjectAlarm(stub());
    expect((await origin()).drained).toBe(false);
    expect((await origin()).active_connections).toBe(1);
    await stub().sync(report({}, { active: {} }));
    await drained("a");
    expect(await stub().undrain("a")).toBe("changed");
    expect(await kinds()).toEqual(["- config_applied", "a drain_started", "a drained", "a undrained"]);
  });

  const document = (...ids: string[]) => ({ origins: ids.map((id) => ({ id, url })) });
  const ids = async () => (await stub().describe()).origins.map(({ id }) => id);

  it("that is over lets an origin go at once when it leaves the configuration", async () => {
    await configure(document("a", "b"));
    await stub().drain("a");
    await drained("a");
    await configure(document("b"), Date.now() + 1);
    expect(await ids()).toEqual(["b"]);
    expect(await kinds()).toContain("a removed");
  });

  it("of an origin that is being removed is ended by the configuration alone, not by undrain", async () => {
    await configure(document("a", "b"));
    await stub().sync(report({}, { active: { a: 1 } }));
    await configure(document("b"), Date.now() + 1);
    expect(await origin()).toMatchObject({ draining: true, removing: true });
    expect(await stub().undrain("a")).toBe("unchanged");
    expect(await origin()).toMatchObject({ draining: true, removing: true });
    await configure(document("a", "b"), Date.now() + 2);
    expect(await origin()).toMatchObject({ draining: false, removing: false });
    expect((await kinds()).filter((kind) => kind.startsWith("a "))).toEqual([
      "a drain_started",
      "a undrained",
    ]);
  });
});
