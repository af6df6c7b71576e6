import { evictAllDurableObjects } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import * as before from "../../src/index.ts";
import { configure, newPool, pool, stub, url } from "./pool-object.ts";

it("a file begins with nothing stored, not even by objects that sleep, and with modules of its own", async () => {
  newPool();
  await configure({ origins: [{ id: "a", url }] });
  expect(await stub().versions()).toHaveLength(1);
  await evictAllDurableObjects();
  vi.resetModules();
  await import("./fresh.ts");
  expect(await env.POOLS.list()).toMatchObject({ keys: [] });
  expect(await env.UPSTREAM_POOL.getByName(pool).versions()).toEqual([]);
  expect(await import("../../src/index.ts")).not.toBe(before);
});
