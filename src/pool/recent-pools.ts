/**
 * Pools that were made a moment ago, which KV's list may not show yet.
 * @module
 */
import type { PoolStore } from "./store.ts";

/** KV promises to show a write everywhere after "up to 60 seconds or more"; ten minutes are on the safe side. */
const KV_DELAY_MS = 600_000;
/** In SQLite. */
const FACT = "recent_pools";

/** When each was made, in ms since the epoch. */
type Notes = Record<string, number>;

export class RecentPools {
  readonly #store: Pick<PoolStore, "fact" | "setFact">;
  readonly #now: () => number;

  constructor(store: Pick<PoolStore, "fact" | "setFact">, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  note(pool: string): void {
    this.#store.setFact(FACT, { ...Object.fromEntries(this.#fresh()), [pool]: this.#now() });
  }

  list(): string[] {
    return this.#fresh().map(([pool]) => pool);
  }

  #fresh(): [pool: string, atMs: number][] {
    const sinceMs = this.#now() - KV_DELAY_MS;
    return Object.entries(this.#store.fact<Notes>(FACT, {})).filter(([, atMs]) => atMs > sinceMs);
  }
}
