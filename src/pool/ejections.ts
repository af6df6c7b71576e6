/**
 * Outlier detection for the whole pool: what isolates report, judged together, and kept across restarts.
 * @module
 */
import type { OutlierDetectionConfig } from "../config/schema.ts";
import type { OriginReport } from "../contract/sync.ts";
import { type OutlierConfig, OutlierDetector, type OutlierTransition } from "../core/outlier-detector.ts";
import type { PoolStore } from "./store.ts";

const FACT = "outliers";

export class Ejections {
  readonly #store: PoolStore;
  readonly #now: () => number;
  #detector: OutlierDetector | null = null;

  constructor(store: PoolStore, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** Null switches detection off and ends every ejection. */
  configure(settings: OutlierDetectionConfig | null): void {
    if (settings === null) {
      this.#detector = null;
      if (this.#store.fact(FACT, null) !== null) this.#store.setFact(FACT, null);
      return;
    }
    const state = this.#detector?.toJSON() ?? this.#store.fact(FACT, null);
    const config = outlierConfigOf(settings);
    this.#detector = state === null ? new OutlierDetector(config) : OutlierDetector.restore(state, config);
  }

  /**
   * What an isolate saw of an origin.
   * @param othersInService origins besides this one that take traffic: the last one is never ejected
   */
  observe(
    id: string,
    report: OriginReport,
    poolSize: number,
    othersInService: number,
  ): OutlierTransition | null {
    const { success = 0, connect_failure = 0, timeout = 0, status = 0 } = report.outcomes;
    const failures = connect_failure + timeout + status;
    if (this.#detector === null || success + failures === 0) return null;
    const batch = {
      successes: success,
      failures,
      failuresInRow: report.failures_in_row,
      hadSuccess: report.had_success,
      failureAgeMs: report.failure_age_ms ?? 0,
    };
    return this.#kept(this.#detector.record(id, batch, poolSize, this.#now(), othersInService));
  }

  /** Ejections whose time is up. */
  sweep(): OutlierTransition[] {
    const transitions = this.#detector?.sweep(this.#now()) ?? [];
    if (transitions.length > 0) this.#save();
    return transitions;
  }

  /** Ends an ejection before its time: an active check passed. */
  end(id: string): OutlierTransition | null {
    return this.#kept(this.#detector?.unEject(id, this.#now()) ?? null);
  }

  isEjected(id: string): boolean {
    return this.#detector?.isEjected(id) ?? false;
  }

  /** Milliseconds since the epoch; null if it is not ejected. */
  untilMs(id: string): number | null {
    return this.#detector?.ejectedUntilMs(id) ?? null;
  }

  /** How many times the base each origin's last ejection lasted, by id; those never ejected lately are left out. */
  steps(): Record<string, number> {
    const states = this.#detector?.toJSON() ?? {};
    return Object.fromEntries(Object.entries(states).map(([id, { multiplier }]) => [id, multiplier]));
  }

  forget(id: string): void {
    this.#detector?.forget(id);
    this.#save();
  }

  #kept(transition: OutlierTransition | null): OutlierTransition | null {
    if (transition !== null && transition.kind !== "not_ejected") this.#save();
    return transition;
  }

  #save(): void {
    if (this.#detector !== null) this.#store.setFact(FACT, this.#detector.toJSON());
  }
}

function outlierConfigOf(settings: OutlierDetectionConfig): OutlierConfig {
  return {
    consecutiveFailures: settings.consecutive_failures,
    failurePercent: settings.failure_percent,
    minimumRequests: settings.minimum_requests,
    intervalMs: settings.interval * 1_000,
    baseEjectionMs: settings.base_ejection_time * 1_000,
    maxEjectionMs: settings.max_ejection_time * 1_000,
    maxEjectionPercent: settings.max_ejection_percent,
  };
}
