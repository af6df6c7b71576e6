import { describe, expect, it } from "vitest";
import { TokenCallPacer } from "../../../src/core/rate-limit/token-call-pacer.ts";

describe("slots for token calls", () => {
  it("are not used while all isolates may call at any time", () => {
    expect(new TokenCallPacer().firstSlot(200)).toEqual({ waitMs: 0, forMs: null });
    expect(new TokenCallPacer().nextSlot(40, 44, 0)).toEqual({ waitMs: 0, forMs: null });
  });

  it("are used from 201 isolates on, when there are 50 a second beside what a crowd's other calls will take", () => {
    expect(new TokenCallPacer().firstSlot(201).forMs).toBe(2_000);
    const slots = (isolates: number) => {
      const pacer = new TokenCallPacer();
      return [1, 2, 3].map(() => pacer.nextSlot(isolates, 0, 0));
    };
    const at = (forMs: number | null) => (waitMs: number) => ({ waitMs, forMs });
    expect(slots(200)).toEqual([0, 7, 14].map(at(null)));
    expect(slots(201)).toEqual([0, 21, 41].map(at(2_000)));
  });

  it("are spread evenly, so that at no time many isolates without a slot may call", () => {
    const pacer = new TokenCallPacer();
    const isolates = 5_000;
    const slots = Array.from({ length: isolates }, () => pacer.firstSlot(isolates));
    const cycleMs = Math.max(...slots.map(({ waitMs }) => waitMs));
    for (let atMs = 5_000; atMs < cycleMs; atMs += 500) {
      const free = slots.filter(({ waitMs, forMs }) => atMs >= waitMs && atMs < waitMs + (forMs ?? 0));
      expect(Math.abs(free.length - 20)).toBeLessThan(5);
    }
  });

  it("follow one another for isolates that have called, as far as other calls leave room", () => {
    const waits = (otherCalls: number) => {
      const pacer = new TokenCallPacer();
      return [1, 2, 3].map(() => pacer.nextSlot(40, otherCalls, 0).waitMs);
    };
    // A call takes its part of what is left of five seconds.
    expect(waits(650), "50 a second").toEqual([0, 21, 41]);
    expect(waits(400), "100 a second").toEqual([0, 11, 21]);
    expect(waits(5_000), "never fewer than 50").toEqual([0, 21, 41]);
    expect(waits(0), "never more than 150").toEqual([0, 7, 14]);
  });

  it("begin no sooner than they are told to", () => {
    const pacer = new TokenCallPacer();
    pacer.begin(1_000);
    expect([1, 2].map(() => pacer.nextSlot(40, 650, 0).waitMs)).toEqual([1_020, 1_040]);
  });

  it("after a burst come more rarely for a while, and not all at its end", () => {
    const pacer = new TokenCallPacer();
    const otherCalls = 5 * 90;
    const givenMs: number[] = [];
    for (let nowMs = 0; nowMs < 6_000; nowMs += 1_000 / 120) {
      givenMs.push(nowMs + pacer.nextSlot(160, otherCalls, nowMs).waitMs);
    }
    const pauses = givenMs.slice(1).map((atMs, index) => atMs - (givenMs[index] ?? 0));
    expect(Math.max(...pauses)).toBeLessThan(100);
    for (const atMs of givenMs) {
      const inSpan = givenMs.filter((otherMs) => otherMs > atMs - 5_000 && otherMs <= atMs);
      expect(inSpan.length + otherCalls, `until ${atMs} ms`).toBeLessThanOrEqual(901);
    }
  });

  it("are counted by the calls that come", () => {
    const pacer = new TokenCallPacer();
    for (let nowMs = 1; nowMs <= 2_000; nowMs += 10) pacer.nextSlot(40, 0, nowMs);
    expect([2_000, 6_000, 7_000].map((nowMs) => pacer.callsPerSecond(nowMs))).toEqual([40, 20, 0]);
  });

  it.each([40, 160, 200])("make up for %i calls at one moment within five seconds", (isolates) => {
    const pacer = new TokenCallPacer();
    const otherCalls = 5 * 115;
    const called: number[] = [];
    let due = Array.from({ length: isolates }, () => 0);
    for (let nowMs = 0; nowMs < 30_000; nowMs++) {
      due = due.map((atMs) => {
        if (atMs !== nowMs) return atMs;
        called.push(nowMs);
        return nowMs + Math.max(1, pacer.nextSlot(isolates, otherCalls, nowMs).waitMs);
      });
    }
    const inSpan = (fromMs: number) =>
      called.filter((atMs) => atMs >= fromMs && atMs < fromMs + 5_000).length;
    for (let fromMs = 0; fromMs <= 25_000; fromMs += 250) {
      expect(inSpan(fromMs) + otherCalls, `from ${fromMs} ms on`).toBeLessThanOrEqual(1_000);
    }
    expect(inSpan(25_000), "and all that is allowed is used").toBeGreaterThanOrEqual(250);
  });
});
