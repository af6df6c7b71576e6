import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ONE_FAILURE, ONE_SUCCESS } from "../../../src/core/health/outcome-window.ts";
import { OutlierDetector } from "../../../src/core/health/outlier-detector.ts";
import { FAILS, feed, IN_A_ROW } from "../../support/outliers.ts";

const SEED = 20_261_128;

describe("the limit", () => {
  it("lets one of two be ejected, and reports why the other is not (ENV-OUT-04, with our 50%)", () => {
    const detector = new OutlierDetector();
    expect(feed(detector, "a", FAILS, 0, 2)).toEqual([IN_A_ROW]);
    expect(feed(detector, "b", FAILS, 0, 2)).toEqual(["not_ejected limit"]);
    expect(detector.isEjected("b")).toBe(false);
  });

  it("is counted after the ejection: of 3 at 67%, two and not three (envoyproxy/envoy #27066)", () => {
    const detector = new OutlierDetector({ maxEjectionPercent: 67 });
    expect(feed(detector, "a", FAILS, 0, 3)).toEqual([IN_A_ROW]);
    expect(feed(detector, "b", FAILS, 0, 3)).toEqual([IN_A_ROW]);
    expect(feed(detector, "c", FAILS, 0, 3)).toEqual(["not_ejected limit"]);
  });

  it("of 50% lets one of three be ejected", () => {
    const detector = new OutlierDetector();
    expect(feed(detector, "a", FAILS, 0, 3)).toEqual([IN_A_ROW]);
    expect(feed(detector, "b", FAILS, 0, 3)).toEqual(["not_ejected limit"]);
  });

  it("of 100% still leaves one server", () => {
    const detector = new OutlierDetector({ maxEjectionPercent: 100 });
    expect(feed(detector, "a", FAILS, 0, 2)).toEqual([IN_A_ROW]);
    expect(feed(detector, "b", FAILS, 0, 2)).toEqual(["not_ejected limit"]);
    expect(feed(new OutlierDetector(), "only", FAILS, 0, 1)).toEqual(["not_ejected limit"]);
  });

  it("leaves the last one in service, if checks have taken the others out", () => {
    const detector = new OutlierDetector();
    for (let i = 0; i < 4; i++) detector.record("a", ONE_FAILURE, 5, 0, 0);
    expect(detector.record("a", ONE_FAILURE, 5, 0, 0)?.kind).toBe("not_ejected");
    expect(detector.record("a", ONE_FAILURE, 5, 0, 1)?.kind).toBe("ejected");
  });

  it("is reported once, however long a server goes on failing, and again if it had recovered", () => {
    const detector = new OutlierDetector();
    feed(detector, "a", FAILS, 0, 2);
    expect(feed(detector, "b", "F".repeat(1_000), 0, 2)).toEqual(["not_ejected limit"]);
    expect(feed(detector, "b", "SFFFFF", 0, 2)).toEqual([]);
    expect(feed(detector, "b", "S", 10_000, 2)).toEqual([]);
    expect(feed(detector, "b", "F".repeat(1_000), 10_000, 2)).toEqual(["not_ejected limit"]);
  });

  it("is reported of a single batch, too, and again after an ejection", () => {
    const detector = new OutlierDetector();
    const report = { successes: 0, failures: 5, failuresInRow: 5, hadSuccess: false };
    const said = (id: string) => detector.record(id, report, 2, 0)?.kind;
    expect([said("a"), said("b")]).toEqual(["ejected", "not_ejected"]);
    detector.uneject("a", 0);
    expect([said("b"), said("a")]).toEqual(["ejected", "not_ejected"]);
    detector.uneject("b", 0);
    expect([said("a"), said("b")]).toEqual(["ejected", "not_ejected"]);
  });

  it("holds only as long as there is no room: the next failure ejects", () => {
    const detector = new OutlierDetector();
    feed(detector, "a", FAILS, 0, 2);
    feed(detector, "b", FAILS, 0, 2);
    detector.uneject("a", 1_000);
    expect(feed(detector, "b", "F", 1_000, 2)).toEqual([IN_A_ROW]);
  });

  it("has room again when a server comes back", () => {
    const detector = new OutlierDetector();
    feed(detector, "a", FAILS, 0, 2);
    detector.sweep(30_000);
    expect(feed(detector, "b", FAILS, 30_000, 2)).toEqual([IN_A_ROW]);
  });

  it("does not count one that has left the pool", () => {
    const detector = new OutlierDetector();
    feed(detector, "a", FAILS, 0, 2);
    detector.forget("a");
    expect(feed(detector, "b", FAILS, 0, 2)).toEqual([IN_A_ROW]);
  });

  it("holds for any pool and any outcomes", () => {
    const steps = fc.array(
      fc.record({ server: fc.nat(7), fails: fc.boolean(), waitMs: fc.integer({ min: 0, max: 4_000 }) }),
      { maxLength: 400 },
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 0, max: 100 }),
        steps,
        (size, percent, walk) => {
          const config = { consecutiveFailures: 2, maxEjectionPercent: percent };
          const detector = new OutlierDetector(config);
          const ids = Array.from({ length: size }, (_, i) => `s${i}`);
          let nowMs = 0;
          for (const { server, fails, waitMs } of walk) {
            nowMs += waitMs;
            detector.sweep(nowMs);
            detector.record(ids[server % size] ?? "s0", fails ? ONE_FAILURE : ONE_SUCCESS, size, nowMs);
            const ejected = ids.filter((id) => detector.isEjected(id)).length;
            expect(ejected * 100).toBeLessThanOrEqual(percent * size);
            expect(ejected).toBeLessThan(size);
          }
        },
      ),
      { seed: SEED, numRuns: 300, verbose: true },
    );
  });
});

