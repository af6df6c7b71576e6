/**
 * A memory of a bounded size that loses nothing in use. It has two generations: an entry that is used again moves to the
 * young one, and when that is full the old one is dropped.
 * @module
 */
export class RecentMap<V> {
  readonly #generation: number;
  #young = new Map<string, V>();
  #old = new Map<string, V>();

  /** @param generation so many entries are sure to stay that were used last, and twice as many may */
  constructor(generation: number) {
    this.#generation = generation;
  }

  get(key: string): V | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: string, value: V): void {
    if (this.#young.size >= this.#generation && !this.#young.has(key)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }
}
