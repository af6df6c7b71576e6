/**
 * The run-time state of a pool's origins: health, ejection, drain, slow start. Everything that must survive the object
 * is written the moment it changes; every change is an event.
 * @module
 */
import type { OriginConfig, PoolConfig } from "../../config/schema.ts";
import type { OriginReport, OriginState } from "../../contract/sync.ts";
import { EjectionLimit } from "../../core/health/ejection-limit.ts";
import type { EventSink } from "../events/event-sink.ts";
import type { PoolStore } from "../storage/store.ts";
import type { TimedTransition } from "./ejections.ts";
import { type OriginConnections, OriginDrains } from "./origin-drains.ts";
import { OriginHealth } from "./origin-health.ts";
import { newRecord, type OriginRecord, type TrackedOrigin } from "./origin-record.ts";
import { OriginRecords } from "./origin-records.ts";

/** How often weights are stepped up while an origin starts slowly. */
const SLOW_START_STEP_MS = 1_000;

export interface OriginStatesOptions {
  store: PoolStore;
  now: () => number;
  events: EventSink;
  connections: OriginConnections;
  /** Of the Worker, through which origins may be reached. Default: none. */
  bindings?: readonly string[];
}

export class OriginStates {
  readonly #options: OriginStatesOptions;
  readonly #records: OriginRecords;
  readonly #health: OriginHealth;
  readonly #drains: OriginDrains;

  constructor(options: OriginStatesOptions) {
    this.#options = options;
    const { store, now, events, connections, bindings = [] } = options;
    const records = new OriginRecords(store, now, bindings);
    this.#records = records;
    this.#health = new OriginHealth({ records, now, events });
    this.#drains = new OriginDrains({ records, now, events, connections });
  }

  /** The configured origins, and those that are being removed. */
  origins(): OriginConfig[] {
    return this.#records.origins();
  }

