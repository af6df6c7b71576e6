/** The simulation's events and timers: their order, and what they hold on to. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { VirtualTimer } from "../../../sim/lib/clock.ts";
import { EventQueue } from "../../../sim/lib/event-queue.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

describe("the queue of events", () => {
  it("runs promises to their end before the next event of the same time", async () => {
    const queue = new EventQueue();
    const seen: string[] = [];
    queue.at(1, () => {
      queue.settle();
      void (async () => {
        for (let step = 0; step < 20; step++) await null;
        seen.push("settled");
      })();
    });
    queue.at(1, () => seen.push("next"));
    await queue.run(2);
    expect([seen, queue.nowMs, queue.events]).toEqual([["settled", "next"], 2, 2]);
  });

  it("fails with the error of an event, also of one after promises have settled", async () => {
    const queue = new EventQueue();
    queue.at(1, () => queue.settle());
    queue.at(2, () => {
      throw new RangeError("broken");
    });
    await expect(queue.run(3)).rejects.toThrow("broken");
  });
});

describe("a timer", () => {
  it("calls unless it is stopped or its runtime is gone", async () => {
    const queue = new EventQueue();
    const runtime = { isAlive: true };
    const seen: string[] = [];
    const start = (ms: number, what: string) => new VirtualTimer(queue, ms, () => seen.push(what), runtime);
    start(1, "kept");
    start(1, "stopped").stop();
    start(3, "of a runtime that is gone");
    queue.at(2, () => {
      runtime.isAlive = false;
    });
    await queue.run(4);
    expect(seen).toEqual(["kept"]);
  });

  it("lets go of what it would have done when it is stopped, for time-outs outlast their requests by far", async () => {
    const queue = new EventQueue();
    const start = () => {
      const request = { url: "https://example.com" };
      const timer = new VirtualTimer(queue, 30_000, () => request.url, { isAlive: true });
      return { held: new WeakRef(request), timer };
    };
    const [stopped, waiting] = [start(), start()];
    stopped.timer.stop();
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    expect([stopped.held.deref(), waiting.held.deref()?.url]).toEqual([undefined, "https://example.com"]);
  });
});
