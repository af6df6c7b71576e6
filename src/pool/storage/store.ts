/**
 * The pool's tables in SQLite. Table by table: docs/storage.md.
 * @module
 */
import type { ConfigDates, ConfigStore, ConfigVersion, Signature, SignedVersion } from "./config-store.ts";
import { EVENT_TABLES, SqlEventTables } from "./event-tables.ts";
import {
  ENDS_WITH_POOL,
  type Metadata,
  type MetadataName,
  type MetadataValue,
  metadataValue,
} from "./metadata.ts";
import { SqlStatsTable, STATS_TABLE } from "./stats-table.ts";
import { Tables } from "./tables.ts";

/** How many configuration versions are kept. */
const KEPT_VERSIONS = 100;

const TABLES = `
  CREATE TABLE IF NOT EXISTS metadata (key TEXT PRIMARY KEY, value TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS config_versions (
    version INTEGER PRIMARY KEY,
    document TEXT NOT NULL,
    updated_at INTEGER,
    applied_at INTEGER NOT NULL,
    who TEXT,
    message TEXT
  );
  CREATE TABLE IF NOT EXISTS config_texts (version INTEGER PRIMARY KEY, text TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS origins (id TEXT PRIMARY KEY, record TEXT NOT NULL);
`;

interface DatesRow extends Record<string, SqlStorageValue> {
  version: number;
  updated_at: number | null;
  applied_at: number;
  who: string | null;
  message: string | null;
}

interface ConfigRow extends DatesRow {
  document: string;
}

export class PoolStore implements ConfigStore, Metadata {
  readonly #tables: Tables;
  readonly events: SqlEventTables;
  /** Closed periods of the statistics. */
  readonly stats: SqlStatsTable;

  /** @param pool whose object this is, so that the object knows it when an alarm wakes it; null: it has none */
  constructor(sql: SqlStorage, pool: string | null = null) {
    const definitions = TABLES + EVENT_TABLES + STATS_TABLE;
    this.#tables = new Tables(sql, definitions, () => pool !== null && this.put("pool", pool));
    this.events = new SqlEventTables(this.#tables);
    this.stats = new SqlStatsTable(this.#tables);
  }

  /** Nothing was ever stored: as far as this object knows there is no such pool, and never was. */
  get isEmpty(): boolean {
    return this.#tables.isEmpty;
  }

  get<N extends MetadataName>(name: N): MetadataValue<N> {
    const row = this.#tables
      .read<{ value: string }>("SELECT value FROM metadata WHERE key = ?", name)
      .toArray()[0];
    return metadataValue(name, row?.value);
  }

  put<N extends MetadataName>(name: N, value: MetadataValue<N>): void {
    // Not REPLACE: that writes the row and its entry in the index anew, and both are billed (docs/platform.md, storage).
    this.#tables.write(
      "INSERT INTO metadata (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
      name,
      JSON.stringify(value),
    );
  }

  delete(name: MetadataName): void {
    this.#tables.write("DELETE FROM metadata WHERE key = ?", name);
  }

  /** The versions of the pool's present life, newest first, without their documents: each may be 2 MB. */
  configDates(): ConfigDates[] {
    return this.#tables
      .read<DatesRow>(
        "SELECT version, updated_at, applied_at, who, message FROM config_versions WHERE version >= ? ORDER BY version DESC",
        this.get("first_version"),
      )
      .toArray()
      .map(toConfigDates);
  }

  /** Null if it is not kept, or of an earlier life. */
  configVersion(version: number): SignedVersion | null {
    if (version < this.get("first_version")) return null;
    const rows = this.#tables
      .read<ConfigRow>("SELECT * FROM config_versions WHERE version = ?", version)
      .toArray();
    return rows[0] === undefined ? null : toConfigVersion(rows[0]);
  }

  addConfigVersion(added: ConfigVersion): void {
    const { version, document, updatedAt, appliedAt } = added;
    this.#tables.write(
      "INSERT INTO config_versions (version, document, updated_at, applied_at) VALUES (?, ?, ?, ?)",
      version,
      document,
      updatedAt,
      appliedAt,
    );
    this.forgetVersions(version - KEPT_VERSIONS);
  }

  /** Null: not kept, or of an earlier life. */
  writtenText(version: number): string | null {
    if (version < this.get("first_version")) return null;
    const rows = this.#tables
      .read<{ text: string }>("SELECT text FROM config_texts WHERE version = ?", version)
      .toArray();
    return rows[0]?.text ?? null;
  }

  /** A row of its own: beside the document it would not fit into one (docs/platform.md, storage). */
  setWrittenText(version: number, text: string | null): void {
    if (text === null) this.#tables.write("DELETE FROM config_texts WHERE version = ?", version);
    else
      this.#tables.write(
        "INSERT INTO config_texts (version, text) VALUES (?, ?) ON CONFLICT (version) DO UPDATE SET text = excluded.text",
        version,
        text,
      );
  }

  forgetVersions(upTo: number): void {
    for (const table of ["config_versions", "config_texts"])
      this.#tables.write(`DELETE FROM ${table} WHERE version <= ?`, upTo);
  }

  /** Records the writer of a version, and the reason. */
  signConfigVersion(version: number, { who, message }: Signature): void {
    this.#tables.write(
      "UPDATE config_versions SET who = ?, message = ? WHERE version = ?",
      who,
      message,
      version,
    );
  }

  /** The same document was written again: only its time moves. */
  touchConfigVersion(version: number, updatedAt: number): void {
    this.#tables.write("UPDATE config_versions SET updated_at = ? WHERE version = ?", updatedAt, version);
  }

  /** Every origin's record, by id. */
  originRecords<T>(): Map<string, T> {
    const rows = this.#tables
      .read<{ id: string; record: string }>("SELECT id, record FROM origins")
      .toArray();
    return new Map(rows.map((row) => [row.id, JSON.parse(row.record) as T]));
  }

  setOriginRecord(id: string, record: unknown): void {
    this.#tables.write(
      "INSERT INTO origins (id, record) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET record = excluded.record",
      id,
      JSON.stringify(record),
    );
  }

  deleteOriginRecord(id: string): void {
    this.#tables.write("DELETE FROM origins WHERE id = ?", id);
  }

  /**
   * The pool was removed: all that it lived through goes. What stays tells its next life from its past: the numbers of its
   * versions, the removal itself, and shares of rate limits that isolates may still use.
   */
  clear(): void {
    this.#tables.write("DELETE FROM origins");
    this.events.clear();
    this.stats.clear();
    for (const name of ENDS_WITH_POOL) this.delete(name);
  }
}

function toConfigVersion(row: ConfigRow): SignedVersion {
  return { ...toConfigDates(row), document: row.document };
}

function toConfigDates({ version, updated_at, applied_at, who, message }: DatesRow): ConfigDates {
  return { version, updatedAt: updated_at, appliedAt: applied_at, who, message };
}
