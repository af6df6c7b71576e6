/**
 * The tables `events` and `event_counts`. See docs/storage.md.
 * @module
 */
import type { PoolEvent } from "../../contract/events.ts";
import type { Tables } from "./tables.ts";

/** How many events are kept. */
const KEPT_EVENTS = 1_000;
/** Longest detail of an event, in characters: a document may have as many errors as it has origins. */
const LONGEST_DETAIL = 2_000;

export const EVENT_TABLES = `
  CREATE TABLE IF NOT EXISTS events (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    event TEXT NOT NULL
  );
  CREATE TABLE IF NOT EXISTS event_counts (
    origin TEXT NOT NULL,
    kind TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (origin, kind)
  ) WITHOUT ROWID;
`;

interface CountRow extends Record<string, SqlStorageValue> {
  origin: string;
  kind: string;
  count: number;
}

export class SqlEventTables {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** Appends to the event log, which keeps the last 1,000, each with the beginning of a long detail. */
  add(event: PoolEvent): void {
    const { detail } = event;
    const kept = detail === undefined ? event : { ...event, detail: shortened(detail) };
    this.#tables.write("INSERT INTO events (at, event) VALUES (?, ?)", event.at, JSON.stringify(kept));
    this.#tables.write(
      "DELETE FROM events WHERE sequence <= (SELECT MAX(sequence) FROM events) - ?",
      KEPT_EVENTS,
    );
  }

  newestFirst(limit = KEPT_EVENTS): PoolEvent[] {
    return this.#tables
      .read<{ event: string }>("SELECT event FROM events ORDER BY sequence DESC LIMIT ?", limit)
      .toArray()
      .map((row) => JSON.parse(row.event) as PoolEvent);
  }

  /** When the newest was, in ms since the epoch; 0: there is none. */
  get newestMs(): number {
    const newest = this.#tables
      .read<{ at: number }>("SELECT at FROM events ORDER BY sequence DESC LIMIT 1")
      .toArray()[0];
    return newest?.at ?? 0;
  }

  /** None was later than that, as the clock was set back. */
  noneAfter(nowMs: number): void {
    this.#tables.write("UPDATE events SET at = ?1, event = json_set(event, '$.at', ?1) WHERE at > ?1", nowMs);
  }

  /** How often each kind of event has happened to each origin; `""` is the pool as a whole. */
  counts(): CountRow[] {
    return this.#tables.read<CountRow>("SELECT origin, kind, count FROM event_counts").toArray();
  }

  setCount(kind: string, origin: string, count: number): void {
    this.#tables.write(
      `INSERT INTO event_counts (origin, kind, count) VALUES (?, ?, ?)
       ON CONFLICT (origin, kind) DO UPDATE SET count = excluded.count`,
      origin,
      kind,
      count,
    );
  }

  deleteCounts(origin: string): void {
    this.#tables.write("DELETE FROM event_counts WHERE origin = ?", origin);
  }

  clear(): void {
    for (const table of ["events", "event_counts"]) this.#tables.write(`DELETE FROM ${table}`);
  }
}

function shortened(detail: string): string {
  return detail.length <= LONGEST_DETAIL ? detail : `${detail.slice(0, LONGEST_DETAIL - 3)}...`;
}
