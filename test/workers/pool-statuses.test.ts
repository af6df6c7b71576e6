/**
 * Statuses of pools on their way: from a pool's object by way of the routes' to the objects of pools that share a route,
 * and to isolates with their syncs. Several objects in one workerd.
 */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { ROUTES_KEY } from "../../src/config/documents.ts";
import type { PoolStatus, PoolStatuses } from "../../src/contract/pool-status.ts";
import type { RoutesRpc } from "../../src/contract/routes.ts";
import type { PoolRpc, SyncReply } from "../../src/contract/sync.ts";
import { failures } from "../support/origin-reports.ts";
import { report } from "./pool-object.ts";
import { eventually } from "./test-clock.ts";

const WHO = { who: "test", what: "put" };
const ORIGINS = ["a", "b"].map((id) => ({ id, url: `https://${id}.example.com` }));

let count = 0;
/** Pools of their own for each test; the routes' object is one for all. */
let [eu, us, ap] = ["", "", ""];

const routes = () => env.ROUTE_TABLE.getByName(ROUTES_KEY) as unknown as RoutesRpc & DurableObjectStub;
const pool = (id: string) => env.UPSTREAM_POOL.getByName(id);
const rpc = (id: string) => pool(id) as unknown as PoolRpc;

async function configure(id: string, more: object = {}): Promise<void> {
  const document = JSON.stringify({ origins: ORIGINS, return_delay: 0, log: { sample: 0 }, ...more });
  await pool(id).putConfig(document, WHO);
}

async function route(...pools: string[]): Promise<void> {
  const split = pools.map((id) => ({ pool: id, weight: 1 }));
  await routes().putConfig(JSON.stringify(pools.length === 0 ? [] : [{ split }]), WHO);
}

async function synced(id: string, mark?: number): Promise<SyncReply> {
  const more = mark === undefined ? {} : { pool_status_mark: mark };
  return await rpc(id).sync(report({}, { isolate: `isolate-${count}`, ...more }));
}

/** What an isolate of `id` hears, once it holds. */
async function hears(id: string, about: string, expected: Partial<PoolStatus>): Promise<void> {
  await eventually(async () => expect((await synced(id)).pool_statuses?.[about]).toMatchObject(expected));
}

beforeEach(async () => {
  count++;
  [eu, us, ap] = ["eu", "us", "ap"].map((name) => `${name}-${count}`) as [string, string, string];
  for (const id of [eu, us, ap]) await configure(id);
});

describe("statuses of pools that share a route", () => {
  it("come to isolates of each of them, with the pool's own, and only as news", async () => {
    await route(eu, us);
    await hears(eu, us, { available: true, share: 1, accept: 1 });
    await hears(us, eu, { available: true });
    await hears(eu, eu, { available: true });
    const { pool_status_mark } = await synced(eu);
    const again = await synced(eu, pool_status_mark ?? 0);
    expect(again).not.toHaveProperty("pool_statuses");
    expect(again).not.toHaveProperty("pool_status_mark");
  });

  it("tell the others that a pool lost its origins, and that it has them again", async () => {
    await route(eu, us);
    await hears(us, eu, { available: true });
    for (const id of ["a", "b"]) await pool(eu).drain(id, "test");
    await hears(us, eu, { available: false, share: 0, reason: "0 of 2 origins" });
    await hears(eu, eu, { available: false });
    await pool(eu).undrain("a", "test");
    await hears(us, eu, { available: true, share: 1, down: ["b"] });
  });

  it("do not come to pools of other routes, and end when the route goes", async () => {
    await routes().putConfig(
      JSON.stringify([
        { host: "a.example", split: [eu, us].map((id) => ({ pool: id, weight: 1 })) },
        { host: "b.example", pool: ap },
      ]),
      WHO,
    );
    await hears(eu, us, { available: true });
    expect(await synced(ap)).not.toHaveProperty("pool_statuses");
    await route(us, ap);
    await hears(ap, us, { available: true });
    await eventually(async () => expect((await synced(us)).pool_statuses).not.toHaveProperty(eu));
    await eventually(async () => expect(await synced(eu)).not.toHaveProperty("pool_statuses"));
  });

  it("of a pool that was removed say that it is not available", async () => {
    await route(eu, us);
    await hears(us, eu, { available: true });
    await pool(eu).removePool(WHO);
    await hears(us, eu, { available: false, reason: "not configured" });
    await configure(eu);
    await hears(us, eu, { available: true });
  });

  it("of a pool whose only document is bad say that it is not available, also after an eviction", async () => {
    const bad = `bad-${count}`;
    const write = async (document: object) => {
      const metadata = { updated_at: Date.now() };
      await env.POOLS.put(`pool:${bad}`, JSON.stringify(document), { metadata });
      await pool(bad).wake();
    };
    await write({ origins: "none" });
    await route(eu, bad);
    await hears(eu, bad, { available: false, reason: "not configured" });
    const before = (await synced(eu)).pool_statuses?.[bad]?.mark ?? 0;
    await evictDurableObject(pool(bad));
    await pool(bad).wake();
    await eventually(async () => {
      const status = (await synced(eu)).pool_statuses?.[bad];
      expect(status?.available).toBe(false);
      expect(status?.mark).toBeGreaterThan(before);
    });
    await write({ origins: ORIGINS, return_delay: 0 });
    await hears(eu, bad, { available: true });
  });

  it("count an origin as out that fails all its traffic, though the pool itself must keep it", async () => {
    await configure(eu, { outlier_detection: { consecutive_failures: 2 } });
    await route(eu, us);
    await hears(us, eu, { available: true });
    const failing = failures("timeout", 2);
    await rpc(eu).sync(report({ a: failing, b: failing }));
    await hears(us, eu, {
      available: false,
      share: 0,
      reason: "0 of 2 origins; 1 in service is failing",
      down: ["a"],
    });
    const { origins } = await pool(eu).describe();
    expect(
      origins.map(({ ejected }) => ejected),
      "one is always left to serve",
    ).toEqual([true, false]);
  });

  it("carry what is shed by hand", async () => {
    await route(eu, us);
    await configure(eu, { shed_percent: 30, location: { latitude: 50, longitude: 8 } });
    await hears(us, eu, { accept: 0.7, shed: 0.3, location: { latitude: 50, longitude: 8 } });
  });
});

