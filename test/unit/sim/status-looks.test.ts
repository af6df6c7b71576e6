/**
 * When a pool's status follows what is known of its origins: the real controller on a virtual clock, whose alarm rings
 * when it was set.
 */
import { describe, expect, it } from "vitest";
import { memorySql } from "../../../sim/lib/memory-sql.ts";
import type { OriginReport } from "../../../src/contract/sync.ts";
import { PoolController } from "../../../src/pool/controller.ts";
import type { ProbeResult } from "../../../src/pool/health/probe-result.ts";
import { PoolStore } from "../../../src/pool/storage/store.ts";
import { originReport } from "../../support/origin-reports.ts";
import { VirtualTimers } from "../../support/virtual-timers.ts";

const START = 1_790_000_000_000;
const OUTLIERS = { consecutive_failures: 2, failure_percent: 0 };
const CHECK = { interval: 10, timeout: 9, healthy_threshold: 1, unhealthy_threshold: 1 };

/** A pool of one origin, which outlier detection never takes out of rotation. */
class World {
  readonly timers = new VirtualTimers();
  /** How long a probe takes, and whether it passes. */
  probe = { tookMs: 5, passed: true };
  readonly controller: PoolController;
  #sequence = 0;
  #alarm: Promise<void> | null = null;

  constructor(settings: object) {
    this.timers.nowMs = START;
    this.controller = new PoolController({
      pool: "eu",
      store: new PoolStore(memorySql()),
      now: () => this.timers.nowMs,
      random: () => 0.5,
      timers: this.timers,
      probe: () => this.#probed(),
      allowIpOrigins: true,
      log: () => {},
    });
    const origins = [{ id: "a", url: "https://a.example.com" }];
    const text = JSON.stringify({ origins, outlier_detection: OUTLIERS, return_delay: 0, ...settings });
    this.controller.applyConfig({ text, updatedAt: START });
    this.controller.status.steer(true);
  }

  sync(outcomes: OriginReport["outcomes"], failuresInRow = 0): this {
    const had_success = (outcomes.success ?? 0) > 0;
    const a = originReport({ outcomes, failures_in_row: failuresInRow, had_success });
    this.controller.sync({
      isolate: "one",
      sequence: ++this.#sequence,
      snapshot: 0,
      active: {},
      origins: { a },
      demand: { requests: 1, elapsed_ms: 1_000 },
      cursor: { want: 0, returned: [] },
    });
    return this;
  }

  /** Time passes; the alarm rings when it was set, unless it still runs. */
  async pass(ms: number): Promise<this> {
    for (const endMs = this.timers.nowMs + ms; this.timers.nowMs < endMs; ) {
      await this.timers.advance(1);
      if (this.#alarm === null && this.controller.nextRunMs() <= this.timers.nowMs) {
        this.#alarm = this.controller.run().finally(() => {
          this.#alarm = null;
        });
      }
    }
    return this;
  }

  /** Time passes until the next check has its result. */
  async checked(): Promise<void> {
    const before = this.#lastCheckMs;
    while (this.#lastCheckMs === before) await this.pass(1);
  }

  get isAvailable(): boolean | undefined {
    return this.controller.status.status?.available;
  }

  get #lastCheckMs(): number | null {
    return this.controller.state().monitor.lastProbe("a")?.at ?? null;
  }

  async #probed(): Promise<ProbeResult> {
    const { tookMs, passed } = this.probe;
    await new Promise<void>((resolve) => void this.timers.set(resolve, tookMs));
    return { passed, detail: "", durationMs: tookMs, timedOut: false };
  }
}

describe("the status of a pool whose origin only the limit of ejections keeps in", () => {
  it("says so within a fifth of a second, without another report", async () => {
    const world = new World({});
    await world.pass(50);
    world.sync({ timeout: 2 }, 2);
    await world.pass(200);
    expect(world.isAvailable).toBe(false);
  });

  it("is available again within a fifth of a second of a success, without another report", async () => {
    const world = new World({});
    await world.pass(1_000);
    world.sync({ timeout: 2 }, 2);
    expect(world.isAvailable).toBe(false);
    await world.pass(50);
    world.sync({ success: 1 });
    await world.pass(200);
    expect(world.isAvailable).toBe(true);
  });

  it("is available again with the check that passes", async () => {
    const world = new World({ health_check: CHECK });
    await world.checked();
    world.sync({ timeout: 2 }, 2);
    await world.pass(200);
    expect(world.isAvailable).toBe(false);
    await world.checked();
    expect(world.isAvailable).toBe(true);
  });
});

describe("a status that changes with time alone", () => {
  it("changes on time while a slow check is under way", async () => {
    const world = new World({ health_check: CHECK, return_delay: 15, outlier_detection: null });
    world.probe.passed = false;
    await world.checked();
    expect(world.isAvailable).toBe(false);
    world.probe.passed = true;
    await world.checked();
    world.probe.tookMs = 8_000;
    const { returns_at = 0 } = world.controller.status.status ?? {};
    await world.pass(returns_at - world.timers.nowMs - 1);
    expect(world.isAvailable).toBe(false);
    await world.pass(20);
    expect(world.isAvailable).toBe(true);
  });
});
