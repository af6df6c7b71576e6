import { describe, expect, it } from "vitest";
import { Isolates } from "../../src/pool/leases/isolates.ts";

const PACE_MS = 900;

function heard(
  isolates: Isolates,
  id: string,
  sequence: number,
  active: Record<string, number>,
  nowMs: number,
  isIdle = false,
) {
  return isolates.record({ id, sequence, active, paceMs: PACE_MS, isIdle }, nowMs);
}

describe("connections", () => {
  it("are a gauge: a report takes the place of the one before, lost and repeated reports change nothing", () => {
    const isolates = new Isolates();
    expect(heard(isolates, "x", 1, { a: 3 }, 0)).toBe(true);
    expect(heard(isolates, "x", 1, { a: 2 }, 10), "counted before").toBe(false);
    heard(isolates, "y", 1, { a: 5, b: 1 }, 20);
    expect([isolates.active("a"), isolates.active("b")]).toEqual([7, 1]);
    expect(isolates.othersActive("x")).toEqual({ a: 5, b: 1 });
    expect(heard(isolates, "x", 4, {}, 30)).toBe(true);
    expect(isolates.othersActive("y")).toEqual({});
  });

  it("at unknown origins are forgotten with the report that named them", () => {
    const isolates = new Isolates();
    for (let i = 0; i < 1_000; i++) heard(isolates, "x", i, { [`stranger${i}`]: 1 }, i);
    expect(Object.keys(isolates.othersActive("y"))).toEqual(["stranger999"]);
  });

  it("of an isolate that vanished lapse when it has missed two of its times and ten seconds", () => {
    const isolates = new Isolates();
    heard(isolates, "x", 1, { a: 3 }, 0);
    isolates.sweep(3 * PACE_MS + 9_000);
    expect([isolates.active("a"), isolates.isKnown("x")]).toEqual([3, true]);
    isolates.sweep(3 * PACE_MS + 10_000);
    expect([isolates.active("a"), isolates.isKnown("x"), isolates.size]).toEqual([0, false, 0]);
  });
});

describe("isolates that are awaited", () => {
  it("are those that come when they are to: not those of an old version, long before these lapse", () => {
    const isolates = new Isolates();
    for (const id of ["old", "older"]) heard(isolates, id, 1, {}, 0);
    for (const nowMs of [1_000, 1_900, 2_800]) {
      heard(isolates, "new", nowMs, {}, nowMs);
      isolates.sweep(nowMs);
    }
    expect([isolates.size, isolates.awaited]).toEqual([3, 1]);
    heard(isolates, "old", 2, {}, 3_000);
    isolates.sweep(3_700);
    expect(isolates.awaited, "it is back").toBe(2);
    heard(isolates, "old", 3, {}, 3_800, true);
    isolates.sweep(4_600);
    expect(isolates.awaited, "the old one reports only what has ended").toBe(1);
  });

  it("are counted each second, and in a crowd more rarely, because all are looked at", () => {
    const countedAt = (count: number): number[] => {
      const isolates = new Isolates();
      for (let i = 0; i < count; i++) heard(isolates, `i${i}`, 1, {}, 0);
      isolates.sweep(0);
      // From 1,900 ms on all are late.
      return [1_900, 2_000, 3_000].map((nowMs) => {
        isolates.sweep(nowMs);
        return isolates.awaited;
      });
    };
    expect(countedAt(20_000)).toEqual([20_000, 20_000, 0]);
    expect(countedAt(60_000)).toEqual([60_000, 60_000, 0]);
    expect(countedAt(80_000)).toEqual([80_000, 80_000, 80_000]);
  });
});

describe("a report that was counted", () => {
  it("counts once, though its isolate lapsed before it repeats it", () => {
    const isolates = new Isolates();
    heard(isolates, "x", 7, { a: 3 }, 0);
    isolates.sweep(30_000);
    expect(isolates.isKnown("x")).toBe(false);
    expect(heard(isolates, "x", 7, { a: 2 }, 60_000)).toBe(false);
    expect(isolates.active("a"), "its gauges hold").toBe(2);
    expect(heard(isolates, "x", 8, {}, 61_000)).toBe(true);
  });

  it("is remembered for two minutes after its isolate lapsed, and no longer", () => {
    const isolates = new Isolates();
    heard(isolates, "x", 7, {}, 0);
    heard(isolates, "y", 7, {}, 0);
    isolates.sweep(20_000);
    isolates.sweep(139_999);
    expect(heard(isolates, "x", 7, {}, 139_999)).toBe(false);
    isolates.sweep(141_000);
    expect(heard(isolates, "y", 7, {}, 141_000)).toBe(true);
  });

  it("is remembered of 50,000 isolates, the last that lapsed", () => {
    const isolates = new Isolates();
    for (let i = 0; i < 50_001; i++) heard(isolates, `i${i}`, 1, {}, i === 0 ? -900 : 0);
    isolates.sweep(20_000);
    expect([heard(isolates, "i0", 1, {}, 20_001), heard(isolates, "i1", 1, {}, 20_001)]).toEqual([
      true,
      false,
    ]);
  });
});

it("ids that are names of every object's properties are counted like others", () => {
  const isolates = new Isolates();
  heard(isolates, "constructor", 1, { constructor: 1, valueOf: 2 }, 0);
  heard(isolates, "y", 1, { constructor: 1 }, 0);
  expect(isolates.othersActive("z")).toEqual({ constructor: 2, valueOf: 2 });
  expect(isolates.othersActive("constructor")).toEqual({ constructor: 1 });
  expect(isolates.othersActive("y")).toEqual({ constructor: 1, valueOf: 2 });
});
