/** The simulation's events and timers: their order, and what they hold on to. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { virtualTimers } from "../../../sim/lib/clock.ts";
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
  it("calls unless it is cleared or its runtime is gone", async () => {
    const queue = new EventQueue();
    const runtime = { isAlive: true };
    const timers = virtualTimers(queue, () => runtime.isAlive);
    const seen: string[] = [];
    timers.set(() => seen.push("kept"), 1);
    timers.clear(timers.set(() => seen.push("cleared"), 1));
    timers.set(() => seen.push("of a runtime that is gone"), 3);
    queue.at(2, () => {
      runtime.isAlive = false;
    });
    await queue.run(4);
    expect(seen).toEqual(["kept"]);
  });

  it("lets go of what it would have done when it is cleared, for time-outs outlast their requests by far", async () => {
    const queue = new EventQueue();
    const timers = virtualTimers(queue, () => true);
    const start = () => {
      const request = { url: "https://example.com" };
      return { held: new WeakRef(request), timer: timers.set(() => request.url, 30_000) };
    };
    const [cleared, waiting] = [start(), start()];
    timers.clear(cleared.timer);
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    expect([cleared.held.deref(), waiting.held.deref()?.url]).toEqual([undefined, "https://example.com"]);
  });
});
