/**
 * The pool's outlier detection when its configuration changes, on a virtual clock.
 */
import { describe, expect, it } from "vitest";
import { parsePool } from "../../../../src/config/parse.ts";
import type { OutlierDetectionConfig } from "../../../../src/config/schema.ts";
import type { OriginReport } from "../../../../src/contract/sync.ts";
import { Ejections } from "../../../../src/pool/origins/ejections.ts";
import { MemoryMetadata } from "../../../support/memory-metadata.ts";
import { originReport } from "../../../support/origin-reports.ts";

const START = 1_790_000_000_000;

function settingsOf(settings: object): OutlierDetectionConfig {
  const parsed = parsePool({
    origins: [{ id: "a", url: "https://a.example.com" }],
    outlier_detection: settings,
  });
  if (!parsed.ok || parsed.value.outlier_detection === null) throw new Error("not a pool");
  return parsed.value.outlier_detection;
}

function seen(success: number, status: number): OriginReport {
  const hadSuccess = success > 0;
  return originReport({
    outcomes: { success, status },
    failures_in_row: hadSuccess ? 0 : status,
    had_success: hadSuccess,
  });
}

class World {
  nowMs = START;
  readonly ejections = new Ejections(new MemoryMetadata(), () => this.nowMs);

  constructor(settings: object) {
    this.configure(settings);
  }

  configure(settings: object): void {
    this.ejections.configure(settingsOf(settings));
  }

  observe(report: OriginReport, mayEject = true) {
    return this.ejections.observe("a", report, () => mayEject)?.kind ?? null;
  }
}

describe("a change of the configuration", () => {
  const settings = { consecutive_failures: 5, failure_percent: 50, minimum_requests: 20, interval: 10 };

  it("does not let an origin count for the pool that only the limit of ejections keeps in", () => {
    const world = new World(settings);
    expect(world.observe(seen(0, 5), false)).toBe("not_ejected");
    world.configure(settings);
    expect(world.ejections.keptInUntilMs("a")).toBe(START + 30_000);
    world.configure({ ...settings, max_ejection_percent: 80, base_ejection_time: 20 });
    expect(world.ejections.keptInUntilMs("a")).toBe(START + 20_000);
  });

  it("does not report the same failing origin a second time", () => {
    const world = new World(settings);
    expect(world.observe(seen(0, 5), false)).toBe("not_ejected");
    world.configure(settings);
    expect(world.observe(seen(0, 5), false)).toBeNull();
  });

  it("keeps the failures of the window", () => {
    const world = new World(settings);
    expect(world.observe(seen(9, 9))).toBeNull();
    world.configure({ ...settings, max_ejection_percent: 80 });
    expect(world.observe(seen(1, 1))).toBe("ejected");
  });

  it("applies other thresholds to what was counted before", () => {
    const world = new World(settings);
    expect(world.observe(seen(0, 3))).toBeNull();
    world.configure({ ...settings, consecutive_failures: 4 });
    expect(world.observe(seen(0, 1))).toBe("ejected");
  });

  it("begins the window anew if that has another length", () => {
    const world = new World(settings);
    expect(world.observe(seen(9, 9))).toBeNull();
    world.configure({ ...settings, interval: 20 });
    expect(world.observe(seen(1, 1))).toBeNull();
    expect(world.observe(seen(8, 10))).toBe("ejected");
  });

  it("that switches outlier detection off and on resets all", () => {
    const world = new World(settings);
    expect(world.observe(seen(0, 5))).toBe("ejected");
    world.ejections.configure(null);
    world.configure(settings);
    expect(world.ejections.isEjected("a")).toBe(false);
    expect(world.observe(seen(0, 4))).toBeNull();
  });
});
