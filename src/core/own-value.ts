/**
 * Looks a value up by an id that somebody chose. `constructor` is a valid id and also a property of every object, so a
 * plain look-up would find something that nobody stored.
 * @module
 */

/** The own value of `record` under `key`; undefined if there is none. */
export function ownValue<T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;
}
