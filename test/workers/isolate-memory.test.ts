/**
 * An isolate that lives for months, while pools come and go. Most of their objects are played, and have no configuration.
 */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";
import type { SyncReply, SyncReport } from "../../src/contract/sync.ts";
import { serve } from "../../src/edge/proxy.ts";
import { IsolateState } from "../../src/edge/sync/isolate.ts";
import { WorkerSurroundings } from "../../src/edge/worker-surroundings.ts";
import type { Env } from "../../src/platform/env.ts";
import { ask } from "./admin-support.ts";
import { openGate, stands } from "./gates.ts";
import { clock } from "./test-clock.ts";

/** As many as the isolate is sure to remember. */
const REMEMBERED = 20;
/** Other pools that requests come to: more than twice as many. */
const OTHERS = 45;
const AT_ONCE = 5;
/** Their objects are real. */
const REAL = ["held", "strict", "limited"] as const;
const [origin = ""] = inject("origins");

const HANDSHAKE = {
  upgrade: "websocket",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  "sec-websocket-version": "13",
};

const UNKNOWN: SyncReply = {
  snapshot: null,
  cursor: null,
  active: {},
  next_sync_ms: 1_000,
  configured: false,
};

/** Names under which isolates have called, by pool. */
const seen = new Map<string, Set<string>>();
const names = (pool: string) => seen.get(pool)?.size ?? 0;

const routes = [
  ...[...REAL, "busy"].map((pool) => ({ host: `${pool}.example`, pool })),
  ...Array.from({ length: OTHERS }, (_, i) => ({ host: `other-${i}.example`, pool: `other-${i}` })),
];

const played = {
  ...env,
  POOLS: {
    getWithMetadata: async (key: string) => ({
      value: key === "routes" ? JSON.stringify(routes) : null,
      metadata: { updated_at: 1 },
    }),
  },
  LB_NAME: "lb-memory",
  UPSTREAM_POOL: {
    getByName: (pool: string) => {
      const real = REAL.some((name) => name === pool) ? env.UPSTREAM_POOL.getByName(pool) : null;
      const sync = async (report: SyncReport) => {
        seen.set(pool, (seen.get(pool) ?? new Set()).add(report.isolate));
        return real === null ? UNKNOWN : await real.sync(report);
      };
      return new Proxy(real ?? {}, {
        get: (stub, method) => (method === "sync" ? sync : Reflect.get(stub, method)),
      });
    },
  },
} as unknown as Env;

const ctx = createExecutionContext();
const isolate = new IsolateState(new WorkerSurroundings(played), REMEMBERED);
afterAll(() => clock.pass(waitOnExecutionContext(ctx)));

const get = (pool: string, query = "", init: RequestInit = {}): Promise<Response> =>
  serve(new Request(`http://${pool}.example/${query}`, init), isolate, ctx);

async function status(pool: string, query = ""): Promise<number> {
  const response = await get(pool, query);
  await response.text();
  return response.status;
}

/** A request to each of the other pools. @param between done after each few of them */
async function meetOthers(between: () => Promise<unknown> = async () => {}): Promise<void> {
  for (let first = 0; first < OTHERS; first += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => status(`other-${first + i}`)));
    await between();
  }
}

beforeAll(() => void vi.spyOn(console, "log").mockImplementation(() => undefined));

it("forgets pools that were not used for long, and never one that is in use", async () => {
  expect(await status("busy"), "of a pool that is not there").toBe(503);
  await meetOthers(() => status("busy"));
  expect(names("other-0")).toBe(1);
  await meetOthers(() => status("busy"));
  expect(names("other-0"), "it was met anew").toBe(2);
  expect(names("busy")).toBe(1);
});

describe("a pool that is forgotten while requests are in it", () => {
  const state = async (pool: string) => (await ask(`GET /pools/${pool}`)).body;
  const active = async (pool: string): Promise<number> => (await state(pool)).active_connections;
  const requests = async (pool: string): Promise<number> =>
    (await ask(`GET /pools/${pool}/stats`)).body.requests;

  beforeAll(async () => {
    const origins = [{ id: "a", url: origin }];
    const failover = { attempt_timeout: 600, total_timeout: 600 };
    const documents = {
      held: { count_websockets: true },
      strict: { coordination: "strict" },
      limited: { rate_limit: 4 },
    };
    for (const pool of REAL) {
      const body = { origins, failover, ...documents[pool] };
      expect((await ask(`PUT /pools/${pool}`, { body })).status).toBe(201);
    }
  });

  it("counts each of them once, and to its end", async () => {
    for (const pool of REAL) expect(await status(pool)).toBe(200);
    const slow = status("held", "?gate=held");
    const strict = status("strict", "?gate=strict");
    const long = await get("held", "?pad=5000000");
    const { webSocket: socket } = await get("held", "", { headers: HANDSHAKE });
    await Promise.all([stands("held"), stands("strict")]);
    // More than there are tokens.
    const waiting = Promise.all(Array.from({ length: 8 }, () => status("limited")));
    await meetOthers();
    socket?.accept();
    const before = REAL.map(names);
    expect([await status("held"), await status("strict")]).toEqual([200, 200]);
    // What it had of the limit may count still.
    const late = await status("limited");
    expect(REAL.map(names), "met anew").toEqual(before.map((count) => count + 1));
    await clock.until(async () => expect([await active("held"), await active("strict")]).toEqual([3, 1]));

    await Promise.all([openGate("held"), openGate("strict")]);
    expect(await Promise.all([slow, strict])).toEqual([200, 200]);
    expect((await long.text()).length).toBeGreaterThan(5_000_000);
    socket?.close();
    const limited = 1 + [...(await waiting), late].filter((code) => code === 200).length;
    await clock.until(async () => expect(await Promise.all(REAL.map(active))).toEqual([0, 0, 0]));
    await clock.until(async () => expect(await Promise.all(REAL.map(requests))).toEqual([5, 3, limited]));
    // Nothing is left that would be counted later.
    clock.skip(60_000);
    for (const pool of REAL) expect(await status(pool)).toBe(200);
    await clock.until(async () => expect(await Promise.all(REAL.map(requests))).toEqual([6, 4, limited + 1]));
  });
});
