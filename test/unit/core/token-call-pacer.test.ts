import { describe, expect, it } from "vitest";
import { TokenCallPacer } from "../../../src/core/rate-limit/token-call-pacer.ts";

describe("slots for token calls", () => {
  it("are not used while all isolates may call at any time", () => {
    expect(new TokenCallPacer().firstSlot(40, 44)).toEqual({ waitMs: 0, forMs: null });
    expect(new TokenCallPacer().nextSlot(40, 44, 0)).toEqual({ waitMs: 0, forMs: null });
  });

  it("are spread evenly, so that at no time many isolates without a slot may call", () => {
    const pacer = new TokenCallPacer();
    const isolates = 5_000;
    const slots = Array.from({ length: isolates }, () => pacer.firstSlot(isolates, 180));
    const cycleMs = Math.max(...slots.map(({ waitMs }) => waitMs));
    for (let atMs = 5_000; atMs < cycleMs; atMs += 500) {
      const free = slots.filter(({ waitMs, forMs }) => atMs >= waitMs && atMs < waitMs + (forMs ?? 0));
      expect(Math.abs(free.length - 20)).toBeLessThan(5);
    }
  });

  it("follow one another for isolates that have called", () => {
    const pacer = new TokenCallPacer();
    const waits = [1, 2, 3].map(() => pacer.nextSlot(40, 140, 0).waitMs);
    expect(waits).toEqual([0, 20, 40]);
  });
});
