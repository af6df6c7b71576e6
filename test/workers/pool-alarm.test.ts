/**
 * What keeps a pool's object going, and what ends it: its alarm, the watchdog, a pool that is removed.
 */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CHECK, configure, newPool, origin, pool, report, stub, until, url } from "./pool-object.ts";
import { eventually } from "./test-clock.ts";

beforeEach(newPool);

describe("the alarm", () => {
  const document = () => ({ origins: [{ id: "a", url }], health_check: { ...CHECK, interval: 60 } });
  const alarmAt = () => runInDurableObject(stub(), (_, state) => state.storage.getAlarm());
  const lose = () => runInDurableObject(stub(), (_, state) => state.storage.deleteAlarm());

  afterEach(() => void vi.useRealTimers());

  // Set to the very time of the one that runs, it would never ring (workerd 1.20261117: the time is stored, and lost).
  it("is never set to the time of the running alarm, even if that came early and had nothing to do", async () => {
    await configure(document());
    await until(async () => (await origin()).last_probe !== null);
    const scheduledTime = (await alarmAt()) ?? 0;
    expect(scheduledTime).toBeGreaterThan(Date.now());
    await runInDurableObject(stub(), (object) =>
      object.alarm?.({ scheduledTime, isRetry: false, retryCount: 0 }),
    );
    expect(await alarmAt()).toBeGreaterThan(scheduledTime);
  });

  it("fires when something is due, not a fraction of a millisecond before, and sets the next one later", async () => {
    await configure(document());
    await runDurableObjectAlarm(stub());
    for (let round = 0; round < 5; round++) {
      const before = (await origin()).last_probe?.at;
      const at = (await alarmAt()) ?? 0;
      vi.useFakeTimers({ toFake: ["Date"] });
      vi.setSystemTime(at);
      await runDurableObjectAlarm(stub());
      expect((await origin()).last_probe?.at, "it was probed").toBeGreaterThan(
        before ?? Number.POSITIVE_INFINITY,
      );
      expect(await alarmAt()).toBeGreaterThan(at);
    }
  });

  it("is set anew by the watchdog if it was lost", async () => {
    await configure(document());
    await runDurableObjectAlarm(stub());
    await lose();
    await stub().wake();
    expect(await alarmAt()).toBeGreaterThan(0);
  });

  it("is set anew by traffic if it is long overdue", async () => {
    await configure(document());
    await runDurableObjectAlarm(stub());
    const at = (await alarmAt()) ?? 0;
    await lose();
    vi.useFakeTimers({ toFake: ["Date"] });
    vi.setSystemTime(at + 1_000);
    await stub().sync(report({}));
    expect(await alarmAt(), "it may only be late").toBeNull();
    vi.setSystemTime(at + 6_000);
    await stub().sync(report({}));
    expect(await alarmAt()).toBeGreaterThan(at);
  });

  it("runs for an object whose alarm is set but overdue", async () => {
    await configure({ origins: [{ id: "a", url }], health_check: { ...CHECK, interval: 3_600 } });
    await until(async () => (await origin()).last_probe !== null);
    const scheduledMs = (await alarmAt()) ?? 0;
    vi.useFakeTimers({ toFake: ["Date"] });
    vi.setSystemTime(scheduledMs + 6_000);
    await stub().wake();
    await eventually(async () => expect(await alarmAt()).not.toBe(scheduledMs));
  });
});

describe("a pool that is gone from KV", () => {
  afterEach(() => void vi.useRealTimers());

  it("is removed once KV cannot merely be late, stops its alarm, and comes back with its document", async () => {
    const document = { origins: [{ id: "a", url }], health_check: CHECK };
    await configure(document);
    await env.POOLS.delete(`pool:${pool}`);
    await stub().wake();
    expect((await stub().describe()).configured, "KV may be late").toBe(true);
    vi.useFakeTimers({ toFake: ["Date"] });
    const atMs = Date.now();
    // Nothing counts for a time in which nobody looked.
    for (let minutes = 1; minutes <= 10; minutes++) {
      expect((await stub().describe()).configured, `after ${minutes - 1} minutes`).toBe(true);
      vi.setSystemTime(atMs + minutes * 60_000);
      await stub().wake();
    }
    expect((await stub().describe()).configured).toBe(false);
    expect((await stub().sync(report({}))).configured).toBe(false);
    vi.useRealTimers();
    await runDurableObjectAlarm(stub());
    expect(await runDurableObjectAlarm(stub()), "no alarm is left").toBe(false);
    await configure(document);
    expect((await stub().describe()).configured).toBe(true);
  });
});
