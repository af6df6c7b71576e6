/**
 * The tables of an object. They are made with the first row: any call that names an object makes it, also by an id that no
 * pool has, and one that stores nothing ceases to be.
 * @module
 */
export class Tables {
  readonly #sql: SqlStorage;
  readonly #definitions: string;
  readonly #onMade: () => void;
  #areMade: boolean;

  /**
   * @param definitions that make each table where it is not there
   * @param onMade called when there was none before
   */
  constructor(sql: SqlStorage, definitions: string, onMade: () => void) {
    this.#sql = sql;
    this.#definitions = definitions;
    this.#onMade = onMade;
    this.#areMade = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'metadata'").toArray().length > 0;
    // Older versions did not have all of them.
    if (this.#areMade) sql.exec(definitions);
  }

  /** Nothing was ever stored. */
  get isEmpty(): boolean {
    return !this.#areMade;
  }

  /** No rows where nothing was ever stored. */
  read<T extends Record<string, SqlStorageValue>>(
    query: string,
    ...bindings: SqlStorageValue[]
  ): SqlStorageCursor<T> {
    return this.#areMade ? this.#sql.exec<T>(query, ...bindings) : this.#sql.exec<T>("SELECT 1 WHERE 0");
  }

  write(query: string, ...bindings: SqlStorageValue[]): void {
    if (!this.#areMade) {
      this.#sql.exec(this.#definitions);
      this.#areMade = true;
      this.#onMade();
    }
    this.#sql.exec(query, ...bindings);
  }
}
