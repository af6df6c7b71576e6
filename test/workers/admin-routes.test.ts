import { runDurableObjectAlarm } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { beforeEach, describe, expect, inject, it } from "vitest";
import { ask, origin } from "./admin-support.ts";
import { clock } from "./test-clock.ts";

const [urlA = "", urlB = ""] = inject("origins");
const table = () => env.ROUTE_TABLE.getByName("routes");

const STILL_ONE = 'no routes: everything still goes to pool "one", which was there alone. Write routes';

const route = (host: string, pool: string) => ({ host: `${host}.example`, pool });
const put = (body: unknown, headers: Record<string, string> = {}) => ask("PUT /routes", { body, headers });
const routes = async () => (await ask("GET /routes")).body.routes;
const etag = async () => (await ask("GET /routes")).etag;

/** What the object makes of a document that it finds in KV. */
async function finds(document: unknown, metadata?: { updated_at: number }): Promise<void> {
  await env.POOLS.put("routes", JSON.stringify(document), metadata === undefined ? {} : { metadata });
  // It looks every five seconds at most.
  clock.skip(5_050);
  await table().wake();
}

const inKv = () => env.POOLS.getWithMetadata<unknown, { updated_at: number }>("routes", "json");

/** The object has written them to KV, which it does once a second at most. */
async function stored(document: unknown): Promise<void> {
  await clock.until(async () => {
    await runDurableObjectAlarm(table());
    expect((await inKv()).value).toEqual(document);
  });
}

beforeEach(async () => {
  await ask("PUT /pools/one", { body: { origins: [{ id: "a", url: urlA }] } });
  await ask("PUT /pools/two", { body: { origins: [{ id: "b", url: urlB }] } });
});

describe("writing the routes", () => {
  it("before there are any, they are an empty list that can be matched", async () => {
    const { status, body } = await ask("GET /routes");
    expect([status, body]).toEqual([
      200,
      { routes: [], version: 0, etag: '"v0"', updated_at: null, config_error: STILL_ONE },
    ]);
    expect((await put([route("x", "one")], { "if-match": '"v1"' })).status).toBe(412);
    const first = await put([route("x", "one")], { "if-match": '"v0"' });
    expect([first.status, first.body]).toEqual([
      200,
      { version: 1, etag: '"v1"', changed: true, stored: true },
    ]);
    expect((await put([route("x", "two")], { "if-none-match": "*" })).status).toBe(412);
  });

  it("is conditional, says who wrote, and goes to KV with its time", async () => {
    const before = await etag();
    const wanted = [route("x", "two")];
    const stale = await put(wanted, { "if-match": '"v99"' });
    expect([stale.status, stale.body.type, stale.etag]).toEqual([412, "precondition_failed", before]);
    const done = await put(wanted, { "if-match": before });
    expect([done.status, done.body.changed]).toEqual([200, true]);
    expect(await routes()).toEqual(wanted);
    await stored(wanted);
    expect((await inKv()).metadata?.updated_at).toBe((await ask("GET /routes")).body.updated_at);
    expect((await ask("GET /routes/events?kind=audit&limit=1")).body.events).toEqual([
      { at: expect.any(Number), kind: "audit", who: "admin", detail: "put the routes (version 2)" },
    ]);
  });

  it("fails for the second of two simultaneous conditional writers", async () => {
    const headers = { "if-match": await etag() };
    const both = await Promise.all([put([route("l", "one")], headers), put([route("r", "one")], headers)]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 412]);
  });

  it("changes nothing if they are the same", async () => {
    await put([route("same", "one")]);
    const before = [await etag(), (await ask("GET /routes/events")).body];
    const again = await put([{ pool: "one", host: "same.example" }]);
    expect([again.status, again.body.changed]).toEqual([200, false]);
    expect([await etag(), (await ask("GET /routes/events")).body]).toEqual(before);
  });

  it("names only pools that exist, and no unknown keys", async () => {
    const missing = await put([{ pool: "onee" }]);
    expect(missing.status).toBe(422);
    expect(missing.body.errors).toEqual([
      { path: "routes[0].pool", message: expect.stringContaining('did you mean "one"') },
    ]);
    const wrong = await put([{ hots: "a", pool: "one" }]);
    expect([wrong.status, wrong.body.errors[0].path]).toEqual([422, "routes[0].hots"]);
  });

  it("names no pool by an id that none can have", async () => {
    for (const id of ["__proto__", "a/b", "One", "", "x".repeat(10_000)]) {
      for (const path of ["PUT /routes", "POST /routes/preview"]) {
        const { status, body } = await ask(path, { body: [{ pool: "one" }, { pool: id }] });
        const errors = body.errors?.map((each: { path: string }) => each.path);
        expect([path, status, body.type, errors]).toEqual([path, 422, "invalid", ["routes[1].pool"]]);
      }
    }
  });
});

