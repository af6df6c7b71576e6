/**
 * The health of origins as their active checks see it, with the hold-down of those that change too often.
 * @module
 */
import { isFlapping, observe, observeTransition } from "../../core/health/health-state.ts";
import type { EventSink } from "../events/event-sink.ts";
import type { OriginRecord } from "./origin-record.ts";
import type { OriginRecords } from "./origin-records.ts";

export interface OriginHealthOptions {
  records: OriginRecords;
  now: () => number;
  events: EventSink;
}

export class OriginHealth {
  readonly #options: OriginHealthOptions;

  constructor(options: OriginHealthOptions) {
    this.#options = options;
  }

  /** A check's verdict. @returns true if the health flipped */
  observe(id: string, passed: boolean, detail: string): boolean {
    const { records } = this.#options;
    const check = records.config?.health_check ?? null;
    const record = records.get(id);
    if (record === undefined || check === null) return false;
    const health = observe(record.health, passed, {
      rise: check.healthy_threshold,
      fall: check.unhealthy_threshold,
    });
    if (health === record.health) return false;
    const flipped = health.healthy !== record.health.healthy;
    const healthyBefore = records.isHealthy(record);
    record.health = health;
    if (flipped) this.#flipped(id, record, healthyBefore, detail);
    records.save(id);
    return flipped;
  }

  /** @returns true if it was held down and no longer is */
  endHoldDown(id: string, record: OriginRecord, nowMs: number): boolean {
    if (!record.holdDown || isFlapping(record.flap, nowMs)) return false;
    record.holdDown = false;
    if (record.health.healthy) {
      record.backSinceMs = nowMs;
      this.#options.events.emit("healthy", { detail: "no longer held as flapping", origin: id, atMs: nowMs });
    }
    this.#options.records.save(id);
    return true;
  }

  #flipped(id: string, record: OriginRecord, healthyBefore: boolean, detail: string): void {
    const nowMs = this.#options.now();
    const flap = this.#options.records.config?.health_check?.flap ?? null;
    record.sinceMs = nowMs;
    const heldBefore = record.holdDown;
    if (flap !== null) {
      record.flap = observeTransition(record.flap, nowMs, {
        maxTransitions: flap.max_transitions,
        windowMs: flap.window * 1_000,
        baseHoldDownMs: flap.base_hold * 1_000,
        maxHoldDownMs: flap.max_hold * 1_000,
      });
      record.holdDown = isFlapping(record.flap, nowMs);
      if (record.holdDown && !heldBefore) {
        const seconds = Math.round((record.flap.holdDownUntilMs - nowMs) / 1_000);
        const held = `changes too often, held down for ${seconds} s`;
        this.#options.events.emit("flapping", { detail: held, origin: id, atMs: nowMs });
      }
    }
    const healthy = this.#options.records.isHealthy(record);
    if (healthy && !healthyBefore) record.backSinceMs = nowMs;
    if (healthy !== healthyBefore)
      this.#options.events.emit(healthy ? "healthy" : "unhealthy", { detail, origin: id, atMs: nowMs });
  }
}
