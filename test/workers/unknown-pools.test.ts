/**
 * Ids that no pool has. A call to an object makes it; nothing of it may be left where there is no such pool, or whoever may
 * read could fill the store, and every watchdog's round, with ids of their own.
 */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { ENDPOINTS } from "../../src/admin/endpoints/all.ts";
import { UNKNOWN_POOL_STATUS } from "../../src/contract/pool-status.ts";
import { ask, origin } from "./admin-support.ts";
import { newPool, pool, report, stub } from "./pool-object.ts";
import { eventually } from "./test-clock.ts";

beforeEach(newPool);

/** What an object has stored: its tables, and its alarm. */
const left = (id = pool) =>
  runInDurableObject(env.UPSTREAM_POOL.getByName(id), async (_object, { storage }) => {
    const tables = "SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'";
    return { tables: storage.sql.exec(tables).toArray(), alarm: await storage.getAlarm() };
  });

const NOTHING = { tables: [], alarm: null };

/** Bodies of endpoints that have one, by method and path below `/pools/:pool`. */
const BODIES: Record<string, unknown> = {
  "put ": { origins: [] },
  "patch ": { shed_percent: 1 },
  "post /origins": origin("a"),
  "patch /origins/:origin": { weight: 2 },
  "post /rollback": { version: 1 },
  "post /preview": { origins: [origin("a")] },
};

describe("an id that no pool has", () => {
  const endpoints = ENDPOINTS.filter(({ path }) => path.startsWith("/pools/:pool"));

  it.each(endpoints.map(({ method, path }) => [method, path] as const))(
    "leaves nothing after %s %s",
    async (method, path) => {
      const body = BODIES[`${method} ${path.slice("/pools/:pool".length)}`];
      const line = `${method.toUpperCase()} ${path.replace(":pool", pool).replace(/:\w+/g, "1")}`;
      const { status } = await ask(line, body === undefined ? {} : { body });
      // A bad document, and a look at what a good one would change.
      expect(status).toBe(method === "put" ? 422 : path.endsWith("/preview") ? 200 : 404);
      expect(await left()).toEqual(NOTHING);
    },
  );

  it("leaves nothing after a look at it as it is now", async () => {
    expect((await ask(`GET /live?pool=${pool}`)).status).toBe(404);
    expect(await left()).toEqual(NOTHING);
  });

  it("leaves nothing after calls of isolates and of the watchdog", async () => {
    for (let call = 0; call < 2; call++) {
      const reply = await stub().sync(report({}, { sync_failures: 2 }));
      expect(reply.configured).toBe(false);
      await stub().acquire({ isolate: "i", rates: {} });
      await stub().pick({
        isolate: "i",
        attempt: "1",
        client_ip: "192.0.2.1",
        key: null,
        pinned: null,
        tried: [],
      });
      await stub().wake();
    }
    expect(await left()).toEqual(NOTHING);
  });

  it("leaves nothing where routes name it", async () => {
    const routes = [{ host: "named.example", pools: [pool, "other"] }, { pool }];
    await env.POOLS.put("routes", JSON.stringify(routes), { metadata: { updated_at: Date.now() } });
    await env.ROUTE_TABLE.getByName("routes").wake();
    for (let call = 0; call < 2; call++) {
      await stub().announceRoutes(Date.now(), ["other"]);
      await stub().notePoolStatuses({ other: { ...UNKNOWN_POOL_STATUS, mark: Date.now() } });
      await stub().wake();
      await stub().sync(report({}));
    }
    expect(await left()).toEqual(NOTHING);
    expect((await ask(`PUT /pools/${pool}`, { body: { origins: [origin("a")] } })).status).toBe(201);
    // It is told of the routes once it is there.
    await eventually(async () => expect((await stub().summary()).status).toMatchObject({ available: true }));
  });

  it("is the id of a pool like any other once it is written", async () => {
    expect((await ask(`GET /pools/${pool}`)).status).toBe(404);
    expect((await ask(`PUT /pools/${pool}`, { body: { origins: [origin("a")] } })).status).toBe(201);
    expect((await left()).tables).not.toEqual([]);
    expect((await ask(`GET /pools/${pool}`)).body).toMatchObject({
      id: pool,
      version: 1,
      config_error: null,
    });
  });
});
