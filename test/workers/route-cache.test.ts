/**
 * The routes that an isolate keeps, from a KV that says new things, bad things and old things.
 */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { RouteTable } from "../../src/config/routing.ts";
import { RouteCache } from "../../src/edge/sync/route-cache.ts";
import { WorkerSurroundings } from "../../src/edge/worker-surroundings.ts";
import { askedNothing } from "../support/where-request.ts";

/** When each step is, in ms; further apart than routes are fresh. */
const STEP_MS = 10_000;

let cache: RouteCache;
let nowMs = 0;

beforeEach(async () => {
  cache = new RouteCache(new WorkerSurroundings(env));
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

const poolOf = (table: RouteTable | null) => table?.match("any.test", "/", askedNothing)?.pool ?? null;

/** The pool that a request goes to, and the one that requests go to once the refresh it begins is over. */
async function pools(): Promise<[now: string | null, then: string | null]> {
  const ctx = createExecutionContext();
  nowMs += STEP_MS;
  vi.setSystemTime(nowMs);
  const now = poolOf(cache.peek(ctx));
  await waitOnExecutionContext(ctx);
  return [now, poolOf(cache.peek(ctx))];
}

// First: the object remembers routes from one test to the next.
it("without routes requests go to the only pool, as soon as it is known of", async () => {
  await cache.load(createExecutionContext());
  expect(await pools()).toEqual([null, null]);
  await env.POOLS.put("pool:only", JSON.stringify({ origins: [{ id: "a", url: "https://a.example" }] }));
  nowMs += 20_000;
  expect(await pools(), "found in KV's list").toEqual([null, "only"]);
});

it("a cold isolate waits for them; a warm one serves what it has and reads in the background", async () => {
  await write([{ pool: "first" }]);
  expect(cache.peek(createExecutionContext())).toBeNull();
  expect(poolOf(await cache.load(createExecutionContext()))).toBe("first");
  await write([{ pool: "second" }]);
  expect(await pools()).toEqual(["first", "second"]);
});

it("are read again at once where the clock was set back", async () => {
  await write([{ pool: "first" }], 1);
  await cache.load(createExecutionContext());
  expect(await pools()).toEqual(["first", "first"]);
  await write([{ pool: "second" }], 2);
  nowMs -= 3_600_000;
  expect(await pools()).toEqual(["first", "second"]);
});

it("are asked for again at once by a cold isolate that got none before its clock was set back", async () => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  const failing = { get: () => Promise.reject(), getWithMetadata: () => Promise.reject() };
  const routes = { getByName: () => ({ current: () => Promise.reject(new Error("gone")) }) };
  const surroundings = new WorkerSurroundings({ ...env, POOLS: failing, ROUTE_TABLE: routes } as never);
  const cold = new RouteCache(surroundings);
  await expect(cold.load(createExecutionContext())).rejects.toThrow();
  Object.assign(surroundings.settings, { POOLS: env.POOLS });
  await write([{ pool: "first" }], 1);
  vi.setSystemTime(nowMs - 3_600_000);
  expect(poolOf(await cold.load(createExecutionContext()))).toBe("first");
});

it("a bad document never replaces a good one, and is said to be bad once", async () => {
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  await write([{ pool: "good" }]);
  await cache.load(createExecutionContext());
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
  await cache.load(createExecutionContext());
  await write([{ pool: "old" }], 1_000);
  expect(await pools()).toEqual(["new", "new"]);
  await write([{ pool: "newer" }], 3_000);
  expect(await pools()).toEqual(["new", "newer"]);
  await write([{ pool: "unmarked" }]);
  expect(await pools()).toEqual(["newer", "unmarked"]);
  await write([{ pool: "old" }], 2_500);
  expect(await pools()).toEqual(["unmarked", "unmarked"]);
});

it("routes without a mark, spelled otherwise than their object does, are asked for once and not again", async () => {
  await write('[\n  { "pool": "spaced",  "host": null }\n]\n');
  const current = vi.fn(async () => ({
    text: '[{"host":null,"pool":"spaced"}]',
    mark: nowMs,
    implicit_pool: null,
  }));
  const bindings = { ...env, ROUTE_TABLE: { getByName: () => ({ current }) } } as unknown as typeof env;
  cache = new RouteCache(new WorkerSurroundings(bindings));
  await cache.load(createExecutionContext());
  cache.recordRevision(nowMs);
  for (let refresh = 0; refresh < 120; refresh++) {
    const ctx = createExecutionContext();
    nowMs += STEP_MS;
    vi.setSystemTime(nowMs);
    expect(poolOf(cache.peek(ctx))).toBe("spaced");
    await waitOnExecutionContext(ctx);
  }
  expect(current.mock.calls.length).toBe(1);
});
