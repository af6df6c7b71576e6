/**
 * The run-time state of a pool's origins: health, ejection, drain, slow start. Everything that must survive the object
 * is written the moment it changes; every change is an event.
 * @module
 */
import type { OriginConfig, PoolConfig } from "../config/schema.ts";
import type { PoolEventKind } from "../contract/events.ts";
import type { OriginReport, OriginState } from "../contract/sync.ts";
import { isFlapping, observe, observeTransition } from "../core/health.ts";
import type { OutlierTransition } from "../core/outlier-detector.ts";
import { slowStartFactors } from "../core/slow-start.ts";
import { Ejections } from "./ejections.ts";
import { newRecord, type OriginRecord } from "./origin-record.ts";
import type { PoolStore } from "./store.ts";

/** How often weights are stepped up while an origin starts slowly. */
const SLOW_START_STEP_MS = 1_000;
/** Until then an isolate may not have heard of a drain, and an origin without connections is not empty. */
const DRAIN_NOTICE_MS = 3_000;
/** How often a drain is looked after. */
const DRAIN_STEP_MS = 500;

export interface BoardOptions {
  store: PoolStore;
  now: () => number;
  emit: (kind: PoolEventKind, origin: string, detail?: string) => void;
  /** Live connections of an origin, the world over. */
  active: (origin: string) => number;
}

export class OriginBoard {
  readonly #options: BoardOptions;
  readonly #records: Map<string, OriginRecord>;
  readonly #ejections: Ejections;
  #config: PoolConfig | null = null;

  constructor(options: BoardOptions) {
    this.#options = options;
    this.#records = options.store.originRecords<OriginRecord>();
    this.#ejections = new Ejections(options.store, options.now);
  }

