/** The world as an isolate in the simulation sees it. */
import { describe, expect, it } from "vitest";
import { SimSurroundings } from "../../../sim/lib/sim-surroundings.ts";
import { simHost, withOwnAddresses } from "../../../sim/lib/target-config.ts";
import { aroundIsolate } from "./support.ts";

const DOCUMENT = { origins: [{ id: "a", url: "https://a" }] };
const REPORT = { isolate: "i", rates: {} };

function world(loss = 0) {
  const around = aroundIsolate(DOCUMENT, { loss });
  const { queue, object } = around;
  const origin = around.origins.get("a") ?? expect.fail("no origin");
  const isolate = new SimSurroundings("i", { region: 0, dataCenter: 0 }, around.world, () => undefined);
  /** What each piece of work came to, and when. */
  const seen: [what: string, atMs: number][] = [];
  const follow = (name: string, work: Promise<unknown>): void => {
    const note = (what: string) => void seen.push([`${name}: ${what}`, Math.round(queue.nowMs)]);
    work.then(
      () => note("done"),
      () => note("failed"),
    );
  };
  return { queue, origin, object, isolate, seen, follow };
}

describe("a wait", () => {
  it("ends on time, or as soon as it is aborted", async () => {
    const { queue, isolate, seen, follow } = world();
    const abort = new AbortController();
    follow("long", isolate.wait(1_000, abort.signal));
    follow("short", isolate.wait(300));
    isolate.startTimer(500, () => abort.abort());
    await queue.run(2_000);
    expect(seen).toEqual([
      ["short: done", 300],
      ["long: failed", 500],
    ]);
  });

  it("does not end once its isolate is gone", async () => {
    const { queue, isolate, seen, follow } = world();
    follow("wait", isolate.wait(300));
    isolate.startTimer(300, () => seen.push(["timer", 300]));
    queue.at(200, () => {
      isolate.isAlive = false;
    });
    await queue.run(2_000);
    expect(seen).toEqual([]);
  });
});

it("a timer that is stopped does not fire", async () => {
  const { queue, isolate, seen } = world();
  isolate.startTimer(300, () => seen.push(["timer", 300])).stop();
  await queue.run(1_000);
  expect(seen).toEqual([]);
});

describe("a request to an origin", () => {
  const URL = `https://${simHost(0, 0)}/path`;

  it("is answered, or fails while the origin refuses", async () => {
    const { queue, origin, isolate, seen, follow } = world();
    follow("first", isolate.senderTo()(URL, {}));
    queue.at(1_000, () => {
      origin.fail();
      follow("second", isolate.senderTo()(URL, {}));
    });
    await queue.run(2_000);
    expect(seen.map(([what]) => what)).toEqual(["first: done", "second: failed"]);
  });

  it("fails as soon as it is aborted", async () => {
    const { queue, isolate, seen, follow } = world();
    const abort = new AbortController();
    follow("fetch", isolate.senderTo()(URL, { signal: abort.signal }));
    isolate.startTimer(3, () => abort.abort());
    await queue.run(1_000);
    expect(seen).toEqual([["fetch: failed", 3]]);
  });
});

describe("a call to the object", () => {
  const acquire = (isolate: SimSurroundings) => isolate.callPool("p", (object) => object.acquire(REPORT));

  it("is answered; while the object is down it is an answer that says so", async () => {
    const { queue, object, isolate } = world();
    const first = acquire(isolate);
    await queue.run(1_000);
    expect(await first).toMatchObject({ ok: true });
    object.isDown = true;
    const second = acquire(isolate);
    await queue.run(2_000);
    expect(await second).toMatchObject({ ok: false, failure: "unreachable" });
  });

  it("that is lost is never answered", async () => {
    const { queue, isolate, seen, follow } = world(1);
    follow("call", acquire(isolate));
    await queue.run(10_000);
    expect(seen).toEqual([]);
  });
});

it("KV has the pool's document and the route to it, and nothing else", async () => {
  const { queue, isolate } = world();
  const read = Promise.all(["pool:p", "routes", "pool:q"].map((key) => isolate.readDocument(key)));
  await queue.run(100);
  const [pool, routes, other] = await read;
  expect(pool?.text).toBe(withOwnAddresses(JSON.stringify(DOCUMENT)));
  expect(JSON.parse(routes?.text ?? "")).toEqual([{ pool: "p" }]);
  expect(other).toBeNull();
});
