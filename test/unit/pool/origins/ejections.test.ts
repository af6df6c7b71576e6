/**
 * The pool's outlier detection when its configuration changes, on a virtual clock.
 */
import { describe, expect, it, vi } from "vitest";
import { memorySql } from "../../../../sim/lib/memory-sql.ts";
import { parsePool } from "../../../../src/config/parse.ts";
import type { OutlierDetectionConfig } from "../../../../src/config/schema.ts";
import type { OriginReport } from "../../../../src/contract/sync.ts";
import { Ejections } from "../../../../src/pool/origins/ejections.ts";
import { OriginStates } from "../../../../src/pool/origins/origin-states.ts";
import { PoolStore } from "../../../../src/pool/storage/store.ts";
import { MemoryMetadata } from "../../../support/memory-metadata.ts";

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
  return {
    outcomes: { success, status },
    failures_in_row: hadSuccess ? 0 : status,
    had_success: hadSuccess,
    retries: 0,
    rate_limited: 0,
    latency: [],
  };
}

class World {
  nowMs = START;
  readonly store = new MemoryMetadata();
  readonly ejections = new Ejections(this.store, () => this.nowMs);

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

describe("origins that are all replaced by others", () => {
  const poolOf = (prefix: string) => {
    const origins = Array.from({ length: 50 }, (_, i) => ({
      id: `${prefix}${i}`,
      url: "https://a.example.com",
    }));
    const parsed = parsePool({ origins, outlier_detection: { consecutive_failures: 3 } });
    if (!parsed.ok) throw new Error("not a pool");
    return parsed.value;
  };

  it("leave nothing of them, with one write for all", () => {
    let nowMs = START;
    const store = new PoolStore(memorySql());
    const states = new OriginStates({
      store,
      now: () => nowMs,
      events: { emit: () => undefined },
      connections: { active: () => 0, calledByMs: 0, accountedMs: 0 },
    });
    states.adopt(poolOf("a"));
    const failing = poolOf("a").origins.map(({ id }) => [id, seen(0, 3)]);
    states.applyOutcomes(Object.fromEntries(failing));
    expect(Object.keys(store.get("outliers") ?? {})).toHaveLength(50);
    states.adopt(poolOf("b"));
    nowMs += 600_000;
    const put = vi.spyOn(store, "put");
    states.advance();
    expect(states.origins().map(({ id }) => id)).toEqual(poolOf("b").origins.map(({ id }) => id));
    expect(put.mock.calls.filter(([name]) => name === "outliers").length).toBeLessThanOrEqual(2);
    expect(store.get("outliers")).toEqual({});
  });
});