describe("versions of the routes", () => {
  it("are kept, compared and returned to", async () => {
    await put([route("first", "one")]);
    const { version } = (await ask("GET /routes")).body;
    await put([route("second", "one"), route("third", "two")]);
    const list = (await ask("GET /routes/versions")).body.versions;
    expect(list.slice(0, 2).map((each: { version: number }) => each.version)).toEqual([version + 1, version]);
    const detail = (await ask(`GET /routes/versions/${version + 1}`)).body;
    expect([detail.against, detail.changes.length > 0]).toEqual([version, true]);
    expect((await ask("GET /routes/versions/99")).status).toBe(404);
    expect((await ask("GET /routes/versions/x")).status).toBe(422);
    const stale = { body: { version }, headers: { "if-match": '"v99"' } };
    expect((await ask("POST /routes/rollback", stale)).status).toBe(412);
    const back = await ask("POST /routes/rollback", { body: { version } });
    expect([back.status, back.body.version]).toEqual([200, version + 2]);
    expect(await routes()).toEqual([route("first", "one")]);
    expect((await ask("POST /routes/rollback", { body: { version: 99 } })).status).toBe(404);
  });

  it("are not returned to if a pool they name is gone", async () => {
    await ask("PUT /pools/gone", { body: { origins: [origin("a")] } });
    const { version } = (await put([route("g", "gone")])).body;
    await put([route("g", "one")]);
    await ask("DELETE /pools/gone");
    const refused = await ask("POST /routes/rollback", { body: { version } });
    expect([refused.status, refused.body.errors[0].path]).toEqual([422, "routes[0].pool"]);
    expect(await routes()).toEqual([route("g", "one")]);
  });
});

describe("what KV shows", () => {
  it("is used if it is newer, and not if it is older, with or without a timestamp", async () => {
    await put([route("past", "one")]);
    await put([route("now", "one")]);
    await finds([route("past", "one")]);
    expect(await routes(), "unmarked").toEqual([route("now", "one")]);
    await finds([route("old", "one")], { updated_at: Date.now() - 60_000 });
    expect(await routes(), "marked as older").toEqual([route("now", "one")]);
    await finds([route("new", "two")], { updated_at: Date.now() + 1 });
    expect(await routes(), "newer").toEqual([route("new", "two")]);
  });

  it("is not used if it is bad, and the error is shown until it is mended", async () => {
    await put([route("good", "one")]);
    await finds([{ pool: 1 }], { updated_at: Date.now() + 5_000 });
    const { routes: kept, config_error } = (await ask("GET /routes")).body;
    expect([kept, config_error]).toEqual([[route("good", "one")], expect.stringContaining("routes[0].pool")]);
    expect((await ask("GET /metrics")).body).toContain("lb_routes_config_error 1\n");
    await put([route("good", "two")]);
    expect((await ask("GET /routes")).body.config_error).toBe(null);
    expect((await ask("GET /metrics")).body).toContain("lb_routes_config_error 0\n");
  });
});

describe("an isolate", () => {
  const answersFrom = async (host: string): Promise<string | undefined> => {
    const response = await exports.default.fetch(`http://${host}.example/`);
    return (await response.json<{ name?: string }>()).name;
  };

  it("goes by new routes after its next sync, and does not flip back when KV shows the past", async () => {
    await put([route("busy", "one")]);
    await stored([route("busy", "one")]);
    const goesTo = (name: string) => clock.until(async () => expect(await answersFrom("busy")).toBe(name));
    await goesTo("o0");
    const past = await inKv();
    await put([route("busy", "two")]);
    // KV, which is at once up to date here, is made to lag behind as it does in production.
    const lag = async () =>
      await env.POOLS.put("routes", JSON.stringify(past.value), { metadata: past.metadata });
    await lag();
    await goesTo("o1");
    for (let second = 0; second < 30; second++) {
      await lag();
      expect(await answersFrom("busy")).toBe("o1");
      clock.skip(1_000);
    }
  });
});

describe("a document that KV no longer shows", () => {
  it("is no longer in force once KV has not had it for ten minutes", async () => {
    await put([route("kept", "one")]);
    await finds([route("kept", "one")], { updated_at: (await ask("GET /routes")).body.updated_at });
    await env.POOLS.delete("routes");
    clock.skip(5_050);
    expect(await routes(), "new").toEqual([route("kept", "one")]);
    for (let minute = 0; minute < 9; minute++) {
      clock.skip(60_000);
      expect(await routes(), "KV may still be behind").toEqual([route("kept", "one")]);
    }
    clock.skip(120_000);
    expect(await routes(), "old").toEqual([]);
  });
});
