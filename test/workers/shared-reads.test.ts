/**
 * Requests that come to a cold isolate at once, and all need what stands in KV: one reads it for all.
 */
import { createExecutionContext, env as realEnv } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import { UNKNOWN_POOL_STATUS } from "../../src/contract/pool-status.ts";
import { SharedWork } from "../../src/edge/model/shared-work.ts";
import type { Surroundings } from "../../src/edge/model/surroundings.ts";
import { EdgePool } from "../../src/edge/pool/edge-pool.ts";
import { KvLocations } from "../../src/edge/steering/kv-locations.ts";
import { KnownPoolStatuses } from "../../src/edge/steering/pool-statuses.ts";
import { PoolSync } from "../../src/edge/sync/pool-sync.ts";
import { WorkerSurroundings } from "../../src/edge/worker-surroundings.ts";
import type { Env } from "../../src/platform/env.ts";

const REQUESTS = 6;
const ORIGINS = [{ id: "a", url: "https://a.example.com" }];
const LOCATION = { latitude: 50, longitude: 8 };
const { POOLS: kv } = realEnv as unknown as Env;

beforeAll(async () => {
  await kv.put("pool:shared", JSON.stringify({ origins: ORIGINS, location: LOCATION }));
  await kv.put("pool:shared-sticky", JSON.stringify({ origins: ORIGINS, sticky: true }));
});

/** Those of a Worker whose objects do not answer, and the keys that were read. */
function counted(): { surroundings: Surroundings; read: string[] } {
  const read: string[] = [];
  const getWithMetadata = (key: string, options: never) => {
    read.push(key);
    return kv.getWithMetadata(key, options);
  };
  const sync = async () => {
    throw new Error("nobody answers");
  };
  const objects = { getByName: () => ({ sync }) };
  const env = { ...(realEnv as unknown as Env), AFFINITY_SECRET: "", LB_NAME: "cold" };
  const bindings = { ...env, POOLS: { getWithMetadata } as never, UPSTREAM_POOL: objects as never };
  return { surroundings: new WorkerSurroundings(bindings), read };
}

/** Requests that come one after another, while the first still waits. */
async function inTurn(serve: () => Promise<void>): Promise<void> {
  const serving: Promise<void>[] = [];
  for (let i = 0; i < REQUESTS; i++) {
    serving.push(serve());
    await scheduler.wait(1);
  }
  await Promise.all(serving);
}

function sync(id: string, surroundings: Surroundings): PoolSync {
  const routes = { recordRevision: () => undefined };
  const shared = { routes, statuses: new KnownPoolStatuses(), place: { dataCenter: null } };
  return new PoolSync(new EdgePool(id, () => 0), "i", shared, surroundings);
}

describe("a pool's configuration is read once", () => {
  const status = { ...UNKNOWN_POOL_STATUS, mark: 7 };

  it.each([
    ["where it is enough to serve from", "shared", 1],
    ["before the object is asked, and once after it has failed, where it is not", "shared-sticky", 2],
    ["then too if there is none", "shared-nowhere", 2],
  ])("in a crowd, %s", async (_, id, times) => {
    const { surroundings, read } = counted();
    const pool = sync(id, surroundings);
    await inTurn(() => pool.startFrom(status, 5_000, createExecutionContext()));
    expect(read).toEqual(new Array(times).fill(`pool:${id}`));
  });

  it.each(["shared", "shared-nowhere"])("when the object of %s does not answer", async (id) => {
    const { surroundings, read } = counted();
    const pool = sync(id, surroundings);
    await inTurn(() => pool.refresh(createExecutionContext()));
    expect(read).toEqual([`pool:${id}`]);
  });
});

it("a pool's location is read once", async () => {
  const { surroundings, read } = counted();
  const locations = new KvLocations(surroundings);
  const load = (pools: string[]) => locations.load(createExecutionContext(), pools);
  await Promise.all([load(["shared"]), load(["shared", "shared-sticky"]), load(["shared-sticky"])]);
  expect(read.sort()).toEqual(["pool:shared", "pool:shared-sticky"]);
  expect([locations.locationOf("shared"), locations.revision]).toEqual([LOCATION, 1]);
});

it("a pool's location stays while its document in KV is one that the object refuses", async () => {
  const { surroundings } = counted();
  const texts = [`{"location":${JSON.stringify(LOCATION)}}`, '{"location":null,"location":null}', "{", "{}"];
  let nowMs = 0;
  const locations = new KvLocations({
    ...surroundings,
    now: () => nowMs,
    readDocument: async () => ({ text: texts.shift() ?? "", updatedAt: null }),
  });
  const seen: unknown[] = [];
  while (texts.length > 0) {
    await locations.load(createExecutionContext(), ["refused"]);
    seen.push(locations.locationOf("refused"));
    nowMs += 60_000;
  }
  expect(seen).toEqual([LOCATION, LOCATION, LOCATION, null]);
});

it("work that is lost with its request holds the others up for its time at most, and is done again", async () => {
  const work = new SharedWork(20, counted().surroundings);
  const context = createExecutionContext();
  void work.run(context, () => new Promise(() => undefined));
  await work.run(context, () => Promise.reject(new Error("another request does it")));
  let isDone = false;
  await work.run(context, async () => {
    isDone = true;
  });
  expect(isDone).toBe(true);
});