describe("a server that the limit keeps in", () => {
  /** The last of two: the other is out. */
  function keptIn(nowMs: number): OutlierDetector {
    const detector = new OutlierDetector();
    feed(detector, "a", FAILS, nowMs, 2);
    feed(detector, "b", FAILS, nowMs, 2);
    return detector;
  }

  it("counts as out for the length of a first ejection from its last failure", () => {
    const detector = keptIn(1_000);
    expect(detector.keptInUntilMs("b", 1_000)).toBe(31_000);
    feed(detector, "b", "F", 5_000, 2);
    expect(detector.keptInUntilMs("b", 34_999)).toBe(35_000);
    expect(detector.keptInUntilMs("b", 35_000)).toBeNull();
  });

  it("counts as in again once it does better or a check has passed", () => {
    const better = keptIn(0);
    feed(better, "b", "S", 10_000, 2);
    expect(better.keptInUntilMs("b", 10_000)).toBeNull();
    const checked = keptIn(0);
    expect(checked.uneject("b", 2_000)).toBeNull();
    expect(checked.keptInUntilMs("b", 2_000)).toBeNull();
    expect(feed(checked, "b", "F", 3_000, 2), "it is known to be bad, and told of once").toEqual([]);
    expect(checked.keptInUntilMs("b", 3_000)).toBe(33_000);
  });

  it("counts as out only if it would have been ejected", () => {
    const detector = keptIn(0);
    expect(detector.keptInUntilMs("a", 0), "it is out").toBeNull();
    expect(detector.keptInUntilMs("c", 0), "nobody knows it").toBeNull();
    detector.uneject("a", 1_000);
    feed(detector, "b", "F", 1_000, 2);
    expect(detector.isEjected("b")).toBe(true);
    expect(detector.keptInUntilMs("b", 1_000)).toBeNull();
  });

  it("is not stored: after a restart it is judged by its next outcomes", () => {
    const detector = OutlierDetector.restore(JSON.parse(JSON.stringify(keptIn(0))));
    expect(detector.keptInUntilMs("b", 0)).toBeNull();
    feed(detector, "b", "F", 0, 2);
    expect(detector.keptInUntilMs("b", 0)).toBe(30_000);
  });
});
