/**
 * The isolates that work for a pool: what each holds open, when it was last heard of, and the pace that keeps the
 * object's own load bounded.
 * @module
 */

/** Calls per second the object allows itself, well under its ceiling of 500 to 1,000 (PLATFORM: Durable Objects). */
export const MOST_CALLS_PER_SECOND = 200;
/** How often a busy isolate comes back, so that a change is in force there within a second. */
export const SYNC_INTERVAL_MS = 1_000;
/** Syncs an isolate may miss before its counts lapse. */
const MISSED_SYNCS = 3;
/** Slack on top, for an isolate whose requests are rare. */
const LAPSE_SLACK_MS = 10_000;

interface Isolate {
  sequence: number;
  active: Record<string, number>;
  lapsesAtMs: number;
}

export class Isolates {
  readonly #isolates = new Map<string, Isolate>();
  readonly #active = new Map<string, number>();
  #nextSweepMs = 0;

  get size(): number {
    return this.#isolates.size;
  }

  /** When an isolate should come back: a second, or longer if all of them together would be too many calls. */
  get paceMs(): number {
    return Math.max(SYNC_INTERVAL_MS, Math.ceil((this.size / MOST_CALLS_PER_SECOND) * 1_000));
  }

  /**
   * Notes a report. The gauges replace the isolate's earlier ones.
   * @returns false if this sequence number was counted before: gauges hold, counts must not be added again
   */
  hear(id: string, sequence: number, active: Record<string, number>, nowMs: number): boolean {
    const known = this.#isolates.get(id);
    this.#shift(known?.active ?? {}, -1);
    this.#shift(active, 1);
    const lapsesAtMs = nowMs + MISSED_SYNCS * this.paceMs + LAPSE_SLACK_MS;
    this.#isolates.set(id, { sequence: Math.max(sequence, known?.sequence ?? 0), active, lapsesAtMs });
    return known === undefined || sequence > known.sequence;
  }

  /** True if it was heard of lately. */
  isKnown(id: string): boolean {
    return this.#isolates.has(id);
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
    for (const [id, isolate] of this.#isolates) {
      if (isolate.lapsesAtMs > nowMs) continue;
      this.#shift(isolate.active, -1);
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
