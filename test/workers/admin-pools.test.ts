import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { ask } from "./admin-support.ts";
import { A, B, config, kinds, pool, stub } from "./own-pool.ts";
import { clock } from "./test-clock.ts";

/** What the object makes of `document` if it finds it in KV. */
async function finds(id: string, document: object, metadata?: { updated_at: number }): Promise<void> {
  await env.POOLS.put(`pool:${id}`, JSON.stringify(document), metadata === undefined ? {} : { metadata });
  await stub(id).wake();
}

describe("writing a pool", () => {
  it("makes it, shows it as written, and puts it into KV with its time", async () => {
    const before = Date.now();
    const put = await ask("PUT /pools/fresh", { body: { origins: [A], drain_timeout: 7 } });
    expect(put.status).toBe(201);
    expect(put.body).toEqual({ pool: "fresh", version: 1, etag: '"v1"', changed: true, stored: true });
    expect(put.etag).toBe('"v1"');
    const got = await ask("GET /pools/fresh");
    expect([got.status, got.etag, got.body.version]).toEqual([200, '"v1"', 1]);
    expect(got.body.config).toEqual({ origins: [A], drain_timeout: 7 });
    expect(got.body.origins[0]).toMatchObject({ id: "a", url: A.url, status: "healthy", healthy: true });
    const stored = await env.POOLS.getWithMetadata<object, { updated_at: number }>("pool:fresh", "json");
    expect(stored.value).toEqual({ origins: [A], drain_timeout: 7 });
    expect(stored.metadata?.updated_at).toBeGreaterThanOrEqual(before);
    expect((await ask("GET /pools")).body.pools).toContainEqual({
      id: "fresh",
      algorithm: "round_robin",
      origins: { total: 1, eligible: 1 },
      config_version: 1,
      config_error: null,
    });
  });

  it("lists the pool at once, whatever KV's list shows", async () => {
    const list = env.POOLS.list;
    // On one machine KV's list is never behind.
    env.POOLS.list = async () => ({ keys: [], list_complete: true, cacheStatus: null });
    try {
      const id = await pool();
      const ids = async () => (await ask("GET /pools")).body.pools.map((each: { id: string }) => each.id);
      expect(await ids()).toContain(id);
      expect((await ask("GET /metrics")).body).toContain(`lb_pool_up{pool="${id}"} 1`);
      await ask(`DELETE /pools/${id}`);
      expect(await ids()).not.toContain(id);
      expect((await ask("GET /metrics")).body).not.toContain(`"${id}"`);
    } finally {
      env.POOLS.list = list;
    }
  });

  it("is conditional if the writer asks for it", async () => {
    const id = await pool();
    const stale = await ask(`PUT /pools/${id}`, { body: { origins: [B] }, headers: { "if-match": '"v9"' } });
    expect([stale.status, stale.body.type, stale.etag]).toEqual([412, "precondition_failed", '"v1"']);
    expect(await config(id)).toEqual({ origins: [A, B] });
    const fresh = await ask(`PUT /pools/${id}`, { body: { origins: [B] }, headers: { "if-match": '"v1"' } });
    expect([fresh.status, fresh.etag]).toEqual([200, '"v2"']);
    const create = await ask(`PUT /pools/${id}`, {
      body: { origins: [A] },
      headers: { "if-none-match": "*" },
    });
    expect(create.status).toBe(412);
    const missing = await ask("PUT /pools/nobody", { body: { origins: [A] }, headers: { "if-match": "*" } });
    expect(missing.status).toBe(412);
  });

  it("changes nothing if it is the same, whatever the order of keys", async () => {
    const id = await pool();
    const events = await kinds(id);
    const again = await ask(`PUT /pools/${id}`, { body: { origins: [{ url: A.url, id: "a" }, B] } });
    expect([again.status, again.body.changed, again.etag]).toEqual([200, false, '"v1"']);
    expect(await kinds(id)).toEqual(events);
  });

  it("says what is wrong with a document and where, and leaves the good one in force", async () => {
    const id = await pool();
    const bad = {
      origins: [
        { ...A, wieght: 2 },
        { ...B, weight: -1 },
      ],
    };
    const refused = await ask(`PUT /pools/${id}`, { body: bad });
    expect([refused.status, refused.body.type]).toEqual([422, "invalid"]);
    expect(refused.body.errors).toEqual([
      { path: `pools.${id}.origins[0].wieght`, message: expect.stringContaining('did you mean "weight"?') },
      { path: `pools.${id}.origins[1].weight`, message: expect.stringContaining("0 to 1000") },
    ]);
    expect((await ask(`GET /pools/${id}`)).body).toMatchObject({ version: 1, config_error: null });
    expect((await ask(`PUT /pools/${id}`, { body: "{" })).status).toBe(400);
    expect((await ask(`PUT /pools/${id}`)).status).toBe(400);
    expect((await ask("PUT /pools/No", { body: { origins: [A] } })).status).toBe(422);
  });

  it("does not flip back when KV still shows the old document", async () => {
    const id = await pool({ origins: [A] });
    await ask(`PUT /pools/${id}`, { body: { origins: [B] } });
    await finds(id, { origins: [A] });
    expect(await config(id), "unmarked").toEqual({ origins: [B] });
    await finds(id, { origins: [A, B] }, { updated_at: Date.now() - 60_000 });
    expect(await config(id), "marked as older").toEqual({ origins: [B] });
    await finds(id, { origins: [A, B] }, { updated_at: Date.now() + 60_000 });
    expect(await config(id), "newer").toEqual({ origins: [A, B] });
    const put = await ask(`PUT /pools/${id}`, { body: { origins: [A] } });
    expect(put.body.changed, "even after a clock that is ahead").toBe(true);
  });

  it("recognizes an old document without a timestamp in KV, even if the object was never called before", async () => {
    await env.POOLS.put("pool:sleeper", JSON.stringify({ origins: [A] }));
    expect((await ask("PUT /pools/sleeper", { body: { origins: [B] } })).body.version).toBe(2);
    await finds("sleeper", { origins: [A] });
    expect(await config("sleeper")).toEqual({ origins: [B] });
  });

  it("writes to KV at most once a second, and the last of them in the end", async () => {
    const id = await clock.still(async () => {
      const made = await pool({ origins: [A], drain_timeout: 1 });
      const second = await ask(`PUT /pools/${made}`, { body: { origins: [A], drain_timeout: 2 } });
      const third = await ask(`PUT /pools/${made}`, { body: { origins: [A], drain_timeout: 3 } });
      expect([second.body.stored, third.body.stored]).toEqual([false, false]);
      return made;
    });
    expect(await env.POOLS.get(`pool:${id}`, "json")).toMatchObject({ drain_timeout: 1 });
    expect(await config(id), "in force at once").toMatchObject({ drain_timeout: 3 });
    await clock.until(async () => {
      await runDurableObjectAlarm(stub(id));
      expect(await env.POOLS.get(`pool:${id}`, "json")).toMatchObject({ drain_timeout: 3 });
    });
  });

  it("retries while KV fails, and does not treat the pool as removed meanwhile", async () => {
    const id = "outage";
    const put = env.POOLS.put;
    // KV cannot be made to fail from here.
    env.POOLS.put = () => Promise.reject(new Error("KV PUT failed: 500"));
    const written = await ask(`PUT /pools/${id}`, { body: { origins: [A] } });
    expect([written.status, written.body.stored]).toEqual([201, false]);
    env.POOLS.put = put;
    await stub(id).wake();
    expect(await config(id)).toEqual({ origins: [A] });
    await clock.until(async () => {
      await runDurableObjectAlarm(stub(id));
      expect(await env.POOLS.get(`pool:${id}`, "json")).toEqual({ origins: [A] });
    });
  });
});

