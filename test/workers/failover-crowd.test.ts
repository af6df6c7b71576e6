/**
 * Isolates that come to a pool all at once, because another has failed: none waits for the pool's object, none sends a
 * request to an origin that is down, and their first calls are spread over time.
 */
import { createExecutionContext, env as realEnv } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import { parsePool } from "../../src/config/parse.ts";
import { UNKNOWN_POOL_STATUS } from "../../src/contract/pool-status.ts";
import { EdgePool } from "../../src/edge/pool/edge-pool.ts";
import { KnownPoolStatuses } from "../../src/edge/steering/pool-statuses.ts";
import { PoolSync } from "../../src/edge/sync/pool-sync.ts";
import { SyncState } from "../../src/edge/sync/sync-state.ts";
import { WorkerSurroundings } from "../../src/edge/worker-surroundings.ts";
import type { Env } from "../../src/platform/env.ts";

const STATUS = { ...UNKNOWN_POOL_STATUS, mark: 7, down: ["b"] };
const DOCUMENT = { origins: ["a", "b"].map((id) => ({ id, url: `https://${id}.example.com` })) };

/** An isolate that has never worked for the pool. Its calls are counted, and fail. */
class Cold {
  calls = 0;
  readonly pool: EdgePool;
  readonly sync: PoolSync;

  constructor(id: string, more: Partial<Env> = {}) {
    this.pool = new EdgePool(id, () => 0);
    const sync = async () => {
      this.calls++;
      throw new Error("nobody is asked");
    };
    const stubs = { getByName: () => ({ sync }) };
    const env = { ...(realEnv as unknown as Env), ...more, LB_NAME: "cold", UPSTREAM_POOL: stubs as never };
    const routes = { recordRevision: () => undefined };
    const shared = { routes, statuses: new KnownPoolStatuses(), place: { dataCenter: null } };
    this.sync = new PoolSync(this.pool, "cold", shared, new WorkerSurroundings(env));
  }

  start(delayMs: number): Promise<void> {
    return this.sync.startFrom(STATUS, delayMs, createExecutionContext());
  }

  get eligible(): string[] {
    const { balancer } = this.pool.activePool ?? {};
    return (balancer?.servers ?? [])
      .filter((each) => balancer?.ineligibility(each) === null)
      .map(({ id }) => id);
  }
}

beforeAll(async () => {
  const { POOLS } = realEnv as unknown as Env;
  await POOLS.put("pool:crowd", JSON.stringify(DOCUMENT));
  await POOLS.put("pool:crowd-sticky", JSON.stringify({ ...DOCUMENT, sticky: true }));
});

describe("an isolate that starts together with many others", () => {
  it("serves from KV without the origins that are down, and calls no object", async () => {
    const cold = new Cold("crowd");
    await cold.start(5_000);
    expect(cold.eligible).toEqual(["a"]);
    expect(cold.calls).toBe(0);
    expect(cold.sync.isStale).toBe(false);
    expect(cold.sync.isDue).toBe(false);
  });

  it("asks the object if KV has no configuration", async () => {
    const cold = new Cold("crowd-nowhere");
    await cold.start(5_000);
    expect(cold.pool.activePool).toBeNull();
    expect(cold.calls).toBe(1);
  });

  it("keeps sessions: it asks for tokens that it cannot know, and with a secret it need not ask", async () => {
    const without = new Cold("crowd-sticky", { AFFINITY_SECRET: "" });
    await without.start(5_000);
    expect(without.calls).toBe(1);
    const having = new Cold("crowd-sticky", { AFFINITY_SECRET: "a secret for all" });
    await having.start(5_000);
    expect([having.calls, having.eligible]).toEqual([0, ["a"]]);
  });
});

describe("the first call of such an isolate", () => {
  it("is due when its time has come, and not before", () => {
    const pool = new EdgePool("p", () => 0);
    const state = new SyncState(pool, "cold");
    const parsed = parsePool(DOCUMENT);
    if (parsed.ok) pool.adoptConfig(parsed.value);
    state.postpone(100_000, 3_000);
    const at = (nowMs: number) => [state.isStale(nowMs), state.isDue(nowMs), state.mayCall(nowMs)];
    expect(at(100_000)).toEqual([false, false, false]);
    expect(at(102_999)).toEqual([false, false, false]);
    expect(state.waitMs(100_000)).toBe(3_000);
    expect(at(103_000)).toEqual([true, true, true]);
  });

  it("is never put off for longer than its request can wait", () => {
    const state = new SyncState(new EdgePool("p", () => 0), "cold");
    state.postpone(100_000, 1e9);
    expect(state.mayCall(119_999)).toBe(false);
    expect(state.mayCall(120_000)).toBe(true);
  });

  it("is not put off by a clock that was set back", () => {
    const state = new SyncState(new EdgePool("p", () => 0), "cold");
    state.postpone(1_000_000, 3_000);
    expect(state.mayCall(100_000)).toBe(true);
  });
});
