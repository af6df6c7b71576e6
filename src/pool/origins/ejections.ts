/**
 * Outlier detection for the whole pool: judges the reports of all isolates together, and keeps its state across
 * restarts.
 * @module
 */
import { outlierConfigOf } from "../../config/pool-rules.ts";
import type { OutlierDetectionConfig } from "../../config/schema.ts";
import type { OriginReport } from "../../contract/sync.ts";
import { OutlierDetector, type OutlierTransition } from "../../core/health/outlier-detector.ts";
import type { Metadata } from "../storage/metadata.ts";

/** A transition and its time, so that all that is recorded of it names the same moment. In ms since the epoch. */
export type TimedTransition = OutlierTransition & { readonly atMs: number };

export class Ejections {
  readonly #store: Metadata;
  readonly #now: () => number;
  #detector: OutlierDetector | null = null;
  /** An origin was forgotten, and that is not written down yet. */
  #hasForgotten = false;

  constructor(store: Metadata, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** Forgets all origins. The owner clears the store. */
  clear(): void {
    this.#detector = null;
  }

  /** Only these origins are still of interest. The caller calls `settle`. */
  keep(origins: ReadonlySet<string>): void {
    for (const id of Object.keys(this.#detector?.toJSON() ?? {})) if (!origins.has(id)) this.forget(id);
  }

  /** Null switches detection off and ends every ejection. */
  configure(settings: OutlierDetectionConfig | null): void {
    if (settings === null) {
      this.#detector = null;
      if (this.#store.get("outliers") !== null) this.#store.put("outliers", null);
      return;
    }
    this.#detector ??= OutlierDetector.restore(this.#store.get("outliers") ?? {});
    this.#detector.configure(outlierConfigOf(settings));
  }

  /** False: outlier detection is off and no origin is ejected. */
  get isOn(): boolean {
    return this.#detector !== null;
  }

  /**
   * Judges an isolate's outcomes of an origin.
   * @param mayEject asked if there is reason to, given the largest percentage that may be out
   * @returns the changes; the caller calls `save` after the last outcome of a report
   */
  observe(
    id: string,
    report: OriginReport,
    mayEject: (maxEjectionPercent: number) => boolean,
  ): TimedTransition | null {
    const { success = 0, connect_failure = 0, timeout = 0, status = 0 } = report.outcomes;
    const failures = connect_failure + timeout + status;
    if (this.#detector === null || success + failures === 0) return null;
    const batch = {
      successes: success,
      failures,
      failuresInRow: report.failures_in_row,
      hadSuccess: report.had_success,
      failureAgeMs: report.failure_age_ms ?? 0,
      ...(report.first_failure_age_ms !== undefined && { firstFailureAgeMs: report.first_failure_age_ms }),
      successAgeMs: report.success_age_ms ?? 0,
    };
    const atMs = this.#now();
    const transition = this.#detector.record(id, batch, mayEject, atMs);
    return transition && { ...transition, atMs };
  }

  /** Ends ejections whose time is up. */
  sweep(): TimedTransition[] {
    const atMs = this.#now();
    const transitions = this.#detector?.sweep(atMs) ?? [];
    if (transitions.length > 0) this.save();
    return transitions.map((transition) => ({ ...transition, atMs }));
  }

  /** Ends an ejection before its time: an active check passed. */
  end(id: string): TimedTransition | null {
    const atMs = this.#now();
    const transition = this.#detector?.uneject(id, atMs) ?? null;
    if (transition !== null) this.save();
    return transition && { ...transition, atMs };
  }

  isEjected(id: string): boolean {
    return this.#detector?.isEjected(id) ?? false;
  }

  /** Milliseconds since the epoch; null if it is not ejected. */
  untilMs(id: string): number | null {
    return this.#detector?.ejectedUntilMs(id) ?? null;
  }

  /** See `OutlierDetector.keptInUntilMs`. */
  keptInUntilMs(id: string): number | null {
    return this.#detector?.keptInUntilMs(id, this.#now()) ?? null;
  }

  /** See `OutlierDetector.keptInRevision`. */
  get keptInRevision(): number {
    return this.#detector?.keptInRevision ?? 0;
  }

  /** How many times the base each origin's last ejection lasted, by id; those never ejected lately are left out. */
  steps(): Record<string, number> {
    const states = this.#detector?.toJSON() ?? {};
    return Object.fromEntries(Object.entries(states).map(([id, { multiplier }]) => [id, multiplier]));
  }

  /** The origin has left. The caller calls `settle` after the last one. */
  forget(id: string): void {
    this.#detector?.forget(id);
    this.#hasForgotten = true;
  }

  /** Writes down that origins have left: once for all, for the state of the others is written too. */
  settle(): void {
    if (this.#hasForgotten) this.save();
    this.#hasForgotten = false;
  }

  save(): void {
    if (this.#detector !== null) this.#store.put("outliers", this.#detector.toJSON());
  }
}