describe("when objects are lost", () => {
  it("an evicted pool's object learns the others' statuses again by reporting its own", async () => {
    await route(eu, us);
    await hears(us, eu, { available: true });
    await evictDurableObject(pool(us));
    await synced(us);
    await runDurableObjectAlarm(pool(us));
    await hears(us, eu, { available: true });
  });

  it("a pool that is unavailable still is after an eviction, under a larger mark", async () => {
    await route(eu, us);
    for (const id of ["a", "b"]) await pool(eu).drain(id, "test");
    await hears(us, eu, { available: false });
    const before = (await synced(us)).pool_statuses?.[eu]?.mark ?? 0;
    await evictDurableObject(pool(eu));
    await synced(eu);
    await runDurableObjectAlarm(pool(eu));
    await eventually(async () => {
      const status = (await synced(us)).pool_statuses?.[eu];
      expect(status?.available).toBe(false);
      expect(status?.mark).toBeGreaterThan(before);
    });
  });

  it("the evicted routes' object withdraws no status, and passes on the next ones", async () => {
    await route(eu, us, ap);
    await hears(us, eu, { available: true });
    await hears(us, ap, { available: true });
    await evictDurableObject(routes());
    expect((await synced(us)).pool_statuses).toHaveProperty(ap);
    for (const id of ["a", "b"]) await pool(eu).drain(id, "test");
    await hears(us, eu, { available: false });
    await hears(us, ap, { available: true });
  });

  it("the watchdog of the routes' object finds pools that do not know that they must report", async () => {
    await route(eu, us);
    await hears(us, eu, { available: true });
    await runInDurableObject(pool(eu), (_, state) => {
      state.storage.sql.exec("DELETE FROM metadata WHERE key = 'steered'");
    });
    await evictDurableObject(pool(eu));
    await evictDurableObject(routes());
    expect(await synced(eu)).not.toHaveProperty("pool_statuses");
    await routes().wake();
    await hears(eu, eu, { available: true });
  });
});

describe("statuses and other versions of the code", () => {
  const STATUS: PoolStatus = { mark: 1, available: true, share: 1, accept: 1 };

  it("a pool without routes with several pools reports nothing and stores nothing", async () => {
    await routes().putConfig(JSON.stringify([{ host: "a.example", pool: eu, fallback_pool: us }]), WHO);
    for (const id of ["a", "b"]) await pool(eu).drain(id, "test");
    expect(await synced(eu)).not.toHaveProperty("pool_statuses");
    await runInDurableObject(pool(eu), (_, state) => {
      const names = state.storage.sql.exec<{ name: string }>("SELECT key AS name FROM metadata").toArray();
      const own = ["steered", "status_mark", "availability", "accepted", "pool_stage"];
      expect(names.filter(({ name }) => own.includes(name))).toEqual([]);
    });
    const reply = await routes().notePoolStatus(eu, STATUS);
    expect(reply).toEqual({ wanted: false, statuses: {} });
  });

  it("an announcement of earlier routes that comes late changes nothing", async () => {
    await route(eu, us);
    await hears(us, eu, { available: true });
    await rpc(us).announceRoutes(5, []);
    expect((await synced(us)).pool_statuses).toHaveProperty(eu);
  });

  it("a field of a later version in a status is passed on as it came", async () => {
    await route(eu, us);
    await hears(us, eu, { available: true });
    const mark = Date.now() + 1_000_000;
    await routes().notePoolStatus(eu, { ...STATUS, mark, later: { x: 1 } } as PoolStatus);
    await eventually(async () => {
      const statuses: PoolStatuses = (await synced(us)).pool_statuses ?? {};
      expect(statuses[eu]).toMatchObject({ mark, later: { x: 1 } });
    });
  });
});
