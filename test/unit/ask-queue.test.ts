import { describe, expect, it } from "vitest";
import { AskQueue } from "../../src/core/ask-queue.ts";

describe("turns to ask for tokens", () => {
  it("are not needed where few may ask at any time", () => {
    expect(new AskQueue().first(40, 44)).toEqual({ waitMs: 0, forMs: null });
    expect(new AskQueue().again(40, 44, 0)).toEqual({ waitMs: 0, forMs: null });
  });

  it("are spread evenly, so that at no moment many of those that have not asked yet are free to", () => {
    const queue = new AskQueue();
    const isolates = 5_000;
    const turns = Array.from({ length: isolates }, () => queue.first(isolates, 180));
    const cycleMs = Math.max(...turns.map(({ waitMs }) => waitMs));
    for (let atMs = 5_000; atMs < cycleMs; atMs += 500) {
      const free = turns.filter(({ waitMs, forMs }) => atMs >= waitMs && atMs < waitMs + (forMs ?? 0));
      expect(Math.abs(free.length - 20)).toBeLessThan(5);
    }
  });

  it("come one after the other for those that have asked", () => {
    const queue = new AskQueue();
    const waits = [1, 2, 3].map(() => queue.again(40, 140, 0).waitMs);
    expect(waits).toEqual([0, 20, 40]);
  });
});
