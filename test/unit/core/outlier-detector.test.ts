import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ONE_FAILURE, ONE_SUCCESS, type OutcomeBatch } from "../../../src/core/health/outcome-window.ts";
import { OutlierDetector } from "../../../src/core/health/outlier-detector.ts";
import { BY_SHARE, feed, IN_A_ROW, POOL } from "../../support/outliers.ts";

const SEED = 20_261_128;

describe("failures in a row", () => {
  it("eject at exactly the fifth, once; a success begins the count anew (ENV-OUT-03)", () => {
    const detector = new OutlierDetector();
    expect(feed(detector, "a", "FFFFSFFFF", 0)).toEqual([]);
    expect(feed(detector, "a", "F", 0)).toEqual([IN_A_ROW]);
    expect(feed(detector, "a", "FFFFFFFFFF", 0)).toEqual([]);
  });

  it("count across reports that saw no success", () => {
    const detector = new OutlierDetector();
    const failed = (failures: number): OutcomeBatch => ({
      successes: 0,
      failures,
      failuresInRow: failures,
      hadSuccess: false,
    });
    expect(detector.record("a", failed(3), POOL, 0)).toBeNull();
    expect(detector.record("a", failed(2), POOL, 1_000)?.kind).toBe("ejected");
  });

  it("count from the last success of a report that saw one", () => {
    const detector = new OutlierDetector();
    feed(detector, "a", "FFFF", 0);
    const mixed = { successes: 1, failures: 2, failuresInRow: 2, hadSuccess: true };
    expect(detector.record("a", mixed, POOL, 0)).toBeNull();
    expect(feed(detector, "a", "FF", 0)).toEqual([]);
    expect(feed(detector, "a", "F", 0)).toEqual([IN_A_ROW]);
  });

  it("are not judged with 0", () => {
    const detector = new OutlierDetector({ consecutiveFailures: 0, failurePercent: 0 });
    expect(feed(detector, "a", "F".repeat(1_000), 0)).toEqual([]);
  });

  it("of one server do not affect another", () => {
    const detector = new OutlierDetector();
    feed(detector, "a", "FFFF", 0);
    expect(feed(detector, "b", "FFFF", 0)).toEqual([]);
  });
});

describe("the share of failures", () => {
  it("ejects a server that fails every third request and so never five times in a row", () => {
    const detector = new OutlierDetector({ failurePercent: 30 });
    expect(feed(detector, "a", "FSS".repeat(6), 0)).toEqual([]);
    expect(feed(detector, "a", "FSS", 0)).toEqual([]);
    expect(feed(detector, "a", "F", 0)).toEqual([BY_SHARE]);
  });

  it("is not judged on fewer requests than the minimum", () => {
    const detector = new OutlierDetector({ minimumRequests: 20 });
    expect(feed(detector, "a", "FFSS".repeat(4), 0)).toEqual([]);
    expect(feed(detector, "a", "SSFF", 0)).toEqual([BY_SHARE]);
  });

  it("does not eject below the percentage", () => {
    const detector = new OutlierDetector({ failurePercent: 50 });
    expect(feed(detector, "a", `SS${"FS".repeat(200)}`, 0)).toEqual([]);
  });

  it("ignores outcomes older than the interval", () => {
    const detector = new OutlierDetector({ intervalMs: 10_000 });
    feed(detector, "a", "FFSSFFSSFFSSFFSS", 0);
    expect(feed(detector, "a", "SSFF", 10_000)).toEqual([]);
    feed(detector, "b", "FFSSFFSSFFSSFFSS", 0);
    expect(feed(detector, "b", "SSFF", 9_999)).toEqual([BY_SHARE]);
  });

  it("never ejects by a success", () => {
    const detector = new OutlierDetector();
    expect(feed(detector, "a", "FFFFSFFFFSFFFFS".padEnd(40, "S"), 0)).toEqual([]);
  });

  it("is the same for merged reports as for single outcomes", () => {
    const detector = new OutlierDetector({ failurePercent: 30 });
    const merged = { successes: 14, failures: 7, failuresInRow: 0, hadSuccess: true };
    expect(detector.record("a", merged, POOL, 0)).toMatchObject({
      kind: "ejected",
      reason: "failure_percent",
    });
  });

  it("is not judged with 0", () => {
    const detector = new OutlierDetector({ failurePercent: 0 });
    expect(feed(detector, "a", "FFFS".repeat(100), 0)).toEqual([]);
  });
});

it("knows the same of merged reports as of single outcomes, however they are cut", () => {
  const outcomes = fc.array(fc.boolean(), { maxLength: 30 });
  fc.assert(
    fc.property(fc.array(outcomes, { maxLength: 30 }), (reports) => {
      // Nobody may be ejected, so that both go on counting.
      const config = { maxEjectionPercent: 0, failurePercent: 0 };
      const single = new OutlierDetector(config);
      const merged = new OutlierDetector(config);
      for (const [i, report] of reports.entries()) {
        for (const passed of report) single.record("a", passed ? ONE_SUCCESS : ONE_FAILURE, POOL, i * 1_000);
        merged.record("a", batchOf(report), POOL, i * 1_000);
        expect(merged.toJSON()).toEqual(single.toJSON());
      }
    }),
    { seed: SEED, numRuns: 300, verbose: true },
  );
});

/** What an isolate reports of these outcomes. */
function batchOf(outcomes: readonly boolean[]): OutcomeBatch {
  const successes = outcomes.filter((passed) => passed).length;
  return {
    successes,
    failures: outcomes.length - successes,
    failuresInRow: outcomes.length - 1 - outcomes.lastIndexOf(true),
    hadSuccess: successes > 0,
  };
}
