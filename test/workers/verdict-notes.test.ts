/**
 * Isolates of a crowd tell one another what the object has decided, through the runtime's own cache. A crowd of hundreds
 * is more than one machine holds, so the object's answers are given the pace of one.
 */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, inject, it, vi } from "vitest";
import type { SyncReply } from "../../src/contract/sync.ts";
import { WorkerSurroundings } from "../../src/edge/worker-surroundings.ts";
import type { Env } from "../../src/platform/env.ts";
import { clock, eventually } from "./test-clock.ts";
import { gone, WrappedObject } from "./wrapped-object.ts";

const CROWDED_PACE_MS = 5_000;
const VISIT_EVERY_MS = 250;
const ORIGINS = ["a", "b"].map((id, index) => ({ id, url: inject("origins")[index] }));

let count = 0;
let pool = "";

/** A pool of two origins, and a route to it. */
async function newPool(): Promise<void> {
  pool = `noted-${++count}`;
  const document = JSON.stringify({ origins: ORIGINS });
  await env.POOLS.put(`pool:${pool}`, document, { metadata: { updated_at: Date.now() } });
  await env.POOLS.put("routes", JSON.stringify([{ pool }]), { metadata: { updated_at: Date.now() } });
}

/** An isolate whose calls the object answers with the pace of a crowd, or of few isolates. */
function isolate(paceMs = CROWDED_PACE_MS): WrappedObject {
  const wrapped = new WrappedObject();
  wrapped.wrapper = async (call) => {
    const reply = (await call()) as SyncReply;
    return { ...reply, next_sync_ms: paceMs, early_sync_ms: paceMs };
  };
  return wrapped;
}

const visit = (of: WrappedObject) => of.seen("https://notes.example/");
const drain = (id: string) =>
  runInDurableObject(env.UPSTREAM_POOL.getByName(pool), (object) => object.drain(id, ""));

/** Origins that the isolate picks now. */
function inService(of: WrappedObject): string[] {
  const { balancer } = of.isolate.pool(pool).pool.activePool ?? {};
  return [...(balancer?.servers ?? [])]
    .filter((server) => balancer?.ineligibility(server) === null)
    .map(({ id }) => id);
}

const calls = (of: WrappedObject) => of.count("sync");
const surroundings = new WorkerSurroundings(env as unknown as Env);
const note = () => surroundings.readNote(pool, 1_000);
/** Such as a request leaves: a sync in the background. */
const asksObject = (of: WrappedObject) =>
  of.isolate.pool(pool).sync.start({ waitUntil: (work) => void work });

/** Requests come to the isolate, a few a second, until `isOver`: however long their answers take, in no more time than that. */
async function visits(
  of: WrappedObject,
  isOver: () => boolean | Promise<boolean>,
  mostMs: number,
): Promise<void> {
  await clock.still(async () => {
    for (const untilMs = clock.nowMs + mostMs; clock.nowMs < untilMs; clock.skip(VISIT_EVERY_MS)) {
      expect(await visit(of)).toMatch(/^200/);
      if (await isOver()) return;
    }
    expect.fail(`not within ${mostMs} ms`);
  });
}

/** Until the second isolate has learned of the drain of `a`, while requests come there. */
const learns = (of: WrappedObject, mostMs: number) => visits(of, () => inService(of).join() === "b", mostMs);

/** What they left running is over. They look for notes for twenty seconds. */
const settled = (...isolates: WrappedObject[]) =>
  clock.pass(Promise.all(isolates.map((each) => each.settle())), { stepMs: 1_000, everyMs: 20 });

/** Two isolates of a crowd that have the same snapshot. No wait is over meanwhile: no request waits for the cache. */
async function twoIsolates(): Promise<[WrappedObject, WrappedObject]> {
  await newPool();
  const both: [WrappedObject, WrappedObject] = [isolate(), isolate()];
  for (const each of both) expect(await clock.still(() => visit(each))).toMatch(/^200/);
  return both;
}

afterEach(() => vi.unstubAllGlobals());

