/**
 * SQLite in memory with the part of a Durable Object's interface that the pool's store uses, so that the simulation can
 * use the real store.
 * @module
 */
import { DatabaseSync, type SQLInputValue } from "node:sqlite";

export function memorySql(): SqlStorage {
  const database = new DatabaseSync(":memory:");
  const exec = (query: string, ...bindings: SQLInputValue[]) => {
    if (bindings.length === 0 && !/^\s*SELECT/i.test(query)) {
      // The text may have several statements.
      database.exec(query);
      return { toArray: () => [] };
    }
    const rows = database.prepare(query).all(...bindings);
    return { toArray: () => rows, [Symbol.iterator]: () => rows[Symbol.iterator]() };
  };
  return { exec } as unknown as SqlStorage;
}
