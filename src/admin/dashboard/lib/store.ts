/**
 * A value that components watch.
 * @module
 */
import { useEffect, useState } from "hono/jsx/dom";

export class Store<T> {
  #value: T;
  readonly #watchers = new Set<(value: T, before: T) => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  set(value: T): void {
    const before = this.#value;
    this.#value = value;
    for (const watcher of this.#watchers) watcher(value, before);
  }

  /** @returns what ends it */
  watch(watcher: (value: T, before: T) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }
}

/** The store's value; the component is drawn again when it changes. */
export function useStore<T>(store: Store<T>): T {
  const [value, setValue] = useState(store.value);
  useEffect(() => {
    // It may have changed between drawing and now.
    setValue(store.value);
    return store.watch((next) => setValue(next));
  }, [store]);
  return value;
}