describe("an isolate of a crowd", () => {
  it("goes by the note of another one, long before its own turn to ask the object", async () => {
    const [first, second] = await twoIsolates();
    await eventually(async () => expect(await note()).not.toBeNull());
    await drain("a");
    asksObject(first);
    await learns(second, CROWDED_PACE_MS - 1_000);
    expect(calls(second), "it has asked the object once, at its start").toBe(1);
    expect(second.isolate.pool(pool).pool.notesTaken).toBe(1);
    const { wrapper } = second;
    second.wrapper = gone;
    await visits(second, () => calls(second) > 1, 3 * CROWDED_PACE_MS);
    expect(inService(second), "the note holds while the object is out of reach").toEqual(["b"]);
    // An isolate that never gets an answer repeats its report for as long as its back-off says.
    second.wrapper = wrapper;
    await settled(first, second);
  });

  it("passes over an origin that two others could not reach, of which the object says nothing", async () => {
    const [first, second] = await twoIsolates();
    const third = isolate();
    expect(await clock.still(() => visit(third))).toMatch(/^200/);
    await eventually(async () => expect(await note()).not.toBeNull());
    // Longer ago than an isolate takes for a sign that the origin can be reached.
    clock.skip(1_000);
    const passesOver = (of: WrappedObject) =>
      [...of.isolate.pool(pool).pool.recentlyUnreachable.list()].map(({ id }) => id).join();
    for (const of of [first, second]) {
      const { pool: its } = of.isolate.pool(pool);
      const server = its.server("a") ?? expect.fail("no such origin");
      its.recentlyUnreachable.observe(server, true);
    }
    await visits(first, async () => (await note())?.includes("unreachable") === true, 2_000);
    expect(passesOver(third), "one may be wrong").toBe("");
    await visits(second, () => passesOver(third) === "a", 2_000);
    expect([inService(third), calls(third)], "its verdict is what it was").toEqual([["a", "b"], 1]);
    expect(await clock.still(() => visit(third)), "an equal is left").toMatch(/^200 o1/);
    await settled(first, second, third);
  });

  it("ignores what is no note, and puts one in its place", async () => {
    const [first, second] = await twoIsolates();
    await settled(first, second);
    await surroundings.leaveNote(pool, "<html>nothing of ours</html>", 1_000);
    expect(await visit(second)).toMatch(/^200/);
    await settled(second);
    expect(inService(second)).toEqual(["a", "b"]);
    await visits(second, async () => (await note())?.includes('"form":1') === true, 3 * CROWDED_PACE_MS);
    await settled(second);
  });
});

const never = () => new Promise<never>(() => {});
const fails = () => Promise.reject(new Error("on purpose: no cache"));

describe.each<[string, unknown]>([
  ["is absent", undefined],
  [
    "throws at once",
    {
      open: () => {
        throw new Error("on purpose: not here");
      },
    },
  ],
  ["cannot be opened", { open: fails }],
  ["is never opened", { open: never }],
  ["fails", { open: async () => ({ match: fails, put: fails }) }],
  ["does not answer", { open: async () => ({ match: never, put: never }) }],
  [
    "forgets everything",
    { open: async () => ({ match: async () => undefined, put: async () => undefined }) },
  ],
])("a cache that %s", (_name, caches) => {
  it("changes nothing: isolates serve, and learn of changes from the object", async () => {
    vi.stubGlobal("caches", caches);
    const [first, second] = await twoIsolates();
    await drain("a");
    asksObject(first);
    await learns(second, 3 * CROWDED_PACE_MS);
    expect(calls(second)).toBe(2);
    await settled(first, second);
  });
});

it("isolates that are few have nothing to do with the cache", async () => {
  let opened = 0;
  const open = async () => {
    opened++;
    return { match: async () => undefined, put: async () => undefined };
  };
  vi.stubGlobal("caches", { open });
  await newPool();
  const few = isolate(900);
  await visits(few, () => calls(few) > 5, 10_000);
  await settled(few);
  expect(opened).toBe(0);
});
