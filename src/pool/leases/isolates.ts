/**
 * Tracks the isolates that work for a pool: the connections of each, its last call, and its next planned call.
 * @module
 */
import { ownValue } from "../../core/own-value.ts";
import { SYNC_INTERVAL_MS } from "./pacer.ts";

/** An isolate that is late by this much, or by two paces, may still come: a call failed, or it had no request. */
const LAPSE_SLACK_MS = 10_000;
const LONGEST_LATENESS_MS = 60_000;
/** The network does not keep times to the millisecond: an isolate that is early by this much still comes as planned. */
const EARLY_MS = 250;
/** One that is later than this has no requests now. */
const LATE_MS = 1_000;

/**
 * An isolate that lapsed may come back with a report that was counted already, because the answer to it was lost. So
 * its sequence number is kept for longer than its gauges...
 */
const REMEMBERED_MS = 120_000;
/** ...though not of more isolates than that, which take some 10 MB. */
const MOST_REMEMBERED = 50_000;

/**
 * A sweep looks at all isolates, so a crowd is swept more rarely: as if so many were looked at in a second. In a crowd they
 * come back after minutes, and lapse after more.
 */
const SWEPT_PER_SECOND = 20_000;

interface Isolate {
  sequence: number;
  active: Readonly<Record<string, number>>;
  paceMs: number;
  /** When it is to call again. */
  dueMs: number;
  /** It had no requests lately. */
  isIdle: boolean;
}

export interface IsolateReport {
  id: string;
  sequence: number;
  /** Live connections by origin id. */
  active: Readonly<Record<string, number>>;
  /** After how long it is to call again. */
  paceMs: number;
  /** It had no request since its report before. */
  isIdle: boolean;
}

export class Isolates {
  readonly #isolates = new Map<string, Isolate>();
  /** Those that lapsed, the longest ago first. */
  readonly #lapsed = new Map<string, { sequence: number; lapsedMs: number }>();
  readonly #active = new Map<string, number>();
  #nextSweepMs = 0;
  #awaited = 0;

  get size(): number {
    return this.#isolates.size;
  }

  /** Those that have requests and come when they are to, as of the last sweep. */
  get awaited(): number {
    return this.#awaited;
  }

  /**
   * Notes a report. The gauges replace the isolate's earlier ones.
   * @returns false if this sequence number was counted before: gauges hold, counts must not be added again
   */
  record({ id, sequence, active, paceMs, isIdle }: IsolateReport, nowMs: number): boolean {
    const known = this.#isolates.get(id);
    this.#replace(known?.active ?? {}, active);
    const counted = known?.sequence ?? this.#lapsed.get(id)?.sequence ?? -1;
    this.#lapsed.delete(id);
    if (known === undefined && !isIdle) this.#awaited++;
    const newest = Math.max(sequence, counted);
    this.#isolates.set(id, { sequence: newest, active, paceMs, dueMs: nowMs + paceMs, isIdle });
    return sequence > counted;
  }

  /** True if it called lately. */
  isKnown(id: string): boolean {
    return this.#isolates.has(id);
  }

  /** True if its planned time is about now. */
  isDue(id: string, nowMs: number): boolean {
    const known = this.#isolates.get(id);
    return known !== undefined && nowMs >= known.dueMs - EARLY_MS;
  }

  /** Milliseconds after which it was told to come back. */
  paceMs(id: string): number {
    return this.#isolates.get(id)?.paceMs ?? SYNC_INTERVAL_MS;
  }

  /** The longest time that any of them was told, in ms: after it all have reported. */
  get longestPaceMs(): number {
    let longest = SYNC_INTERVAL_MS;
    for (const { paceMs } of this.#isolates.values()) longest = Math.max(longest, paceMs);
    return longest;
  }

  /** Live connections of an origin, all isolates together. */
  active(origin: string): number {
    return this.#active.get(origin) ?? 0;
  }

  /** Live connections by origin that isolates other than `id` hold; origins with none are left out. */
  othersActive(id: string): Record<string, number> {
    const own = this.#isolates.get(id)?.active;
    const others: Record<string, number> = {};
    if (own !== undefined && this.#isolates.size === 1) return others;
    for (const [origin, total] of this.#active) {
      const rest = total - (ownValue(own, origin) ?? 0);
      if (rest > 0) others[origin] = rest;
    }
    return others;
  }

  /** Forgets isolates that have not called for too long, with their connections, so that a lost release heals. */
  sweep(nowMs: number): void {
    if (nowMs < this.#nextSweepMs) return;
    this.#nextSweepMs = nowMs + SYNC_INTERVAL_MS * Math.max(1, this.size / SWEPT_PER_SECOND);
    this.#awaited = 0;
    for (const [id, { sequence, active, paceMs, dueMs, isIdle }] of this.#isolates) {
      if (!isIdle && nowMs <= dueMs + LATE_MS) this.#awaited++;
      if (dueMs + lapseMs(paceMs) > nowMs) continue;
      this.#replace(active, {});
      this.#isolates.delete(id);
      this.#lapsed.set(id, { sequence, lapsedMs: nowMs });
    }
    for (const [id, { lapsedMs }] of this.#lapsed) {
      if (lapsedMs + REMEMBERED_MS > nowMs && this.#lapsed.size <= MOST_REMEMBERED) break;
      this.#lapsed.delete(id);
    }
  }

  /** An isolate's gauges were `before`, and are `after`. */
  #replace(before: Readonly<Record<string, number>>, after: Readonly<Record<string, number>>): void {
    // Not their entries: an array for each of thousands of origins, at each report.
    for (const origin of Object.keys(after)) {
      this.#add(origin, (after[origin] ?? 0) - (ownValue(before, origin) ?? 0));
    }
    for (const origin of Object.keys(before)) {
      if (!Object.hasOwn(after, origin)) this.#add(origin, -(before[origin] ?? 0));
    }
  }

  #add(origin: string, more: number): void {
    if (more === 0) return;
    const total = (this.#active.get(origin) ?? 0) + more;
    if (total > 0) this.#active.set(origin, total);
    else this.#active.delete(origin);
  }
}

/** Time after which an isolate that was told to come back after `paceMs` is taken to be gone, in ms. */
export function lapseMs(paceMs: number): number {
  return Math.min(2 * paceMs, LONGEST_LATENESS_MS) + LAPSE_SLACK_MS;
}
