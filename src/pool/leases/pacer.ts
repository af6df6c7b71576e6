/**
 * Decides when isolates come back, so that the object's own load stays bounded for any number of isolates.
 *
 * Each answered sync is given a slot in one queue of evenly spaced times. So planned calls never come faster than the
 * queue's spacing, even if all isolates began at once. Calls that were not planned, such as the first sync of a cold
 * isolate, cannot be put off; the spacing leaves room for as many of them as came lately.
 * @module
 */
import { RollingCounter } from "../../core/metrics/rolling-counter.ts";
import {
  CALL_SPAN_MS,
  type CallSlot,
  FEWEST_TOKEN_CALLS,
  TokenCallPacer,
} from "../../core/rate-limit/token-call-pacer.ts";
import type { Metadata } from "../storage/metadata.ts";
import type { Isolates } from "./isolates.ts";

/** How often a busy isolate comes back: with a way of 100 ms a change is in force there within a second. */
export const SYNC_INTERVAL_MS = 900;
/** Calls per second the object allows itself, well under its ceiling (docs/platform.md, Durable Objects). */
export const MOST_CALLS_PER_SECOND = 200;
/** The part of these that is planned; the rest is room for the network, which does not keep the spacing. */
export const PLANNED_PER_SECOND = 170;
/** The fewest planned calls, however many calls are not planned; with none, no isolate would ever learn of a change. */
const FEWEST_PLANNED_PER_SECOND = 50;
/** The queue leaves room for as many calls for tokens in a second as came lately, up to this number. */
const MOST_FOR_TOKEN_CALLS = 80;
/** While isolates queue, this many of them may call early if they have news, this often. */
const EARLY_CALLERS = 20;
const EARLY_CALL_MS = 1_000;
/** Resolution of the count of syncs that calls for tokens make room for. */
const SYNC_SLOT_MS = 500;
/** Calls that were not planned are counted over this many seconds... */
const WINDOW_S = 10;
/** ...and at most this many in each second: one crowd must not hold up all isolates for an hour. */
const MOST_COUNTED = MOST_CALLS_PER_SECOND;
/** The high-water mark reaches this far ahead: two writes a minute, where slots are given out further ahead than `CROWDED_MS`. */
const HIGH_WATER_AHEAD_MS = 30_000;
const CROWDED_MS = 2_000;

/**
 * The length of the queue is stored when it is longer than the stored one, or shorter by the factor `SHORTER`. `SPARE`
 * is added to it.
 */
const SHORTER = 1.1;
const SPARE = 1.05;

/** See `Isolates`: all may sync, those that are awaited may run out of tokens. */
type IsolateCounts = Pick<Isolates, "awaited">;

export class Pacer {
  readonly #store: Pick<Metadata, "get" | "put">;
  /** The last slot given out. */
  #plannedMs: number;
  /** As it is stored: up to `HIGH_WATER_AHEAD_MS` later than any slot that was given out. */
  #highWaterMs: number;
  /** The stored length; null: none was stored yet, or a version before this field stored the queue. */
  #lengthMs: number | null;
  readonly #inheritedUntilMs: number;
  /** When it is known how many ask for tokens. */
  readonly #settledMs: number;
  readonly #tokenCalls = new TokenCallPacer();
  /** Calls that are not for tokens, except the first ones of cold isolates. */
  readonly #syncs = new RollingCounter(SYNC_SLOT_MS, CALL_SPAN_MS / SYNC_SLOT_MS);
  /** Counts up to the next early caller. */
  #sinceEarlyCaller = 0;
  /** Calls that were not planned. */
  readonly #unplanned = new RollingCounter(1_000, WINDOW_S);

  constructor(store: Pick<Metadata, "get" | "put">, nowMs: number) {
    this.#store = store;
    this.#settledMs = nowMs + CALL_SPAN_MS;
    // Isolates that a previous incarnation of the object sent away come back at their times, beside those that come
    // now. So the queue goes on where it ended, and no later, or each restart would delay all of it.
    this.#highWaterMs = store.get("planned_until");
    this.#lengthMs = store.get("planned_ahead");
    this.#inheritedUntilMs = Math.min(
      this.#highWaterMs,
      nowMs + (this.#lengthMs ?? Number.POSITIVE_INFINITY),
    );
    this.#plannedMs = this.#inheritedUntilMs;
  }

  /** True if isolates of this pool may call for tokens: the queue then leaves room for these calls. */
  reservesTokenCalls = false;

