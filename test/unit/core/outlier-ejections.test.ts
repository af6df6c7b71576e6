import { describe, expect, it } from "vitest";
import { type OutlierConfig, OutlierDetector } from "../../../src/core/health/outlier-detector.ts";
import { FAILS, feed, IN_A_ROW, POOL } from "../../support/outliers.ts";

/** Ejects by failures in a row and says for how many seconds. */
function ejectedForS(detector: OutlierDetector, atS: number): number {
  detector.sweep(atS * 1_000);
  feed(detector, "a", FAILS, atS * 1_000);
  return (detector.ejectedUntilMs("a") ?? Number.NaN) / 1_000 - atS;
}

describe("the length of an ejection", () => {
  it("grows with each one and shrinks with each healthy interval (ENV-OUT-01: EjectTimeBackoff)", () => {
    const detector = new OutlierDetector({ baseEjectionMs: 10_000, intervalMs: 10_000 });
    const returnsAtS = [0, 10, 30].map((atS) => atS + ejectedForS(detector, atS));
    expect(returnsAtS).toEqual([10, 30, 60]);
    detector.sweep(60_000);
    expect(80 + ejectedForS(detector, 80)).toBe(100);
    detector.sweep(100_000);
    expect(610 + ejectedForS(detector, 610)).toBe(620);
  });

  it("is min(10 n, 300) s for the nth in a row (ENV-OUT-02: MaxEjectTime)", () => {
    const detector = new OutlierDetector({
      baseEjectionMs: 10_000,
      maxEjectionMs: 300_000,
      intervalMs: 10_000,
    });
    let atS = 0;
    for (let n = 1; n <= 40; n++) {
      const lastedS = ejectedForS(detector, atS);
      expect(lastedS).toBe(Math.min(10 * n, 300));
      atS += lastedS;
    }
  });

  it("comes down again from the longest as fast as it went up", () => {
    const detector = new OutlierDetector({
      baseEjectionMs: 10_000,
      maxEjectionMs: 30_000,
      intervalMs: 10_000,
    });
    let atS = 0;
    for (let n = 1; n <= 20; n++) atS += ejectedForS(detector, atS);
    detector.sweep(atS * 1_000);
    expect(ejectedForS(detector, atS + 20)).toBe(20);
  });
});

describe("coming back", () => {
  it("is when the time is up, said once", () => {
    const detector = new OutlierDetector();
    feed(detector, "a", FAILS, 0);
    expect(detector.sweep(29_999)).toEqual([]);
    expect(detector.sweep(30_000)).toEqual([{ kind: "unejected", id: "a", reason: "time_is_up" }]);
    expect(detector.sweep(30_001)).toEqual([]);
    expect(detector.ejectedUntilMs("a")).toBeNull();
  });

  it("may be earlier: an active check passed", () => {
    const detector = new OutlierDetector();
    feed(detector, "a", FAILS, 0);
    expect(detector.uneject("a", 5_000)).toEqual({ kind: "unejected", id: "a", reason: "check_passed" });
    expect(detector.uneject("a", 5_000)).toBeNull();
    expect(detector.uneject("unknown", 5_000)).toBeNull();
  });

  it("resets the counts, and late reports about earlier attempts do not count", () => {
    const detector = new OutlierDetector();
    feed(detector, "a", FAILS, 0);
    feed(detector, "a", "FFFF", 1_000);
    detector.sweep(30_000);
    expect(feed(detector, "a", "FFFF", 30_000)).toEqual([]);
    expect(feed(detector, "a", "F", 30_000)).toEqual([IN_A_ROW]);
  });
});

describe("failures that are reported late", () => {
  const report = { successes: 0, failures: 30, failuresInRow: 30, hadSuccess: false };
  /** Ejected at 0, back at 20 s. */
  function returned(): OutlierDetector {
    const detector = new OutlierDetector();
    feed(detector, "a", FAILS, 0);
    detector.uneject("a", 20_000);
    return detector;
  }

  it("do not count if they happened before the server came back", () => {
    const detector = returned();
    for (const atMs of [20_100, 21_000, 25_000]) {
      expect(detector.record("a", { ...report, failureAgeMs: atMs - 20_000 }, POOL, atMs)).toBeNull();
    }
    expect(feed(detector, "a", "FFFF", 25_000), "nor are they added to").toEqual([]);
  });

  it("eject a server that failed since", () => {
    const late = { ...report, failureAgeMs: 1_999 };
    expect(returned().record("a", late, POOL, 22_000)?.kind).toBe("ejected");
    expect(returned().record("a", report, POOL, 22_000)?.kind, "no age: they are news").toBe("ejected");
  });

  it("do not count if they are older than the interval, but the successes in the same report do", () => {
    const detector = new OutlierDetector();
    feed(detector, "a", "FFFF", 60_000);
    const late = { ...report, successes: 1, hadSuccess: true, failureAgeMs: 10_000 };
    expect(detector.record("a", late, POOL, 60_000)).toBeNull();
    expect(feed(detector, "a", "FFFF", 60_000)).toEqual([]);
    expect(feed(detector, "a", "F", 60_000)).toEqual([IN_A_ROW]);
  });
});

describe("stored as JSON and restored", () => {
  const config: Partial<OutlierConfig> = { baseEjectionMs: 10_000 };
  const reborn = (detector: OutlierDetector) =>
    OutlierDetector.restore(JSON.parse(JSON.stringify(detector)), config);

  it("keeps ejections, their growth, and failures in a row", () => {
    const detector = new OutlierDetector(config);
    feed(detector, "a", FAILS, 0);
    feed(detector, "b", "FFF", 0);
    const second = reborn(detector);
    expect(second.ejectedUntilMs("a")).toBe(10_000);
    expect(feed(second, "b", "FF", 0)).toEqual([IN_A_ROW]);
    second.sweep(10_000);
    const third = reborn(second);
    feed(third, "a", FAILS, 10_000);
    expect(third.ejectedUntilMs("a")).toBe(30_000);
  });

  it("holds nothing of servers that behave", () => {
    const detector = new OutlierDetector(config);
    feed(detector, "a", "SSFS", 0);
    expect(detector.toJSON()).toEqual({});
  });

  it("has a frozen form, because deployed objects hold it", () => {
    const detector = new OutlierDetector(config);
    feed(detector, "a", FAILS, 1_000);
    feed(detector, "b", "F", 1_000);
    expect(detector.toJSON()).toEqual({
      a: { failuresInRow: 0, ejectedUntilMs: 11_000, multiplier: 1, lastUnejectedMs: 0 },
      b: { failuresInRow: 1, ejectedUntilMs: null, multiplier: 0, lastUnejectedMs: 0 },
    });
  });
});
