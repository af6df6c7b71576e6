/**
 * Computes the share of its clients that a pool takes by its `capacity`: a step each second while reports come; missed
 * steps follow later. The stored value differs by a tenth at most, so a restart begins near the former share.
 * @module
 */
import type { PoolConfig } from "../../config/schema.ts";
import { nextAccepted, utilisation } from "../../core/steering/capacity.ts";
import type { Metadata } from "../storage/metadata.ts";

/** How often a status is computed whose values move by themselves. */
export const STEP_MS = 1_000;
/** Reports trigger the steps; without reports an alarm catches up after this time, or after a pace if that is longer. */
const CATCH_UP_MS = 5_000;
/** So many steps lead from the least to all. */
const MOST_STEPS = 100;
/** Difference from the stored value that is worth a row. */
const WORTH_STORING = 0.1;

export interface PoolLoad {
  /** Requests in flight. */
  readonly connections: number;
  readonly requestsPerSecond: number;
  /** Time after which all isolates have reported. */
  readonly paceMs: number;
}

export class AcceptedLoad {
  readonly #store: Metadata;
  #accepted: number;
  #stored: number;
  /** The load as a part of the target, when it was last looked at; null: it was not yet. */
  #used: number | null = null;
  /** When the last step was made, or steps began to count; null: no capacity is configured. */
  #steppedMs: number | null = null;
  /** Time between two steps: where isolates report less often, one step in their pace. */
  #everyMs = STEP_MS;

  constructor(store: Metadata) {
    this.#store = store;
    this.#stored = store.get("accepted");
    this.#accepted = this.#stored;
  }

  /** 0.05 to 1. */
  get accepted(): number {
    return this.#accepted;
  }

  /** See `utilisation`; null: the load was not looked at yet, or no capacity is configured. */
  get used(): number | null {
    return this.#used;
  }

  /** @param capacity null: none is configured, everything is taken */
  step(capacity: PoolConfig["capacity"], loadOf: () => PoolLoad, nowMs: number): void {
    if (capacity === null) {
      this.#used = null;
      this.#steppedMs = null;
      this.#accept(1);
      return;
    }
    // After a start nothing is known of the load until isolates have had their time to report.
    this.#steppedMs ??= nowMs;
    const sinceMs = nowMs - this.#steppedMs;
    if (sinceMs < STEP_MS) return;
    const load = loadOf();
    this.#everyMs = Math.max(STEP_MS, load.paceMs);
    if (sinceMs < this.#everyMs) return;
    this.#steppedMs = nowMs;
    const { connections, requests_per_second } = capacity;
    const used = utilisation({ connections, requestsPerSecond: requests_per_second }, load);
    this.#used = used;
    this.#accept(this.#after(Math.floor(Math.min(sinceMs / this.#everyMs, MOST_STEPS)), used));
  }

  /** When `step` is next worth calling though nobody reports, in ms since the epoch; Infinity: never. */
  nextMs(): number {
    return this.#accepted < 1 && this.#steppedMs !== null
      ? this.#steppedMs + Math.max(CATCH_UP_MS, this.#everyMs)
      : Number.POSITIVE_INFINITY;
  }

  /** The pool was removed. The store is cleared by its owner. */
  clear(): void {
    this.#accepted = 1;
    this.#stored = 1;
    this.#used = null;
    this.#steppedMs = null;
  }

  /** Steps that were missed: a load is not known to have been too high all the while, so only one goes down. */
  #after(steps: number, used: number): number {
    if (used > 1) return nextAccepted(this.#accepted, used);
    let accepted = this.#accepted;
    for (let step = 0; step < steps; step++) accepted = nextAccepted(accepted, used);
    return accepted;
  }

  #accept(accepted: number): void {
    this.#accepted = accepted;
    const isBackAtAll = accepted === 1 && this.#stored < 1;
    if (Math.abs(accepted - this.#stored) < WORTH_STORING && !isBackAtAll) return;
    this.#stored = accepted;
    this.#store.put("accepted", accepted);
  }
}
