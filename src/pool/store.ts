/**
 * What the pool's object keeps in SQLite. Table by table: docs/storage.md.
 * @module
 */
import type { PoolEvent } from "../contract/events.ts";
import { StatsRows } from "./stats-rows.ts";

/** One applied configuration document. */
export interface ConfigVersion {
  version: number;
  /** Canonical JSON of the document as its author wrote it, defaults not filled in. */
  document: string;
  /** When its author wrote it to KV, in ms since the epoch; null if the writer left no mark. */
  updatedAt: number | null;
  /** When this object took it over, in ms since the epoch. */
  appliedAt: number;
}

/** How many events are kept. */
const KEPT_EVENTS = 1_000;
/** How many configuration versions are kept. */
const KEPT_VERSIONS = 100;

const TABLES = `
  CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS config_versions (
    version INTEGER PRIMARY KEY,
    document TEXT NOT NULL,
    updated_at INTEGER,
    applied_at INTEGER NOT NULL
  );
  CREATE TABLE IF NOT EXISTS origins (id TEXT PRIMARY KEY, record TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS events (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    event TEXT NOT NULL
  );
`;

interface ConfigRow extends Record<string, SqlStorageValue> {
  version: number;
  document: string;
  updated_at: number | null;
  applied_at: number;
}

export class PoolStore {
  readonly #sql: SqlStorage;
  /** Closed periods of the statistics. */
  readonly stats: StatsRows;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(TABLES);
    this.stats = new StatsRows(sql);
  }

  /** A single named value, or `fallback` if it was never written. */
  fact<T>(name: string, fallback: T): T {
    const row = this.#sql
      .exec<{ value: string }>("SELECT value FROM facts WHERE name = ?", name)
      .toArray()[0];
    return row === undefined ? fallback : (JSON.parse(row.value) as T);
  }

  setFact(name: string, value: unknown): void {
    this.#sql.exec("INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)", name, JSON.stringify(value));
  }

  /** Newest first. */
  configVersions(limit = KEPT_VERSIONS): ConfigVersion[] {
    return this.#sql
      .exec<ConfigRow>("SELECT * FROM config_versions ORDER BY version DESC LIMIT ?", limit)
      .toArray()
      .map(toConfigVersion);
  }

  /** Null if it is not kept. */
  configVersion(version: number): ConfigVersion | null {
    const rows = this.#sql
      .exec<ConfigRow>("SELECT * FROM config_versions WHERE version = ?", version)
      .toArray();
    return rows[0] === undefined ? null : toConfigVersion(rows[0]);
  }

  addConfigVersion(added: ConfigVersion): void {
    const { version, document, updatedAt, appliedAt } = added;
    this.#sql.exec(
      "INSERT INTO config_versions (version, document, updated_at, applied_at) VALUES (?, ?, ?, ?)",
      version,
      document,
      updatedAt,
      appliedAt,
    );
    this.#sql.exec("DELETE FROM config_versions WHERE version <= ?", version - KEPT_VERSIONS);
  }

  /** The same document was written again: only its time moves. */
  touchConfigVersion(version: number, updatedAt: number): void {
    this.#sql.exec("UPDATE config_versions SET updated_at = ? WHERE version = ?", updatedAt, version);
  }

  /** Every origin's record, by id. */
  originRecords<T>(): Map<string, T> {
    const rows = this.#sql.exec<{ id: string; record: string }>("SELECT id, record FROM origins").toArray();
    return new Map(rows.map((row) => [row.id, JSON.parse(row.record) as T]));
  }

  setOriginRecord(id: string, record: unknown): void {
    this.#sql.exec("INSERT OR REPLACE INTO origins (id, record) VALUES (?, ?)", id, JSON.stringify(record));
  }

  deleteOriginRecord(id: string): void {
    this.#sql.exec("DELETE FROM origins WHERE id = ?", id);
  }

  /** Appends to the event log, which keeps the last 1,000. */
  addEvent(event: PoolEvent): void {
    this.#sql.exec("INSERT INTO events (at, event) VALUES (?, ?)", event.at, JSON.stringify(event));
    this.#sql.exec(
      "DELETE FROM events WHERE sequence <= (SELECT MAX(sequence) FROM events) - ?",
      KEPT_EVENTS,
    );
  }

  /** Newest first. */
  events(limit = KEPT_EVENTS): PoolEvent[] {
    return this.#sql
      .exec<{ event: string }>("SELECT event FROM events ORDER BY sequence DESC LIMIT ?", limit)
      .toArray()
      .map((row) => JSON.parse(row.event) as PoolEvent);
  }
}

function toConfigVersion(row: ConfigRow): ConfigVersion {
  return {
    version: row.version,
    document: row.document,
    updatedAt: row.updated_at,
    appliedAt: row.applied_at,
  };
}
