/**
 * One isolate of a data centre hears of a verdict at once, through the real object and the runtime's own cache, and its
 * neighbours by its note. Hundreds of isolates are more than one machine holds: the object's crowd is made of reports, and
 * isolates are told that there is one.
 */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, inject, it } from "vitest";
import type { SyncReply, SyncReport } from "../../src/contract/sync.ts";
import type { WatchReply } from "../../src/contract/verdict-watch.ts";
import { EdgePool } from "../../src/edge/pool/edge-pool.ts";
import { parseNote } from "../../src/edge/pool/verdict-notes.ts";
import { configure, newPool, pool, report, stub } from "./pool-object.ts";
import { clock, eventually } from "./test-clock.ts";
import { WrappedObject } from "./wrapped-object.ts";

/** At 170 calls a second they are told to come back after 2.6 s and more. */
const CROWD = 450;
const PACE_MS = 5_000;
const ORIGINS = ["a", "b"].map((id, index) => ({ id, url: inject("origins")[index] }));

const sync = (isolate: string, more: Partial<SyncReport> = {}) =>
  stub().sync(report({}, { isolate, sequence: 1, ...more }));
const drain = (id: string) => runInDurableObject(stub(), (object) => object.drain(id, ""));

beforeEach(async () => {
  newPool();
  await configure({ origins: ORIGINS });
});

describe("the object", () => {
  beforeEach(async () => {
    for (let isolate = 0; isolate < CROWD; isolate++) await sync(`crowd ${isolate}`);
  });

  it("asks one isolate of each data centre that has a crowd", async () => {
    const replies = [await sync("unknown")];
    for (const data_center of ["FRA", "FRA", "AMS"]) replies.push(await sync("known", { data_center }));
    expect(replies.map(({ watch_after_ms = null }) => watch_after_ms)).toEqual([
      null,
      expect.any(Number),
      null,
      expect.any(Number),
    ]);
  });

  it("answers who waits when an origin is drained, with a note that fits what isolates have", async () => {
    const { snapshot } = await sync("one", { data_center: "FRA" });
    const known = snapshot ?? expect.fail("the isolate is new");
    let answer: WatchReply | null = null;
    const watching = stub()
      .watch({ data_center: "FRA", version: known.version })
      .then((reply) => {
        answer = reply;
      });
    await stub().summary();
    expect(answer, "nothing has changed").toBeNull();
    await drain("a");
    await watching;
    const { note } = answer ?? expect.fail("it was answered");
    const edge = new EdgePool(pool, Math.random);
    edge.apply({ snapshot: known, cursor: null, active: {}, next_sync_ms: 9_000, configured: true }, 0);
    edge.takeNote(parseNote(note ?? "") ?? expect.fail("there is something new"), "one");
    expect([...edge.servers].map(({ id, draining }) => [id, draining])).toEqual([
      ["a", true],
      ["b", false],
    ]);
  });
});

describe("isolates of a crowd", () => {
  /** The object asks the isolate to watch, or another one. */
  const isolate = (isAsked: boolean): WrappedObject => {
    const wrapped = new WrappedObject();
    wrapped.wrapper = async (call, method) => {
      const answer = await call();
      if (method !== "sync") return answer;
      const asked = isAsked ? { watch_after_ms: 0 } : {};
      return { ...(answer as SyncReply), next_sync_ms: PACE_MS, early_sync_ms: PACE_MS, ...asked };
    };
    return wrapped;
  };
  const visit = async (of: WrappedObject): Promise<void> => {
    const request = new Request("https://watched.example/", { cf: { colo: "FRA" } as never });
    const response = await clock.still(() => of.ask(request));
    await response.body?.cancel();
    expect(response.status).toBe(200);
  };
  const isDrained = (of: WrappedObject) => of.isolate.pool(pool).pool.server("a")?.draining === true;

  it("hear of a drain at once: one from the object, its neighbour from the note, long before their turns", async () => {
    await env.POOLS.put("routes", JSON.stringify([{ pool }]), { metadata: { updated_at: Date.now() } });
    const [watcher, neighbour] = [isolate(true), isolate(false)];
    for (const each of [watcher, neighbour, watcher]) await visit(each);
    await eventually(() => expect(watcher.count("watch")).toBe(1));
    await clock.still(async () => {
      await drain("a");
      await eventually(() => expect(isDrained(watcher)).toBe(true));
    });
    await clock.until(async () => {
      await visit(neighbour);
      expect(isDrained(neighbour)).toBe(true);
    }, 2_000);
    expect([watcher.count("sync"), neighbour.count("sync")], "neither has asked again").toEqual([1, 1]);
    expect(neighbour.count("watch"), "one is enough").toBe(0);
    await clock.pass(Promise.all([watcher.settle(), neighbour.settle()]), { stepMs: 1_000, everyMs: 20 });
  });
});