describe("removing a pool", () => {
  it("retires it at once and for good, until it is made anew", async () => {
    const id = await pool();
    clock.skip(1_200);
    expect((await ask(`DELETE /pools/${id}`, { headers: { "if-match": '"v7"' } })).status).toBe(412);
    expect((await ask(`DELETE /pools/${id}`)).body).toMatchObject({ changed: true, stored: true });
    expect(await env.POOLS.get(`pool:${id}`)).toBe(null);
    await env.POOLS.put(`pool:${id}`, JSON.stringify({ origins: [A, B] }));
    const { pools } = (await ask("GET /pools")).body;
    expect(pools, "KV's list may be behind").not.toContainEqual(expect.objectContaining({ id }));
    expect((await ask(`GET /pools/${id}`)).status).toBe(404);
    expect((await ask(`DELETE /pools/${id}`)).status).toBe(404);
    await finds(id, { origins: [A, B] });
    expect((await ask(`GET /pools/${id}`)).status, "KV's past").toBe(404);
    expect((await ask(`PUT /pools/${id}`, { body: { origins: [A, B] } })).status).toBe(201);
    expect((await ask(`GET /pools/${id}`)).body.config).toEqual({ origins: [A, B] });
  });
});

describe("versions", () => {
  it("are kept, compared and returned to", async () => {
    const id = await pool({ origins: [A] });
    await ask(`PUT /pools/${id}`, { body: { origins: [{ ...A, weight: 2 }, B] } });
    const list = (await ask(`GET /pools/${id}/versions`)).body.versions;
    expect(list.map((each: { version: number }) => each.version)).toEqual([2, 1]);
    const second = (await ask(`GET /pools/${id}/versions/2`)).body;
    expect(second).toMatchObject({ version: 2, against: 1, config: { origins: [{ id: "a" }, { id: "b" }] } });
    expect(second.changes).toEqual([
      { path: "origins[a].weight", after: 2 },
      { path: "origins[b]", after: B },
    ]);
    expect((await ask(`GET /pools/${id}/versions/1`)).body).toMatchObject({ against: null, changes: [] });
    expect((await ask(`GET /pools/${id}/versions/1?against=2`)).body.changes).toHaveLength(2);
    const back = await ask(`POST /pools/${id}/rollback`, { body: { version: 1 } });
    expect([back.status, back.body.version]).toEqual([200, 3]);
    expect(await config(id)).toEqual({ origins: [A] });
    expect((await ask(`POST /pools/${id}/rollback`, { body: { version: 1 } })).body.changed).toBe(false);
    expect((await ask(`POST /pools/${id}/rollback`, { body: { version: 99 } })).status).toBe(404);
    const { detail } = (await ask(`GET /pools/${id}/events?kind=audit`)).body.events[0];
    expect(detail).toBe("rolled back to version 1 (version 3)");
    const stale = { body: { version: 2 }, headers: { "if-match": '"v1"' } };
    expect((await ask(`POST /pools/${id}/rollback`, stale)).status).toBe(412);
  });
});
