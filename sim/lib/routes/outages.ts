/**
 * When pools were not available, by what their objects said, and who was sent there all the same.
 * @module
 */

/** Every isolate with traffic has left a pool by this time after its status changed (docs/global.md). */
export const LEFT_WITHIN_MS = 1_500;

export interface Outage {
  readonly fromMs: number;
  /** Null: to the end of the run. */
  untilMs: number | null;
  /** The last request that was sent there as to an available pool, in ms; null: there was none. */
  lastMs: number | null;
  /** How many of them came later than all isolates should have left. */
  late: number;
}

export class Outages {
  readonly #byPool = new Map<string, Outage[]>();

  of(pool: string): readonly Outage[] {
    return this.#byPool.get(pool) ?? [];
  }

  /** A pool's object says something of its pool. */
  said(pool: string, kind: string, atMs: number): void {
    const outages = this.#byPool.get(pool) ?? [];
    const last = outages.at(-1);
    const isOpen = last !== undefined && last.untilMs === null;
    if (kind === "pool_unavailable" && !isOpen) {
      this.#byPool.set(pool, [...outages, { fromMs: atMs, untilMs: null, lastMs: null, late: 0 }]);
    }
    if (kind === "pool_available" && isOpen) last.untilMs = atMs;
  }

  /**
   * A request that came then was sent to a pool.
   * @param pools those of its route: while none is available, one of them is tried
   */
  sent(pool: string, cameMs: number, pools: readonly string[]): void {
    const outage = this.#at(pool, cameMs);
    if (outage === null || pools.every((each) => this.#at(each, cameMs) !== null)) return;
    outage.lastMs = Math.max(outage.lastMs ?? 0, cameMs);
    if (cameMs >= outage.fromMs + LEFT_WITHIN_MS) outage.late++;
  }

  #at(pool: string, atMs: number): Outage | null {
    const holds = ({ fromMs, untilMs }: Outage): boolean =>
      atMs >= fromMs && atMs < (untilMs ?? Number.POSITIVE_INFINITY);
    return this.of(pool).findLast(holds) ?? null;
  }
}
