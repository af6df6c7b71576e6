/**
 * What the routes' object says when it first looks into KV. A list that is quicker than a reading is played at the binding,
 * for on one machine their order is chance.
 */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import type { RouteTable } from "../../src/index.ts";

const LATE_MS = 200;

it("routes that are read after the list of pools are not reported as missing", async () => {
  const table = env.ROUTE_TABLE.getByName("routes");
  const getWithMetadata = async (key: string) => {
    await scheduler.wait(LATE_MS);
    return { value: key === "routes" ? '[{"pool":"a"}]' : null, metadata: null, cacheStatus: null };
  };
  const list = async () => ({
    keys: [{ name: "pool:a" }, { name: "pool:b" }],
    list_complete: true,
    cacheStatus: null,
  });
  await runInDurableObject(table, (instance: RouteTable) => {
    // biome-ignore lint/complexity/useLiteralKeys: it is protected, and this is the only way in
    const { POOLS } = instance["env"];
    vi.spyOn(POOLS, "getWithMetadata").mockImplementation(getWithMetadata as never);
    vi.spyOn(POOLS, "list").mockImplementation(list as never);
  });
  await table.wake();
  expect(await table.pools()).toEqual(["a", "b"]);
  const kinds = (await table.events()).map(({ kind }) => kind);
  expect(kinds).toEqual(["config_applied"]);
  expect(await table.summary()).toMatchObject({ config_error: null, refused: 0 });
});
