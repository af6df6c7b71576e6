/**
 * How often each kind of event has happened, for the metrics: the event log forgets, and a counter must not. One row for
 * each kind and origin, so that an event costs the same in a pool of any size.
 * @module
 */
import type { PoolEventKind } from "../../contract/events.ts";
import type { EventCounts } from "../../contract/stats.ts";
import type { SqlEventTables } from "../storage/event-tables.ts";

export class EventCounters {
  readonly #table: SqlEventTables;
  readonly #counts = new Map<PoolEventKind, Map<string, number>>();

  constructor(table: SqlEventTables) {
    this.#table = table;
    for (const { kind, origin, count } of table.counts()) {
      this.#ofKind(kind as PoolEventKind).set(origin, count);
    }
  }

  get counts(): EventCounts {
    return Object.fromEntries(
      Array.from(this.#counts, ([kind, byOrigin]) => [kind, Object.fromEntries(byOrigin)]),
    );
  }

  /** @param origin absent: of the pool as a whole */
  increment(kind: PoolEventKind, origin = ""): void {
    if (kind === "removed") {
      // Forgotten with its origin, so that the counters stay as many as the pool has origins.
      this.#forget(origin);
      return;
    }
    const byOrigin = this.#ofKind(kind);
    const count = (byOrigin.get(origin) ?? 0) + 1;
    byOrigin.set(origin, count);
    this.#table.setCount(kind, origin, count);
  }

  /** Nothing has happened yet. The store is cleared by its owner. */
  clear(): void {
    this.#counts.clear();
  }

  /** Only the pool as a whole and these origins are still counted. */
  keep(origins: ReadonlySet<string>): void {
    const known = new Set([...this.#counts.values()].flatMap((byOrigin) => [...byOrigin.keys()]));
    for (const origin of known) if (origin !== "" && !origins.has(origin)) this.#forget(origin);
  }

  #forget(origin: string): void {
    for (const byOrigin of this.#counts.values()) byOrigin.delete(origin);
    this.#table.deleteCounts(origin);
  }

  #ofKind(kind: PoolEventKind): Map<string, number> {
    const known = this.#counts.get(kind);
    if (known !== undefined) return known;
    const made = new Map<string, number>();
    this.#counts.set(kind, made);
    return made;
  }
}
