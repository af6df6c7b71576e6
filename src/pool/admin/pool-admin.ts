/**
 * Answers an operator's calls to a pool, except writes to its configuration, which the config writer does.
 * @module
 */
import type { HealthCheckConfig } from "../../config/schema.ts";
import type {
  CheckReport,
  DrainResult,
  PoolDescription,
  PoolSummary,
  VersionDescription,
  WrittenPool,
} from "../../contract/admin.ts";
import type { PoolEvent } from "../../contract/events.ts";
import type { PoolExplanation, SampleRequest } from "../../contract/explanation.ts";
import { LIVE_WINDOW_S, type LiveOptions, type LivePool } from "../../contract/live.ts";
import type {
  ClientsWindow,
  HistoryRange,
  PoolHistory,
  PoolScrape,
  PoolStats,
} from "../../contract/stats.ts";
import { systemRandom } from "../../core/system.ts";
import { checkNow } from "../health/check-now.ts";
import type { ProbeResult, RunProbe } from "../health/probe-result.ts";
import type { AffinityTokenStore } from "../leases/affinity-tokens.ts";
import type { Statistics } from "../stats/pool-stats.ts";
import type { PoolStore } from "../storage/store.ts";
import { describePool, describeVersions, type PoolState, summarizePool } from "./description.ts";
import { explainNothing, explainPick } from "./explanation.ts";
import { livePool } from "./live.ts";
import { FAILURES_WINDOW_S, stateReasons } from "./state-reasons.ts";

/** The pool as an operator deals with it. */
export interface ManagedPool {
  readonly statistics: Statistics;
  /** The next round-robin position that no isolate was given. */
  readonly cursorPosition: number;
  state(): PoolState;
  drain(origin: string, who: string): boolean;
  undrain(origin: string): boolean;
  audit(who: string, what: string, origin?: string): void;
}

export interface PoolAdminOptions {
  controller: ManagedPool;
  store: PoolStore;
  affinity: AffinityTokenStore;
  /** Runs a check that an operator waits for. */
  probe: RunProbe;
  now: () => number;
}

const NO_DOCUMENT = { document: null, written: null };

export class PoolAdmin {
  readonly #options: PoolAdminOptions;

  constructor(options: PoolAdminOptions) {
    this.#options = options;
  }

  describe(): PoolDescription {
    return describePool(this.#options.controller.state());
  }

  describeWritten(): WrittenPool {
    const described = this.describe();
    const { version, written } = this.#options.controller.state().activeConfig;
    const document = version?.document ?? null;
    return { ...described, ...(described.configured ? { document, written } : NO_DOCUMENT) };
  }

  summary(): PoolSummary {
    return summarizePool(this.#options.controller.state());
  }

  /** @param windowS seconds, at most a day; null: since the start */
  stats(windowS: number | null): PoolStats {
    return this.#options.controller.statistics.stats(windowS, this.describe());
  }

  clients(windowS: number): ClientsWindow {
    return this.#options.controller.statistics.clients(windowS);
  }

  history(range: HistoryRange, sinceMs?: number): PoolHistory {
    return this.#options.controller.statistics.history(range, sinceMs);
  }

  /** The live view of the pool. */
  live({ origins, origin, events }: LiveOptions): LivePool {
    const { controller, now } = this.#options;
    const poolState = controller.state();
    const described = this.describe();
    const stats = controller.statistics.stats(LIVE_WINDOW_S, described);
    return livePool({
      state: poolState,
      described,
      stats,
      clients: controller.statistics.clients(LIVE_WINDOW_S),
      events: this.events(events),
      nowMs: now(),
      mostOrigins: origins,
      wanted: origin ?? null,
    });
  }

  /** All that a scrape of the metrics needs. */
  scrape(): PoolScrape {
    const { statistics } = this.#options.controller;
    return statistics.scrape(this.describe(), this.#options.controller.state().events.counts);
  }

  /** Newest first. */
  events(limit?: number): PoolEvent[] {
    return this.#options.store.events.newestFirst(limit);
  }

  /** Newest first; at most one if `version` is given. */
  versions(version?: number): VersionDescription[] {
    return describeVersions(this.#options.store, version);
  }

  drain(origin: string, who: string): DrainResult {
    const { controller } = this.#options;
    return this.#done(controller.drain(origin, who), "drain", origin, who);
  }

  undrain(origin: string, who: string): DrainResult {
    const { controller } = this.#options;
    return this.#done(controller.undrain(origin), "undrain", origin, who);
  }

  /** Probes every origin now. @param monitor tried instead of the pool's own, and then nothing is counted */
  async check(monitor: HealthCheckConfig | null, who: string): Promise<CheckReport> {
    const { controller, probe, now } = this.#options;
    const { snapshot, originStates, monitor: own } = controller.state();
    const check = monitor ?? snapshot?.config.health_check ?? null;
    if (check === null || snapshot === null) return { checked: false, probes: [] };
    const seen = (origin: string, result: ProbeResult): void => {
      if (monitor === null) own.record(origin, result, now());
    };
    const probes = await checkNow(check, originStates.origins(), probe, seen, now);
    if (monitor === null) controller.audit(who, "check");
    return { checked: true, probes };
  }

  /** Changes nothing. */
  async explain(facts: SampleRequest): Promise<PoolExplanation> {
    const { controller, affinity, now } = this.#options;
    const poolState = controller.state();
    const { pool, snapshot, isolates, rateLimits } = poolState;
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
      granted: (origin) => rateLimits.outstanding(origin, nowMs),
      because: stateReasons(poolState, {
        events: () => this.events(),
        failures: () => this.stats(FAILURES_WINDOW_S).origins,
      }),
    });
  }

  #done(changed: boolean, what: string, origin: string, who: string): DrainResult {
    const { controller } = this.#options;
    if (changed) controller.audit(who, what, origin);
    if (changed) return "changed";
    return controller.state().originStates.record(origin) === null ? "missing" : "unchanged";
  }
}