  /** The configured origins, and those that are leaving. */
  origins(): OriginConfig[] {
    const leaving = [...this.#records.values()].flatMap((record) => record.leaving ?? []);
    return [...(this.#config?.origins ?? []), ...leaving];
  }

  record(id: string): OriginRecord | null {
    return this.#records.get(id) ?? null;
  }

  ejectedUntilMs(id: string): number | null {
    return this.#ejections.untilMs(id);
  }

  /** See Ejections.steps. */
  ejectionSteps(): Record<string, number> {
    return this.#ejections.steps();
  }

  /** Takes a configuration over. An origin that is gone from it is drained before it goes. */
  adopt(config: PoolConfig): void {
    const before = this.#config;
    this.#config = config;
    const ids = new Set(config.origins.map((origin) => origin.id));
    for (const origin of config.origins) this.#admit(origin, before !== null);
    for (const origin of before?.origins ?? []) if (!ids.has(origin.id)) this.#dismiss(origin);
    this.#ejections.configure(config.outlier_detection);
  }

  /** Everything a pick needs to know, by origin id. */
  states(): Record<string, OriginState> {
    const origins = this.origins();
    const nowMs = this.#options.now();
    const windowMs = (this.#config?.slow_start ?? 0) * 1_000;
    const inService = origins.filter(({ id }) => this.#isInService(id));
    const since = inService.map(({ id }) => this.#records.get(id)?.backSinceMs ?? null);
    const factors = slowStartFactors(since, windowMs, nowMs);
    const factorOf = new Map(inService.map(({ id }, index) => [id, factors[index] ?? 1]));
    return Object.fromEntries(
      origins.map(({ id }) => {
        const record = this.#records.get(id);
        const state: OriginState = {
          healthy: record === undefined || this.#isHealthy(record),
          ejected: this.#ejections.isEjected(id),
          draining: record?.drain != null,
          drained: record?.drained ?? false,
          weight_factor: factorOf.get(id) ?? 1,
        };
        return [id, state];
      }),
    );
  }

  /** An active check's verdict. @returns true if the snapshot must change */
  probed(id: string, passed: boolean, detail: string): boolean {
    const check = this.#config?.health_check ?? null;
    const record = this.#records.get(id);
    if (record === undefined || check === null) return false;
    const ended = passed && this.#config?.outlier_detection?.unejected_by_health_check;
    const unejected = ended ? this.#noteEjection(this.#ejections.end(id)) : false;
    const health = observe(record.health, passed, {
      rise: check.healthy_threshold,
      fall: check.unhealthy_threshold,
    });
    if (health === record.health) return unejected;
    const flipped = health.healthy !== record.health.healthy;
    const healthyBefore = this.#isHealthy(record);
    record.health = health;
    if (flipped) this.#flipped(id, record, healthyBefore, detail);
    this.#save(id);
    return flipped || unejected;
  }

  /** Outcomes of live traffic. @returns true if the snapshot must change */
  reported(id: string, report: OriginReport): boolean {
    if (!this.#records.has(id)) return false;
    const origins = this.#config?.origins ?? [];
    const others = origins.filter((origin) => origin.id !== id && this.#isInService(origin.id));
    return this.#noteEjection(this.#ejections.observe(id, report, origins.length, others.length));
  }

  /** No new picks; its sessions keep reaching it until the pool's `drain_timeout`. */
  drain(id: string): boolean {
    const record = this.#records.get(id);
    if (record === undefined || record.drain !== null || record.drained) return false;
    const startedMs = this.#options.now();
    record.drain = { startedMs, deadlineMs: startedMs + (this.#config?.drain_timeout ?? 0) * 1_000 };
    this.#save(id);
    this.#options.emit("drain_started", id, `for at most ${this.#config?.drain_timeout ?? 0} s`);
    return true;
  }

  /** Not for one that is leaving: only the configuration brings that back. */
  undrain(id: string): boolean {
    const record = this.#records.get(id);
    if (record === undefined || record.leaving !== null || (record.drain === null && !record.drained))
      return false;
    record.drain = null;
    record.drained = false;
    record.backSinceMs = this.#options.now();
    this.#save(id);
    this.#options.emit("undrained", id);
    return true;
  }

  /** What only time brings: ends of ejections, holds, drains and slow starts. @returns true if anything changed */
  tick(): boolean {
    const nowMs = this.#options.now();
    let changed = false;
    for (const transition of this.#ejections.sweep()) changed = this.#noteEjection(transition) || changed;
    for (const [id, record] of this.#records) {
      changed = this.#endHold(id, record, nowMs) || changed;
      changed = this.#endDrain(id, record, nowMs) || changed;
      changed = this.#isWarming(record, nowMs) || changed;
    }
    return changed;
  }

  /** When `tick` is next worth calling, in ms since the epoch; Infinity if nothing is under way. */
  nextTickMs(): number {
    const nowMs = this.#options.now();
    let next = Number.POSITIVE_INFINITY;
    for (const [id, record] of this.#records) {
      const untilMs = this.#ejections.untilMs(id);
      if (untilMs !== null) next = Math.min(next, untilMs);
      if (record.held) next = Math.min(next, record.flap.heldUntilMs);
      if (record.drain !== null) next = Math.min(next, nowMs + DRAIN_STEP_MS);
      if (this.#isWarming(record, nowMs)) next = Math.min(next, nowMs + SLOW_START_STEP_MS);
    }
    return next;
  }

  #admit(origin: OriginConfig, joins: boolean): void {
    const known = this.#records.get(origin.id);
    if (known?.leaving != null) {
      known.leaving = null;
      this.undrain(origin.id);
    }
    if (known !== undefined) return;
    const nowMs = this.#options.now();
    const healthy = this.#config?.health_check?.initial !== "unhealthy";
    this.#records.set(origin.id, newRecord(healthy, nowMs, joins ? nowMs : null));
    this.#save(origin.id);
  }

  #dismiss(origin: OriginConfig): void {
    const record = this.#records.get(origin.id);
    if (record === undefined) return;
    if (record.drained) {
      this.#remove(origin.id);
      return;
    }
    record.leaving = origin;
    if (!this.drain(origin.id)) this.#save(origin.id);
  }

  #remove(id: string): void {
    this.#records.delete(id);
    this.#ejections.forget(id);
    this.#options.store.deleteOriginRecord(id);
    this.#options.emit("removed", id);
  }

  #isHealthy(record: OriginRecord): boolean {
    // Without checks nothing would ever call an origin healthy again.
    return this.#config?.health_check == null || (record.health.healthy && !record.held);
  }

  /** Takes new requests, as far as its state goes. */
  #isInService(id: string): boolean {
    const record = this.#records.get(id);
    if (record === undefined || record.drain !== null || record.drained) return false;
    return this.#isHealthy(record) && !this.#ejections.isEjected(id);
  }

  #flipped(id: string, record: OriginRecord, healthyBefore: boolean, detail: string): void {
    const nowMs = this.#options.now();
    const flap = this.#config?.health_check?.flap ?? null;
    record.sinceMs = nowMs;
    const heldBefore = record.held;
    if (flap !== null) {
      record.flap = observeTransition(record.flap, nowMs, {
        maxTransitions: flap.max_transitions,
        windowMs: flap.window * 1_000,
        baseHoldMs: flap.base_hold * 1_000,
        maxHoldMs: flap.max_hold * 1_000,
      });
      record.held = isFlapping(record.flap, nowMs);
      if (record.held && !heldBefore) {
        const seconds = Math.round((record.flap.heldUntilMs - nowMs) / 1_000);
        this.#options.emit("flapping", id, `changes too often, held down for ${seconds} s`);
      }
    }
    const healthy = this.#isHealthy(record);
    if (healthy && !healthyBefore) record.backSinceMs = nowMs;
    if (healthy !== healthyBefore) this.#options.emit(healthy ? "healthy" : "unhealthy", id, detail);
  }

  #noteEjection(transition: OutlierTransition | null): boolean {
    if (transition === null) return false;
    const { id, kind, reason } = transition;
    const record = this.#records.get(id);
    if (kind === "unejected" && record !== undefined) {
      record.backSinceMs = this.#options.now();
      this.#save(id);
    }
    this.#options.emit(kind, id, reason.replaceAll("_", " "));
    return kind !== "not_ejected";
  }

  #endHold(id: string, record: OriginRecord, nowMs: number): boolean {
    if (!record.held || isFlapping(record.flap, nowMs)) return false;
    record.held = false;
    if (record.health.healthy) {
      record.backSinceMs = nowMs;
      this.#options.emit("healthy", id, "no longer held as flapping");
    }
    this.#save(id);
    return true;
  }

  #endDrain(id: string, record: OriginRecord, nowMs: number): boolean {
    if (record.drain === null) return false;
    const { startedMs, deadlineMs } = record.drain;
    const left = this.#options.active(id);
    // A session may come back any time until the deadline; without sessions an empty origin is done.
    const mayEndEarly = this.#config?.sticky == null && left === 0 && nowMs - startedMs >= DRAIN_NOTICE_MS;
    if (nowMs < deadlineMs && !mayEndEarly) return false;
    record.drain = null;
    record.drained = true;
    this.#options.emit("drained", id, left === 0 ? "nothing left" : `time is up, ${left} requests left`);
    if (record.leaving === null) this.#save(id);
    else this.#remove(id);
    return true;
  }

  #isWarming(record: OriginRecord, nowMs: number): boolean {
    const windowMs = (this.#config?.slow_start ?? 0) * 1_000;
    // One step beyond the window, so that the last change brings the full weight.
    return record.backSinceMs !== null && nowMs - record.backSinceMs < windowMs + SLOW_START_STEP_MS;
  }

  #save(id: string): void {
    const record = this.#records.get(id);
    if (record !== undefined) this.#options.store.setOriginRecord(id, record);
  }
}
