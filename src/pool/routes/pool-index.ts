/**
 * Knows which pools exist, without asking KV for a list: pools report themselves, and so does the API when it makes
 * one. A list of KV's keys now and then finds the others. It also knows the pool that gets all requests while there are
 * no routes.
 * @module
 */
import { KV_PAST_MS } from "../../config/documents.ts";
import { implicitPool } from "../../config/routing.ts";
import { backoffAfter } from "../../core/retry/backoff.ts";
import type { Metadata } from "../storage/metadata.ts";
import type { Index } from "../storage/stored-forms.ts";

/** Between two lists. The free plan has 1,000 a day. */
const LIST_EVERY_MS = 300_000;
/** While no pool is known, which mostly is the first minutes of a deployment: doubled each time. */
const SEARCHES = { firstMs: 10_000, longestMs: 120_000 };

export class PoolIndex {
  readonly #store: Pick<Metadata, "get" | "put">;
  readonly #now: () => number;
  #index: Index;

  constructor(store: Pick<Metadata, "get" | "put">, now: () => number) {
    this.#store = store;
    this.#now = now;
    this.#index = store.get("pools");
  }

  /** In order. */
  get ids(): string[] {
    return Object.keys(this.#index.pools).sort();
  }

  /**
   * The pool that gets all requests while there are no routes: the pool "default", or the only pool, or the one that
   * was the only pool before others were added. A new pool must not take traffic from another one.
   */
  get implicitPool(): string | null {
    return this.#index.implicitPool;
  }

  /** A warning for the operator while there are no routes; null: none. */
  get problem(): string | null {
    const { ids } = this;
    const kept = this.implicitPool;
    if (ids.length < 2 || implicitPool(ids) !== null) return null;
    if (kept === null) return 'no routes, and no pool "default": every request is answered 404. Write routes';
    return `no routes: everything still goes to pool "${kept}", which was there alone. Write routes`;
  }

  /** A pool is there. */
  add(pool: string): void {
    this.#change({ ...this.#index.pools, [pool]: this.#now() });
  }

  /** It is gone. */
  remove(pool: string): void {
    const { [pool]: _, ...others } = this.#index.pools;
    this.#change(others);
  }

  /** Routes came into force, or were removed: forgets the pool that got all requests without them. */
  reset(): void {
    this.#save({ ...this.#index, implicitPool: implicitPool(this.ids) });
  }

  /** True if it is time to ask KV for a list. */
  get isListDue(): boolean {
    const { listedAtMs, pools, searches } = this.#index;
    const searchMs = backoffAfter(searches, SEARCHES);
    const everyMs = Object.keys(pools).length === 0 ? searchMs : LIST_EVERY_MS;
    // No event says when it listed, so after the clock was set back that may still lie ahead.
    return listedAtMs === null || Math.abs(this.#now() - listedAtMs) >= everyMs;
  }

  /** KV is asked for a list. */
  listing(): void {
    const searches = Object.keys(this.#index.pools).length === 0 ? this.#index.searches + 1 : 0;
    this.#save({ ...this.#index, searches, listedAtMs: this.#now() });
  }

  /** What KV lists. @returns pools that it should list by now and does not: whether they are there they must say */
  listed(ids: readonly string[]): string[] {
    const nowMs = this.#now();
    const added = ids.filter((id) => !Object.hasOwn(this.#index.pools, id)).map((id) => [id, nowMs]);
    if (added.length > 0) this.#change({ ...this.#index.pools, ...Object.fromEntries(added) });
    const inKv = new Set(ids);
    const missing = Object.entries(this.#index.pools).filter(([id]) => !inKv.has(id));
    return missing.filter(([, atMs]) => nowMs - atMs >= KV_PAST_MS).map(([id]) => id);
  }

  #change(pools: Index["pools"]): void {
    const before = this.#index.implicitPool;
    const kept = before !== null && Object.hasOwn(pools, before) ? before : null;
    this.#save({ ...this.#index, pools, implicitPool: implicitPool(Object.keys(pools)) ?? kept });
  }

  #save(index: Index): void {
    this.#index = index;
    this.#store.put("pools", index);
  }
}
