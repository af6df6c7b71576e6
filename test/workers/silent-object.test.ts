/**
 * An object that never answers another, or the watchdog: it holds up nobody else. An object that is silent cannot be had
 * on one machine, so its namespace is played.
 */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, it, vi } from "vitest";
import { KV_PAST_MS } from "../../src/config/documents.ts";
import worker from "../../src/index.ts";
import type { Env } from "../../src/platform/env.ts";
import type { RouteTable } from "../../src/pool/routes/routes-object.ts";
import { RoutesLink } from "../../src/pool/routes-link.ts";
import { clock } from "./test-clock.ts";

const WHO = { who: "test", what: "wrote" };
/** One more than are told side by side. */
const POOLS = Array.from({ length: 51 }, (_, i) => `p${String(i).padStart(2, "0")}`);
const [SILENT = "", ...OTHERS] = POOLS;

/** Calls that the others got. */
let heard: { pool: string; method: string }[] = [];

afterEach(() => {
  heard = [];
  vi.restoreAllMocks();
});

const GONE = { configured: false, config_error: null };

function playedPool(pool: string): object {
  const method = async (name: string) => {
    if (pool === SILENT) await new Promise(() => {});
    heard.push({ pool, method: name });
    return GONE;
  };
  return new Proxy({}, { get: (_, name) => () => method(String(name)) });
}

/** The object of the routes, among played pools that it knows. */
async function withTable(act: (table: RouteTable) => Promise<void>): Promise<void> {
  await runInDurableObject(env.ROUTE_TABLE.getByName("routes"), async (table) => {
    const played = table as unknown as { env: Env };
    const real = played.env.UPSTREAM_POOL;
    played.env.UPSTREAM_POOL = { getByName: playedPool } as unknown as Env["UPSTREAM_POOL"];
    try {
      for (const pool of POOLS) await table.registerPool(pool);
      await act(table);
    } finally {
      played.env.UPSTREAM_POOL = real;
    }
  });
}

it("of a pool delays the announcement of routes to the next pools for a limited time", async () => {
  await withTable(async (table) => {
    await table.putConfig(JSON.stringify([{ pool: SILENT }]), WHO);
    await clock.until(() => {
      const told = heard.filter(({ method }) => method === "announceRoutes").map(({ pool }) => pool);
      expect(told.sort()).toEqual(OTHERS);
    });
  });
});

it("of a pool does not hold the object of the routes up, nor does it keep pools that are gone in the list", async () => {
  await withTable(async (table) => {
    clock.skip(2 * KV_PAST_MS);
    await clock.pass(table.wake());
    expect(await table.pools()).toEqual([SILENT]);
  });
});

it("of the routes does not keep the watchdog from the pools", async () => {
  await env.POOLS.put(`pool:${OTHERS[0]}`, "{}");
  const silent = { getByName: () => playedPool(SILENT) };
  const played = { ...env, ROUTE_TABLE: silent, UPSTREAM_POOL: { getByName: playedPool } };
  const over = async () => await worker.scheduled?.({} as ScheduledController, played as unknown as Env);
  await clock.pass(over());
  expect(heard).toEqual([{ pool: OTHERS[0], method: "wake" }]);
});

it("of the routes gets the report of a new pool again", async () => {
  let told = 0;
  const table = { registerPool: () => (++told === 1 ? new Promise(() => {}) : Promise.resolve()) };
  const link = new RoutesLink({ ...env, ROUTE_TABLE: { getByName: () => table } } as unknown as Env, "p00");
  for (let call = 1; call <= 3; call++) await clock.pass(link.register(true));
  expect(told).toBe(2);
});
