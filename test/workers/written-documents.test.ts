/** A document is shown as it was written: comments, order and layout, to those who may see them. */
import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { MOST_DOCUMENT_BYTES } from "../../src/config/canonical.ts";
import { ask, origin, TOKENS } from "./admin-support.ts";

const document = (weight: number, note: string) => `{
  // ${note}
  "origins": [
    { "id": "b", "url": "http://b.example", "weight": ${weight} }, // the large one
    { "id": "a", "url": "http://a.example", },
  ],
}
`;

const written = async (path: string, token?: string) =>
  (await ask(`GET ${path}`, token === undefined ? {} : { token })).body.written;

describe("a pool's document", () => {
  it("is in force without its comments, and shown with them to everybody who may write it", async () => {
    const text = document(3, "the key is hunter2");
    const put = await ask("PUT /pools/commented", { body: text });
    expect([put.status, put.body.version]).toEqual([201, 1]);
    const { body } = await ask("GET /pools/commented");
    expect(body.written).toBe(text);
    expect(body.config.origins).toEqual([origin("b", { weight: 3 }), origin("a")]);
    expect(await written("/pools/commented/versions/1")).toBe(text);
    // What isolates read as they start is plain JSON.
    const inKv = await env.POOLS.get("pool:commented");
    expect(inKv).toBe(JSON.stringify(JSON.parse(inKv ?? "")));
    for (const scope of ["read", "operate"] as const) {
      for (const path of ["", "/versions", "/versions/1", "/events"]) {
        const answer = await ask(`GET /pools/commented${path}`, { token: TOKENS[scope] });
        expect(answer.status).toBe(200);
        expect(JSON.stringify(answer.body), `${scope} ${path}`).not.toMatch(/hunter2|written"|large one/);
      }
    }
  });

  it("survives a restart of the object", async () => {
    const text = document(1, "kept");
    await ask("PUT /pools/rested", { body: text });
    await evictDurableObject(env.UPSTREAM_POOL.getByName("rested"));
    expect(await written("/pools/rested")).toBe(text);
  });

  it("has no written form if its author gave none, and keeps none of an earlier version", async () => {
    await ask("PUT /pools/plain", { body: document(1, "old") });
    await ask("PUT /pools/plain", { body: { origins: [origin("a")] } });
    expect(await written("/pools/plain")).toBeUndefined();
    expect(await written("/pools/plain/versions/2")).toBeUndefined();
    expect(await written("/pools/plain/versions/1")).toBe(document(1, "old"));
  });

  it("keeps its version, its ETag and what KV has when comments and layout alone change", async () => {
    const first = await ask("PUT /pools/reworded", { body: document(2, "one") });
    const before = await env.POOLS.getWithMetadata("pool:reworded");
    const second = await ask("PUT /pools/reworded?message=clearer", { body: document(2, "two") });
    expect(second.body).toMatchObject({ version: 1, changed: false, etag: first.body.etag });
    expect(await written("/pools/reworded")).toBe(document(2, "two"));
    expect(await env.POOLS.getWithMetadata("pool:reworded")).toEqual(before);
    const { events } = (await ask("GET /pools/reworded/events?kind=audit")).body;
    expect(events[0].detail).toContain("clearer (version 1, comments and layout alone)");
    // The same once more, and the same from a program: nothing happens, and the comments stay.
    await ask("PUT /pools/reworded", { body: document(2, "two") });
    await ask("PUT /pools/reworded", { body: (await ask("GET /pools/reworded")).body.config });
    expect((await ask("GET /pools/reworded/events?kind=audit")).body.events).toHaveLength(events.length);
    expect(await written("/pools/reworded")).toBe(document(2, "two"));
  });

  it("comes back with its comments when its version does", async () => {
    await ask("PUT /pools/back", { body: document(2, "one") });
    await ask("PUT /pools/back", { body: document(3, "two") });
    const { body } = await ask("POST /pools/back/rollback", { body: { version: 1 } });
    expect(body).toMatchObject({ version: 3, changed: true });
    expect(await written("/pools/back")).toBe(document(2, "one"));
    expect(await written("/pools/back/versions/2")).toBe(document(3, "two"));
  });

  it("keeps its comments when a weight, a switch, an origin or a shed is changed by itself", async () => {
    await ask("PUT /pools/edited", { body: document(2, "mine") });
    await ask("PATCH /pools/edited/origins/b", { token: TOKENS.operate, body: { weight: 7 } });
    expect(await written("/pools/edited")).toBe(document(7, "mine"));
    await ask("PATCH /pools/edited/origins/a", { body: { enabled: false } });
    await ask("PATCH /pools/edited", { body: { shed_percent: 5 } });
    await ask("POST /pools/edited/origins", { body: origin("c") });
    await ask("DELETE /pools/edited/origins/a");
    const { body } = await ask("GET /pools/edited");
    expect(body).toMatchObject({ version: 6, config: { shed_percent: 5 } });
    for (const part of ["// mine", "// the large one", '"weight": 7', '"shed_percent": 5', '"id": "c"'])
      expect(body.written).toContain(part);
    expect(body.written).not.toContain('"id": "a"');
  });

  it("has the same bound as its canonical form: both may reach it, and no more", async () => {
    const head = '{ "origins": [{ "id": "a", "url": "http://a.example" }] }\n// ';
    const most = head.padEnd(MOST_DOCUMENT_BYTES, "x");
    expect((await ask("PUT /pools/large", { body: most })).status).toBe(201);
    expect((await written("/pools/large")).length).toBe(MOST_DOCUMENT_BYTES);
    expect((await ask("PUT /pools/large", { body: `${most}x` })).status).toBe(413);
  });

  it("is not shown to a pool that is made again under its name", async () => {
    await ask("PUT /pools/again", { body: document(2, "the old one's") });
    await ask("DELETE /pools/again");
    await ask("PUT /pools/again", { body: { origins: [origin("a")] } });
    expect(await written("/pools/again")).toBeUndefined();
    expect((await ask("GET /pools/again/versions/1")).status).toBe(404);
  });

  it("may be written to KV by hand, and is shown unchanged", async () => {
    const text = document(4, "by hand");
    await env.POOLS.put("pool:by-hand", text, { metadata: { updated_at: Date.now() } });
    const { body } = await ask("GET /pools/by-hand");
    expect(body).toMatchObject({
      written: text,
      config_error: null,
      config: { origins: [{ weight: 4 }, {}] },
    });
  });

  it("may be compared before it is put in force, comments and all", async () => {
    await ask("PUT /pools/compared", { body: document(2, "one") });
    const { body } = await ask("POST /pools/compared/preview", { body: document(3, "two") });
    expect(body.changes).toEqual([{ path: "origins[b].weight", before: 2, after: 3 }]);
  });
});

it("the routes are shown as they were written, with each version, to the scope admin alone", async () => {
  await ask("PUT /pools/routed", { body: { origins: [origin("a")] } });
  const text = '[\n  // everything\n  { "pool": "routed" },\n]\n';
  const { version } = (await ask("PUT /routes", { body: text })).body;
  expect(await written("/routes")).toBe(text);
  expect(await written(`/routes/versions/${version}`)).toBe(text);
  expect(await written("/routes", TOKENS.read)).toBeUndefined();
  expect(await written(`/routes/versions/${version}`, TOKENS.operate)).toBeUndefined();
  await ask("PUT /routes", { body: [{ path: "/x", pool: "routed" }] });
  expect(await written("/routes")).toBeUndefined();
  await ask("POST /routes/rollback", { body: { version } });
  expect(await written("/routes")).toBe(text);
});

it("the last 100 versions have their forms, and older ones go with their version", async () => {
  for (let version = 1; version <= 102; version++)
    await ask("PUT /pools/many", { body: document(version % 100, `version ${version}`) });
  const answers = [2, 3, 102].map(
    async (version) => (await ask(`GET /pools/many/versions/${version}`)).body.written,
  );
  const shown = await Promise.all(answers);
  expect(shown.map((text?: string) => /version \d+/.exec(text ?? "")?.[0])).toEqual([
    undefined,
    "version 3",
    "version 102",
  ]);
});
