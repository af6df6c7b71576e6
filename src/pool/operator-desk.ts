/**
 * What an operator asks of a pool, writes to its configuration aside: those are the config writer's.
 * @module
 */
import type { HealthCheckConfig } from "../config/schema.ts";
import type {
  CheckReport,
  DrainResult,
  PoolDescription,
  PoolExplanation,
  PoolSummary,
  RequestFacts,
  VersionDescription,
} from "../contract/admin.ts";
import type { PoolEvent } from "../contract/events.ts";
import type { LiveOptions, LivePool } from "../contract/live.ts";
import type { HistoryRange, PoolHistory, PoolScrape, PoolStats } from "../contract/stats.ts";
import { systemRandom } from "../core/system.ts";
import type { AffinityKeeper } from "./affinity-keeper.ts";
import { checkNow } from "./check-now.ts";
import type { PoolController } from "./controller.ts";
import { describePool, describeVersions, summarizePool } from "./description.ts";
import { explainNothing, explainPick } from "./explanation.ts";
import { livePool } from "./live.ts";
import type { PoolStore } from "./store.ts";

/** Two slices at most: short enough to be now, long enough to be steady. */
const LIVE_WINDOW_S = 10;

export interface OperatorDeskOptions {
  controller: PoolController;
  store: PoolStore;
  affinity: AffinityKeeper;
  now: () => number;
}

export class OperatorDesk {
  readonly #options: OperatorDeskOptions;

  constructor(options: OperatorDeskOptions) {
    this.#options = options;
  }

  describe(): PoolDescription {
    return describePool(this.#options.controller.parts());
  }

  summary(): PoolSummary {
    return summarizePool(this.#options.controller.parts());
  }

  /** @param windowS seconds, at most a day; null: since the start */
  stats(windowS: number | null): PoolStats {
    return this.#options.controller.statistics.stats(windowS, this.describe());
  }

  history(range: HistoryRange, sinceMs?: number): PoolHistory {
    return this.#options.controller.statistics.history(range, sinceMs);
  }

  /** Everything that who watches the pool wants to see. */
  live({ origins, origin, events }: LiveOptions): LivePool {
    const { controller, now } = this.#options;
    const parts = controller.parts();
    const described = this.describe();
    const stats = controller.statistics.stats(LIVE_WINDOW_S, described);
    return livePool({
      parts,
      described,
      stats,
      events: this.events(events),
      nowMs: now(),
      mostOrigins: origins,
      wanted: origin ?? null,
    });
  }

  /** All that a scrape of the metrics needs. */
  scrape(): PoolScrape {
    const { statistics } = this.#options.controller;
    return statistics.scrape(this.describe(), this.#options.controller.parts().events.counts);
  }

  /** Newest first. */
  events(limit?: number): PoolEvent[] {
    return this.#options.store.events(limit);
  }

  /** Newest first; at most one if `version` is given. */
  versions(version?: number): VersionDescription[] {
    return describeVersions(this.#options.store, version);
  }

  drain(origin: string, who: string): DrainResult {
    const { controller } = this.#options;
    return this.#done(controller.drain(origin), "drain", origin, who);
  }

  undrain(origin: string, who: string): DrainResult {
    const { controller } = this.#options;
    return this.#done(controller.undrain(origin), "undrain", origin, who);
  }

  /** Probes every origin now. @param monitor tried instead of the pool's own, and then nothing is counted */
  async check(monitor: HealthCheckConfig | null, who: string): Promise<CheckReport> {
    const { controller, now } = this.#options;
    const { snapshot, board, monitor: own } = controller.parts();
    const check = monitor ?? snapshot?.config.health_check ?? null;
    if (check === null || snapshot === null) return { checked: false, probes: [] };
    const probes = await checkNow(check, board.origins(), (origin, result) => {
      if (monitor === null) own.note(origin, result, now());
    });
    if (monitor === null) controller.audit(who, "check");
    return { checked: true, probes };
  }

  /** Changes nothing. */
  async explain(facts: RequestFacts): Promise<PoolExplanation> {
    const { controller, affinity, now } = this.#options;
    const { pool, snapshot, isolates, rates } = controller.parts();
    if (snapshot === null) return explainNothing(pool);
    const nowMs = now();
    return explainPick({
      pool,
      snapshot: await affinity.attach(snapshot),
      facts,
      nowMs,
      cursor: controller.cursorPosition,
      random: systemRandom,
      active: (origin) => isolates.active(origin),
      isolates: isolates.size,
      granted: (origin) => rates.counted(origin, nowMs),
    });
  }

  #done(changed: boolean, what: string, origin: string, who: string): DrainResult {
    const { controller } = this.#options;
    if (changed) controller.audit(who, what, origin);
    if (changed) return "changed";
    return controller.parts().board.record(origin) === null ? "missing" : "unchanged";
  }
}