  /**
   * Milliseconds after which the isolate that has just called is to call again.
   * @param isPlanned the isolate came at its planned time
   * @param isCold it came for the first time: calls for tokens need not make room for that
   */
  next(isPlanned: boolean, nowMs: number, isCold = false): number {
    if (!isCold) this.#syncs.add(nowMs);
    // An unknown isolate may have been planned by the previous incarnation.
    if (!isPlanned && nowMs >= this.#inheritedUntilMs) this.unplanned(nowMs);
    const spacingMs = 1_000 / this.#plannedPerSecond(nowMs);
    this.#plannedMs = Math.max(nowMs + SYNC_INTERVAL_MS, this.#plannedMs + spacingMs);
    const aheadMs = this.#plannedMs - nowMs;
    if (aheadMs > CROWDED_MS) this.#persist(aheadMs);
    return Math.ceil(aheadMs);
  }

  /**
   * The time by which all isolates have called that this or a previous incarnation of the object sent away, in ms since
   * the epoch.
   */
  get plannedUntilMs(): number {
    return this.#plannedMs;
  }

  /**
   * Milliseconds after which an isolate may call for reasons of its own, so that all `isolates` may do so. While there
   * is a queue, not before its slot there: otherwise a failure that all of them see would release at once all that came
   * while the queue was longer. A few may call early all the same, or the object would not learn of a failure for long.
   * @param paceMs its planned time
   */
  earliest(isolates: number, paceMs: number): number {
    if (paceMs > SYNC_INTERVAL_MS) {
      this.#sinceEarlyCaller = (this.#sinceEarlyCaller + 1) % Math.ceil(isolates / EARLY_CALLERS);
      return this.#sinceEarlyCaller === 0 ? Math.min(EARLY_CALL_MS, paceMs) : paceMs;
    }
    return Math.min(Math.ceil((isolates * 1_000) / PLANNED_PER_SECOND), paceMs);
  }

  /**
   * Milliseconds after which an isolate is to call again that holds what a previous incarnation granted: ahead of the
   * queue, since what it holds is free once it has said that it is not used any more. Not if isolates queued before.
   */
  nextOfFormer(isPlanned: boolean, nowMs: number): number {
    if (nowMs < this.#inheritedUntilMs) return this.next(isPlanned, nowMs);
    this.#syncs.add(nowMs);
    // It comes back beside those of the queue.
    this.unplanned(nowMs);
    return SYNC_INTERVAL_MS;
  }

  /** No isolate gets a slot to call for tokens before this time. */
  beginTokenSlots(atMs: number): void {
    this.#tokenCalls.begin(atMs);
  }

  /** Counts a call that was not planned; calls for tokens aside. */
  unplanned(nowMs: number): void {
    this.#unplanned.add(nowMs, MOST_COUNTED);
  }

  /** False while so many ask for tokens, or may do so after a start, that calls which no request needs have to wait. */
  hasRoom(nowMs: number): boolean {
    if (!this.reservesTokenCalls) return true;
    return nowMs >= this.#settledMs && this.#tokenCalls.callsPerSecond(nowMs) <= FEWEST_TOKEN_CALLS;
  }

  /** Counts a call that waits for a verdict: syncs and calls for tokens make room for it. */
  watched(nowMs: number): void {
    this.#syncs.add(nowMs);
    this.unplanned(nowMs);
  }

  /** When an isolate, which has just called for tokens, may call again, for any origin. */
  nextTokenSlot({ awaited }: IsolateCounts, nowMs: number): CallSlot {
    return this.#tokenCalls.nextSlot(awaited, this.#syncs.sum(nowMs), nowMs);
  }

  /** When an isolate, which has not called lately, may call for tokens. */
  firstTokenSlot({ awaited }: IsolateCounts): CallSlot {
    return this.#tokenCalls.firstSlot(awaited);
  }

  #persist(aheadMs: number): void {
    if (this.#plannedMs > this.#highWaterMs) {
      this.#highWaterMs = this.#plannedMs + HIGH_WATER_AHEAD_MS;
      this.#store.put("planned_until", this.#highWaterMs);
    }
    const writtenMs = this.#lengthMs ?? 0;
    if (aheadMs <= writtenMs && aheadMs * SHORTER >= writtenMs) return;
    this.#lengthMs = Math.ceil(aheadMs * SPARE);
    this.#store.put("planned_ahead", this.#lengthMs);
  }

  #plannedPerSecond(nowMs: number): number {
    const unplanned = this.#unplanned.sum(nowMs) / WINDOW_S;
    const asked = Math.min(this.#tokenCalls.callsPerSecond(nowMs), MOST_FOR_TOKEN_CALLS);
    const tokenCalls = this.reservesTokenCalls ? Math.max(FEWEST_TOKEN_CALLS, asked) : 0;
    return Math.max(FEWEST_PLANNED_PER_SECOND, PLANNED_PER_SECOND - tokenCalls - unplanned);
  }
}