  /** Those of them that can be sent to. */
  reached(): OriginConfig[] {
    return this.origins().filter((origin) => this.#records.isBound(origin));
  }

  record(id: string): OriginRecord | null {
    return this.#records.get(id) ?? null;
  }

  /** Everything a pick needs to know, by origin id. */
  states(): Record<string, OriginState> {
    return this.#records.states();
  }

  /** The configured origins as the pool judges them when it speaks of itself. */
  judged(): TrackedOrigin[] {
    return this.#records.judged();
  }

  /**
   * Changes with what reports and checks change of `judged` alone: whatever else changes it also changes the snapshot,
   * or comes at a time that `judged` names.
   */
  get judgementRevision(): number {
    return this.#records.ejections.keptInRevision;
  }

  ejectedUntilMs(id: string): number | null {
    return this.#records.ejections.untilMs(id);
  }

  /** See Ejections.steps. */
  ejectionSteps(): Record<string, number> {
    return this.#records.ejections.steps();
  }

  /** Applies a configuration. An origin that is gone from it is drained first. */
  adopt(config: PoolConfig): void {
    const before = this.#records.config;
    this.#records.config = config;
    const ids = new Set(config.origins.map((origin) => origin.id));
    for (const origin of config.origins) this.#add(origin, before !== null);
    for (const origin of before?.origins ?? []) if (!ids.has(origin.id)) this.#drainAndRemove(origin);
    this.#records.ejections.configure(config.outlier_detection);
    this.#sweep(ids);
  }

  /** Forgets all origins after the pool was removed. The owner clears the store. */
  clear(): void {
    this.#records.clear();
  }

  /** An active check's verdict. @returns true if the snapshot must change */
  applyProbe(id: string, passed: boolean, detail: string): boolean {
    const { config, ejections } = this.#records;
    if (this.#records.get(id) === undefined || config?.health_check == null) return false;
    const ended = passed && config.outlier_detection?.unejected_by_health_check;
    const unejected = ended ? this.#noteEjection(ejections.end(id)) : false;
    return this.#health.observe(id, passed, detail) || unejected;
  }

  /** Outcomes of live traffic, by origin id. @returns true if the snapshot must change */
  applyOutcomes(reports: Readonly<Record<string, OriginReport>>): boolean {
    if (!this.#records.ejections.isOn) return false;
    // Counted at most once for all of a report: who asks for each origin counts the square of them.
    let counted: EjectionLimit | null = null;
    const limit = (): EjectionLimit => {
      counted ??= new EjectionLimit(this.origins().map((origin) => this.#records.statusOf(origin)));
      return counted;
    };
    let changed = false;
    for (const id of Object.keys(reports)) {
      const report = reports[id];
      if (report === undefined || this.#records.get(id) === undefined) continue;
      const transition = this.#records.ejections.observe(id, report, (percent) =>
        limit().allows(id, percent),
      );
      if (transition?.kind === "ejected") limit().ejected(id);
      changed = this.#noteEjection(transition) || changed;
    }
    if (changed) this.#records.ejections.save();
    return changed;
  }

  /** No new picks; its sessions keep reaching it until the pool's `drain_timeout`. @param who see `OriginDrains.begin` */
  drain(id: string, who: string | null = null): boolean {
    return this.#drains.begin(id, who);
  }

  /** Not for one that is being removed: only the configuration brings that back. */
  undrain(id: string): boolean {
    return this.#drains.undo(id);
  }

  /** True while an origin is drained: a report may end the drain. */
  get isDraining(): boolean {
    for (const [, { drain }] of this.#records.entries()) if (drain !== null) return true;
    return false;
  }

  /**
   * Applies changes that come with time alone: ends of ejections, hold-downs, drains and slow starts.
   * @returns true if anything changed
   */
  advance(): boolean {
    const nowMs = this.#options.now();
    let changed = false;
    for (const transition of this.#records.ejections.sweep())
      changed = this.#noteEjection(transition) || changed;
    for (const [id, record] of this.#records.entries()) {
      changed = this.#health.endHoldDown(id, record, nowMs) || changed;
      changed = this.#drains.end(id, record, nowMs) || changed;
      changed = this.#isWarming(record, nowMs) || changed;
    }
    this.#records.ejections.settle();
    return changed;
  }

  /** When `advance` is next worth calling, in ms since the epoch; Infinity if nothing is under way. */
  nextAdvanceMs(): number {
    const nowMs = this.#options.now();
    let next = Number.POSITIVE_INFINITY;
    for (const [id, record] of this.#records.entries()) {
      const untilMs = this.#records.ejections.untilMs(id);
      if (untilMs !== null) next = Math.min(next, untilMs);
      if (record.holdDown) next = Math.min(next, record.flap.holdDownUntilMs);
      next = Math.min(next, this.#drains.nextLookMs(record, nowMs));
      if (this.#isWarming(record, nowMs)) next = Math.min(next, nowMs + SLOW_START_STEP_MS);
    }
    return next;
  }

  #add(origin: OriginConfig, joins: boolean): void {
    const known = this.#records.get(origin.id);
    if (known?.removing != null) {
      known.removing = null;
      this.undrain(origin.id);
    }
    if (known !== undefined) return;
    const nowMs = this.#options.now();
    const healthy = this.#records.config?.health_check?.initial !== "unhealthy";
    this.#records.add(origin.id, newRecord(healthy, nowMs, joins ? nowMs : null));
  }

  #drainAndRemove(origin: OriginConfig): void {
    const record = this.#records.get(origin.id);
    if (record === undefined) return;
    if (record.drained) {
      this.#drains.remove(origin.id);
      return;
    }
    record.removing = origin;
    if (!this.drain(origin.id)) this.#records.save(origin.id);
  }

  /**
   * Removes the rest of origins that were removed while the object was away.
   * @param configured the configuration's origins
   */
  #sweep(configured: ReadonlySet<string>): void {
    for (const [id, { removing }] of this.#records.entries()) {
      if (removing === null && !configured.has(id)) this.#drains.remove(id);
    }
    this.#records.ejections.keep(this.#records.ids);
    this.#records.ejections.settle();
  }

  #noteEjection(transition: TimedTransition | null): boolean {
    if (transition === null) return false;
    const { id, kind, reason, atMs } = transition;
    const record = this.#records.get(id);
    if (kind === "unejected" && record !== undefined) {
      record.backSinceMs = atMs;
      this.#records.save(id);
    }
    this.#options.events.emit(kind, { detail: reason.replaceAll("_", " "), origin: id, atMs });
    return kind !== "not_ejected";
  }

  #isWarming(record: OriginRecord, nowMs: number): boolean {
    const windowMs = (this.#records.config?.slow_start ?? 0) * 1_000;
    // One step beyond the window, so that the last change brings the full weight.
    return record.backSinceMs !== null && nowMs - record.backSinceMs < windowMs + SLOW_START_STEP_MS;
  }
}
