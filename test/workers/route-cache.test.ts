/**
 * The routes that an isolate keeps, from a KV that says new things, bad things and old things.
 */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { RouteTable } from "../../src/config/routing.ts";
import { RouteCache } from "../../src/edge/route-cache.ts";

/** When each step is, in ms; further apart than routes are fresh. */
const STEP_MS = 10_000;

let cache: RouteCache;
let nowMs = 0;

beforeEach(async () => {
  cache = new RouteCache();
  nowMs = Date.now();
  vi.useFakeTimers({ toFake: ["Date"] });
  await env.POOLS.delete("routes");
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

async function write(routes: unknown, updatedAt?: number): Promise<void> {
  const metadata = updatedAt === undefined ? {} : { metadata: { updated_at: updatedAt } };
  await env.POOLS.put("routes", typeof routes === "string" ? routes : JSON.stringify(routes), metadata);
}

const poolOf = (table: RouteTable | null) => table?.match("any.test", "/")?.pools[0]?.pool ?? null;

/** The pool that a request goes to, and the one that requests go to once the refresh it begins is over. */
async function pools(): Promise<[now: string | null, then: string | null]> {
  const ctx = createExecutionContext();
  nowMs += STEP_MS;
  vi.setSystemTime(nowMs);
  const now = poolOf(cache.peek(env, ctx, nowMs));
  await waitOnExecutionContext(ctx);
  return [now, poolOf(cache.peek(env, ctx, nowMs))];
}

it("a cold isolate waits for them; a warm one serves what it has and reads in the background", async () => {
  await write([{ pool: "first" }]);
  expect(cache.peek(env, createExecutionContext(), nowMs)).toBeNull();
  expect(poolOf(await cache.load(env))).toBe("first");
  await write([{ pool: "second" }]);
  expect(await pools()).toEqual(["first", "second"]);
});

it("a bad document never replaces a good one, and is said to be bad once", async () => {
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  await write([{ pool: "good" }]);
  await cache.load(env);
  for (const bad of ["{", '[{"pol":"x"}]', '[{"pol":"x"}]']) {
    await write(bad);
    expect(await pools()).toEqual(["good", "good"]);
  }
  const refusals = log.mock.calls.filter(([line]) => String(line).includes("routes_refused"));
  expect(refusals).toHaveLength(2);
  expect(String(refusals[1])).toContain("pol");
  await write([{ pool: "better" }]);
  expect(await pools()).toEqual(["good", "better"]);
});

// KV's past can only be played here: on one machine it shows every write at once.
it("an older document that KV still shows does not come back", async () => {
  await write([{ pool: "new" }], 2_000);
  await cache.load(env);
  await write([{ pool: "old" }], 1_000);
  expect(await pools()).toEqual(["new", "new"]);
  await write([{ pool: "newer" }], 3_000);
  expect(await pools()).toEqual(["new", "newer"]);
  await write([{ pool: "unmarked" }]);
  expect(await pools()).toEqual(["newer", "unmarked"]);
  await write([{ pool: "old" }], 2_500);
  expect(await pools()).toEqual(["unmarked", "unmarked"]);
});

it("without routes requests go to the only pool, as soon as there is one", async () => {
  await cache.load(env);
  expect(await pools()).toEqual([null, null]);
  await env.POOLS.put("pool:only", "{}");
  expect(await pools()).toEqual([null, "only"]);
  await env.POOLS.delete("pool:only");
});
