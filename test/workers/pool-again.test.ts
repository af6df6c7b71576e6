/**
 * A pool that was removed and is made again: nothing of its first life is left.
 */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { originReport } from "../support/origin-reports.ts";
import { ask } from "./admin-support.ts";
import { configure, kinds, newPool, pool, report, stub, url } from "./pool-object.ts";

beforeEach(newPool);

const origins = (...ids: string[]) => ids.map((id) => ({ id, url }));
const path = () => `/pools/${pool}`;
const put = (body: unknown, headers = {}) => ask(`PUT ${path()}`, { body, headers });

const failures = originReport({ outcomes: { connect_failure: 9, success: 1 }, failures_in_row: 9 });

/** A life with everything that is kept. */
async function live(document: object): Promise<void> {
  await put(document);
  await stub().drain("a", "test");
  await stub().sync(report({ b: failures }, { active: { b: 1 } }));
}

const rows = async () =>
  await runInDurableObject(stub(), (_object, { storage }) => {
    const count = (table: string) =>
      storage.sql.exec<{ n: number }>(`SELECT COUNT(*) AS n FROM ${table}`).one().n;
    const metadata = storage.sql
      .exec<{ name: string; value: string }>("SELECT key AS name, value FROM metadata")
      .toArray();
    return {
      config_versions: count("config_versions"),
      config_texts: count("config_texts"),
      origins: count("origins"),
      stats: count("stats"),
      event_counts: count("event_counts"),
      metadata: Object.fromEntries(metadata.map(({ name, value }) => [name, JSON.parse(value)])),
    };
  });

describe("a pool that is removed and made again", () => {
  const document = {
    origins: origins("a", "b", "c"),
    outlier_detection: { consecutive_failures: 3 },
    sticky: true,
  };

  it.each([
    ["at once", false],
    ["after the object was evicted", true],
  ])("%s, begins with nothing drained, ejected, counted or told of", async (_when, isEvicted) => {
    await live(document);
    const before = await stub().describe();
    expect(before.origins.map(({ draining, ejected }) => [draining, ejected])).toEqual([
      [true, false],
      [false, true],
      [false, false],
    ]);
    expect((await ask(`DELETE ${path()}`)).status).toBe(200);
    if (isEvicted) await evictDurableObject(stub());
    expect((await put(document)).status).toBe(201);
    const { origins, config_version } = await stub().describe();
    expect(origins.map(({ draining, ejected }) => [draining, ejected])).toEqual([
      [false, false],
      [false, false],
      [false, false],
    ]);
    expect(config_version).toBe(2);
    expect((await stub().stats()).requests).toBe(0);
    expect((await stub().history("hour")).buckets).toEqual([]);
    expect((await kinds()).toSorted()).toEqual(["- audit", "- config_applied"]);
    expect((await stub().versions()).map(({ version }) => version)).toEqual([2]);
    const { events } = await stub().scrape();
    expect(events).toEqual({ config_applied: { "": 1 }, audit: { "": 1 } });
  });

  it("takes no If-Match of its first life, even for the same document", async () => {
    const first = await put(document);
    const etag = first.headers.get("etag") ?? "";
    await ask(`DELETE ${path()}`);
    const again = await put(document);
    expect(again.headers.get("etag")).not.toBe(etag);
    const headers = { "if-match": etag };
    expect((await put({ origins: origins("b") }, headers)).status).toBe(412);
    expect((await ask(`DELETE ${path()}`, { headers })).status).toBe(412);
    expect((await ask(`POST ${path()}/rollback`, { body: { version: 1 } })).status).toBe(404);
  });

  it("has another secret for its sessions, if it makes its own", async () => {
    await live(document);
    const tokens = async () => (await stub().sync(report({}))).snapshot?.affinity;
    const before = await tokens();
    await ask(`DELETE ${path()}`);
    await put(document);
    const after = await tokens();
    expect(before).toBeDefined();
    expect(after).toBeDefined();
    expect(after).not.toEqual(before);
  });

  it("leaves nothing in storage except what distinguishes KV's past from its present", async () => {
    await live(document);
    await put(`// as its author wrote it\n${JSON.stringify({ ...document, slow_start: 9 })}`);
    const before = await rows();
    expect([before.config_versions, before.config_texts]).toEqual([2, 1]);
    await ask(`DELETE ${path()}`);
    const { metadata, ...tables } = await rows();
    expect(tables).toEqual({ config_versions: 0, config_texts: 0, origins: 0, stats: 0, event_counts: 2 });
    expect(Object.keys(metadata).toSorted()).toEqual(
      // The hash is of the deployment's secrets and bindings, not of the pool's.
      ["config_state", "deployment_hash", "pool", "routes_revision", "snapshot_version"].filter(
        (name) => name in metadata,
      ),
    );
  });
});

describe("an origin that is gone", () => {
  it("leaves no row, and a drain of it is refused and writes nothing", async () => {
    await configure({ origins: origins("a", "b") });
    await stub().drain("a");
    await env.POOLS.delete(`pool:${pool}`);
    await evictDurableObject(stub());
    // As an older version left it behind.
    await runInDurableObject(stub(), (_object, { storage }) => {
      const { record } = storage.sql
        .exec<{ record: string }>("SELECT record FROM origins WHERE id = 'b'")
        .one();
      storage.sql.exec("INSERT INTO origins VALUES ('gone', ?)", record);
    });
    await evictDurableObject(stub());
    await configure({ origins: origins("a", "b") }, Date.now() + 1);
    expect((await rows()).origins).toBe(2);
    const before = await stub().events();
    expect(await stub().drain("gone", "test")).toBe("missing");
    expect(await stub().events()).toEqual(before);
    expect((await ask(`POST ${path()}/origins/gone/drain`)).status).toBe(404);
    expect(await stub().events()).toEqual(before);
  });

  it("is forgotten by outlier detection and the counters too", async () => {
    await configure({ origins: origins("a", "b", "c"), outlier_detection: { consecutive_failures: 3 } });
    await stub().sync(report({ b: failures }));
    await runInDurableObject(stub(), (_object, { storage }) => {
      const fact = storage.sql
        .exec<{ value: string }>("SELECT value FROM metadata WHERE key = 'outliers'")
        .one().value;
      const outliers = JSON.parse(fact);
      storage.sql.exec(
        "UPDATE metadata SET value = ? WHERE key = 'outliers'",
        JSON.stringify({ ...outliers, gone: outliers.b }),
      );
      storage.sql.exec("INSERT INTO event_counts VALUES ('gone', 'ejected', 1)");
    });
    await evictDurableObject(stub());
    await stub().sync(report({ a: failures }));
    const { metadata } = await rows();
    expect(Object.keys(metadata.outliers)).toEqual(["b"]);
    const { events } = await stub().scrape();
    expect(events.ejected).toEqual({ b: 1 });
  });
});
