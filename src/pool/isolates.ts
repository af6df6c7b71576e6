/**
 * The isolates that work for a pool: what each holds open, when it was last heard of, and when it is to come back.
 * @module
 */
import { SYNC_INTERVAL_MS } from "./pacer.ts";

/** An isolate that is late by this much, or by two paces, may still come: a call failed, or it had no request. */
const LAPSE_SLACK_MS = 10_000;
const LONGEST_LATENESS_MS = 60_000;
/** The network does not keep times to the millisecond: an isolate that is early by this much still comes as planned. */
const EARLY_MS = 250;

interface Isolate {
  sequence: number;
  active: Record<string, number>;
  paceMs: number;
  /** When it is to call again. */
  dueMs: number;
}

export interface Heard {
  id: string;
  sequence: number;
  /** Live connections by origin id. */
  active: Record<string, number>;
  /** After how long it is to call again. */
  paceMs: number;
}

export class Isolates {
  readonly #isolates = new Map<string, Isolate>();
  readonly #active = new Map<string, number>();
  #nextSweepMs = 0;

  get size(): number {
    return this.#isolates.size;
  }

  /**
   * Notes a report. The gauges replace the isolate's earlier ones.
   * @returns false if this sequence number was counted before: gauges hold, counts must not be added again
   */
  hear({ id, sequence, active, paceMs }: Heard, nowMs: number): boolean {
    const known = this.#isolates.get(id);
    this.#shift(known?.active ?? {}, -1);
    this.#shift(active, 1);
    const newest = Math.max(sequence, known?.sequence ?? 0);
    this.#isolates.set(id, { sequence: newest, active, paceMs, dueMs: nowMs + paceMs });
    return known === undefined || sequence > known.sequence;
  }

  /** True if it was heard of lately. */
  isKnown(id: string): boolean {
    return this.#isolates.has(id);
  }

  /** True if it was told to call about now. */
  isDue(id: string, nowMs: number): boolean {
    const known = this.#isolates.get(id);
    return known !== undefined && nowMs >= known.dueMs - EARLY_MS;
  }

  /** After how many ms it was told to come back. */
  paceMs(id: string): number {
    return this.#isolates.get(id)?.paceMs ?? SYNC_INTERVAL_MS;
  }

  /** Live connections of an origin, all isolates together. */
  active(origin: string): number {
    return this.#active.get(origin) ?? 0;
  }

  /** Live connections by origin that isolates other than `id` hold; origins with none are left out. */
  othersActive(id: string): Record<string, number> {
    const own = this.#isolates.get(id)?.active ?? {};
    const others: Record<string, number> = {};
    for (const [origin, total] of this.#active) {
      const rest = total - (own[origin] ?? 0);
      if (rest > 0) others[origin] = rest;
    }
    return others;
  }

  /** Forgets isolates not heard of for too long, and with them what they held: a lost release heals. */
  sweep(nowMs: number): void {
    if (nowMs < this.#nextSweepMs) return;
    this.#nextSweepMs = nowMs + SYNC_INTERVAL_MS;
    for (const [id, { active, paceMs, dueMs }] of this.#isolates) {
      if (dueMs + Math.min(2 * paceMs, LONGEST_LATENESS_MS) + LAPSE_SLACK_MS > nowMs) continue;
      this.#shift(active, -1);
      this.#isolates.delete(id);
    }
  }

  #shift(active: Record<string, number>, sign: 1 | -1): void {
    for (const [origin, count] of Object.entries(active)) {
      const total = (this.#active.get(origin) ?? 0) + sign * count;
      if (total > 0) this.#active.set(origin, total);
      else this.#active.delete(origin);
    }
  }
}
