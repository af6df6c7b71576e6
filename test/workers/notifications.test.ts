/**
 * Notifications that nobody takes, and what is said of them.
 */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { PoolEvent } from "../../src/contract/events.ts";
import { PoolStore } from "../../src/pool/storage/store.ts";
import { ask } from "./admin-support.ts";
import { parseExposition } from "./exposition-parser.ts";
import { Bill } from "./object-bill.ts";
import { CHECK, configure, newPool, pool, stub, url } from "./pool-object.ts";
import { eventually } from "./test-clock.ts";

beforeEach(() => {
  newPool();
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** A pool whose one origin falls ill at its first check. */
const sick = (notify_url: string) => ({
  origins: [{ id: "a", url }],
  health_check: { ...CHECK, path: "/?status=500", unhealthy_threshold: 1, interval: 3_600 },
  notify_url,
});

const given = async () => (await stub().events()).filter(({ kind }) => kind === "notify_failed");

/** Alarms ring until a notification is given up. */
async function tried(): Promise<void> {
  const bill = await Bill.of(stub());
  await eventually(async () => {
    if ((await bill.alarmAt()) !== null) await bill.ring();
    expect((await given()).length).toBeGreaterThan(0);
  });
}

/** What the object has still to send. */
function unsent(): Promise<readonly unknown[]> {
  return runInDurableObject(stub(), (_object, { storage }) =>
    new PoolStore(storage.sql).get("notifications"),
  );
}

/** Waits for events to be sent to `receiver`, while alarms ring. */
class Receiver {
  readonly url = `${url}/hook`;
  readonly #fetched = vi.spyOn(globalThis, "fetch");

  /** What it was sent, each `kind: detail`. */
  get sent(): string[] {
    return this.#fetched.mock.calls
      .filter(([to]) => to === this.url)
      .map(([, init]) => JSON.parse(String(init?.body)) as PoolEvent)
      .map(({ kind, detail }) => `${kind}: ${detail}`);
  }

  /** The object knows that they were taken, too: evicted before, it would send them again, as it must. */
  async gets(...events: string[]): Promise<void> {
    const bill = await Bill.of(stub());
    await eventually(async () => {
      if ((await bill.alarmAt()) !== null) await bill.ring();
      expect(this.sent).toEqual(events);
      expect(await unsent()).toEqual([]);
    });
  }
}

describe("a notification", () => {
  it("that a pool is unavailable is sent once, though the object is evicted before", async () => {
    const receiver = new Receiver();
    const notify_on = ["pool_unavailable", "pool_available"];
    await configure({ origins: [{ id: "a", url }], notify_url: receiver.url, notify_on, return_delay: 0 });
    const split = [pool, "another"].map((id) => ({ pool: id, weight: 1 }));
    await ask("PUT /pools/another", { body: { origins: [{ id: "a", url }] } });
    await ask("PUT /routes", { body: [{ split }] });
    await eventually(async () => expect((await stub().summary()).status).not.toBeNull());
    await stub().drain("a");
    await evictDurableObject(stub());
    await receiver.gets("pool_unavailable: 0 of 1 origins");
    await evictDurableObject(stub());
    await stub().undrain("a");
    await receiver.gets(
      "pool_unavailable: 0 of 1 origins",
      "pool_available: 1 of 1 origins, takes all of its clients",
    );
  });

  it.each([
    ["at once", false],
    ["though the object is evicted before", true],
  ])("that the pool was removed, and by whom, is sent %s", async (_when, isEvicted) => {
    const receiver = new Receiver();
    const notify_on = ["config_applied", "audit"];
    await configure({ origins: [{ id: "a", url }], notify_url: receiver.url, notify_on });
    await receiver.gets("config_applied: version 1");
    await stub().removePool({ who: "test", what: "delete" });
    if (isEvicted) await evictDurableObject(stub());
    await receiver.gets("config_applied: version 1", "config_applied: the pool was removed", "audit: delete");
    expect((await stub().events()).map(({ kind, detail }) => `${kind}: ${detail}`)).toEqual([
      "audit: delete",
      "config_applied: the pool was removed",
    ]);
  });
});

describe("a notification that is given up", () => {
  it("is an event with its reason, a log line, and counted in the metrics", async () => {
    const lines: string[] = [];
    vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
    await configure(sick(`${url}/?status=500`));
    await env.POOLS.put("routes", JSON.stringify([{ pool }]));
    const metric = async () =>
      parseExposition((await ask("GET /metrics")).body).find(
        ({ name, labels }) => name === "lb_pool_notify_failed_total" && labels.pool === pool,
      )?.value;
    expect(await metric()).toBe(0);
    await tried();
    expect(await given()).toMatchObject([{ detail: "a unhealthy: 8 tries, the last: status 500" }]);
    expect(await metric()).toBe(1);
    expect(lines.filter((line) => line.includes('"notify_failed"')).length).toBe(1);
  });

  it.each([
    ["a redirect", "/?status=302&location=/", "status 302, a redirect, and those are not followed"],
    ["no connection", null, "could not connect"],
  ])("for %s says so", async (_what, path, reason) => {
    await configure(sick(path === null ? "http://127.0.0.1:1/" : `${url}${path}`));
    await tried();
    expect((await given())[0]?.detail).toBe(`a unhealthy: 8 tries, the last: ${reason}`);
  });

  it("of the pool as a whole names no origin, also once the pool is removed", async () => {
    await configure({
      origins: [{ id: "a", url }],
      notify_url: `${url}/?status=500`,
      notify_on: ["config_applied"],
    });
    await stub().removePool({ who: "", what: "delete" });
    await tried();
    expect((await given())[0]?.detail).toBe("config_applied: 8 tries, the last: status 500");
  });

  it("because a hundred newer ones wait is said too, and names no address", async () => {
    const waiting = Array.from({ length: 100 }, (_, i) => ({
      event: { at: i, kind: "healthy" as const, pool, origin: `o${i}` },
      url: "http://127.0.0.1:1/",
      tries: 1,
      dueMs: Number.MAX_SAFE_INTEGER,
    }));
    await runInDurableObject(stub(), (_object, { storage }) => {
      new PoolStore(storage.sql).put("notifications", waiting);
    });
    await evictDurableObject(stub());
    await configure(sick("http://127.0.0.1:1/secret"));
    await eventually(async () => {
      await (await Bill.of(stub())).ring();
      expect((await given()).length).toBe(1);
    });
    expect((await given())[0]?.detail).toBe("o0 healthy: 100 newer ones wait");
    expect(JSON.stringify(await stub().events())).not.toContain("127.0.0.1");
  });
});

describe("an event", () => {
  it("keeps the beginning of a detail that is too long", async () => {
    const origins = Array.from({ length: 500 }, (_, i) => ({ id: `origin-${i}`, url: "ftp://nowhere" }));
    await configure({ origins: [{ id: "a", url }] });
    await configure({ origins }, Date.now() + 1);
    const refused = (await stub().events()).find(({ kind }) => kind === "config_refused");
    expect(refused?.detail?.length).toBe(2_000);
    expect(refused?.detail).toMatch(/^origins\[0\].*\.\.\.$/s);
  });
});
