import { describe, expect, it } from "vitest";
import { Isolates } from "../../src/pool/isolates.ts";

const PACE_MS = 900;

function heard(
  isolates: Isolates,
  id: string,
  sequence: number,
  active: Record<string, number>,
  nowMs: number,
) {
  return isolates.hear({ id, sequence, active, paceMs: PACE_MS }, nowMs);
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

  it("at origins that nobody has are forgotten with the report that named them", () => {
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
