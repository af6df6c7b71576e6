/**
 * A watch whose client leaves goes on in the background, and nothing of it is left at the object when it has been told. The
 * runtime ends such a request as it does for a client over a socket.
 */
import { runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { beforeEach, expect, inject, it } from "vitest";
import { EdgePool } from "../../src/edge/pool/edge-pool.ts";
import { UpstreamPool } from "../../src/pool/upstream-pool.ts";
import { openGate, stands } from "./gates.ts";
import { configure, newPool, pool, stub } from "./pool-object.ts";
import { clock, eventually } from "./test-clock.ts";

const PACE_MS = 5_000;
/** The request that brought the answer has ended by then. */
const WATCH_AFTER_MS = 1_000;
const ORIGINS = ["a", "b"].map((id, index) => ({ id, url: inject("origins")[index] }));

/** The object says that there is a crowd, and asks its isolate to watch. */
let isAsking = false;
let syncs = 0;
/** Watches that wait at the object. */
let watching = 0;
let watches = 0;

const { sync, watch } = UpstreamPool.prototype;
UpstreamPool.prototype.sync = async function (this: UpstreamPool, report) {
  const reply = await sync.call(this, report);
  syncs++;
  const asked = isAsking ? { watch_after_ms: WATCH_AFTER_MS } : {};
  return { ...reply, next_sync_ms: PACE_MS, early_sync_ms: PACE_MS, ...asked };
};
UpstreamPool.prototype.watch = async function (this: UpstreamPool, request) {
  watching++;
  watches++;
  try {
    return await watch.call(this, request);
  } finally {
    watching--;
  }
};

const edgePools = new Map<string, EdgePool>();
const { apply } = EdgePool.prototype;
EdgePool.prototype.apply = function (this: EdgePool, ...parameters) {
  edgePools.set(this.id, this);
  return apply.apply(this, parameters);
};

const drain = (id: string) => runInDurableObject(stub(), (object) => object.drain(id, ""));
const isDrained = (id: string) => edgePools.get(pool)?.server(id)?.draining === true;
const ask = (query = "", init: RequestInit = {}) =>
  exports.default.fetch(`http://${pool}.example/${query}`, { ...init, cf: { colo: "FRA" } } as RequestInit);

async function visit(): Promise<void> {
  const response = await ask();
  await response.text();
  expect(response.status).toBe(200);
}

/** The isolate knows that it is one of a crowd, and was asked to watch: it begins with the next request. */
beforeEach(async () => {
  newPool();
  [isAsking, syncs, watching, watches] = [false, 0, 0, 0];
  await configure({ origins: ORIGINS });
  await env.POOLS.put("routes", JSON.stringify([{ host: `${pool}.example`, pool }]));
  clock.skip(10_000);
  await clock.until(visit);
  isAsking = true;
  const before = syncs;
  clock.skip(PACE_MS);
  await visit();
  await eventually(() => expect(syncs).toBeGreaterThan(before));
  isAsking = false;
  expect(watching).toBe(0);
  clock.skip(WATCH_AFTER_MS);
});

/** The isolate hears of a change by its watch alone: it has no other request, and its turn does not come. */
async function hears(): Promise<void> {
  await clock.still(async () => {
    const before = syncs;
    await drain("a");
    await eventually(() => expect(isDrained("a")).toBe(true));
    expect([syncs - before, watching, watches]).toEqual([0, 0, 1]);
  });
}

it("whose client leaves before it is answered", async () => {
  await clock.still(async () => {
    const abort = new AbortController();
    const gate = `left-${pool}`;
    const asking = ask(`?gate=${gate}`, { signal: abort.signal }).catch(() => undefined);
    await stands(gate);
    await eventually(() => expect(watching).toBe(1));
    abort.abort();
    await asking;
    await openGate(gate);
  });
  await hears();
});

it("whose client leaves in the middle of its answer", async () => {
  await clock.still(async () => {
    const abort = new AbortController();
    const response = await ask("?pad=20000000", { signal: abort.signal });
    const reader = response.body?.getReader() ?? expect.fail("it has a body");
    expect((await reader.read()).done).toBe(false);
    await eventually(() => expect(watching).toBe(1));
    await reader.cancel().catch(() => undefined);
    abort.abort();
  });
  await hears();
});
