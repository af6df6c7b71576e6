/**
 * Relays pools' statuses through the object of the routes: it keeps each pool's last status and sends it to the pools
 * that share a route with it. Everything is in memory, because pools report again every minute, and receivers keep the
 * last status meanwhile.
 * @module
 */
import { steeredPools } from "../../config/route-pools.ts";
import type { RouteConfig } from "../../config/schema.ts";
import type { PoolStatus, PoolStatuses, PoolStatusReply } from "../../contract/pool-status.ts";

/** Time after which a failed call to a pool is repeated, in ms... */
const RETRY_MS = 1_000;
/** ...but not more often than this: it asks by itself every minute. */
const MOST_TRIES = 3;
/** A pool that has not reported for this time may not know that it should. */
const SILENT_MS = 150_000;

export interface StatusRelayOptions {
  now: () => number;
  wait: (ms: number) => Promise<void>;
  background: (work: Promise<void>) => void;
  /** Tells a pool's object. Resolves to false if it did not hear. */
  tell: (pool: string, statuses: PoolStatuses) => Promise<boolean>;
}

export class StatusRelay {
  readonly #options: StatusRelayOptions;
  /** By pool: the others of all routes that choose among several pools with it. */
  #sharers: ReadonlyMap<string, ReadonlySet<string>> = new Map();
  readonly #statuses = new Map<string, { status: PoolStatus; toldMs: number }>();
  /** By receiving pool: the pools whose new statuses it does not have. An entry exists while a call is under way. */
  readonly #pending = new Map<string, Set<string>>();

  constructor(options: StatusRelayOptions) {
    this.#options = options;
  }

  /** Other routes are in force: pools that begin to share one hear what is known of each other. Null: none. */
  adopt(routes: readonly RouteConfig[] | null): void {
    const before = this.#sharers;
    this.#sharers = allSharers(routes ?? []);
    for (const pool of this.#statuses.keys()) if (!this.#sharers.has(pool)) this.#statuses.delete(pool);
    for (const [pool, sharers] of this.#sharers) {
      const news = [...sharers].filter(
        (other) => this.#statuses.has(other) && before.get(pool)?.has(other) !== true,
      );
      if (news.length > 0) this.#pass(pool, news);
    }
  }

  /** A route chooses among several pools, this one among them. */
  isSteered(pool: string): boolean {
    return this.#sharers.has(pool);
  }

  /** The pools that share such a route with this one. */
  sharersOf(pool: string): string[] {
    return [...(this.#sharers.get(pool) ?? [])];
  }

  /** Pools that should tell and did not for some minutes. */
  silent(): string[] {
    const sinceMs = this.#options.now() - SILENT_MS;
    return [...this.#sharers.keys()].filter((pool) => (this.#statuses.get(pool)?.toldMs ?? 0) < sinceMs);
  }

  /** Records a pool's status. An older status than the known one changes nothing. */
  note(pool: string, status: PoolStatus): PoolStatusReply {
    const sharers = this.#sharers.get(pool);
    if (sharers === undefined) return { wanted: false, statuses: {} };
    const known = this.#statuses.get(pool)?.status;
    const newest = known !== undefined && known.mark > status.mark ? known : status;
    this.#statuses.set(pool, { status: newest, toldMs: this.#options.now() });
    if (known === undefined || status.mark > known.mark)
      for (const other of sharers) this.#pass(other, [pool]);
    return { wanted: true, statuses: this.#of(sharers) };
  }

  /** As far as they are known. */
  #of(pools: Iterable<string>): PoolStatuses {
    const statuses: PoolStatuses = {};
    for (const pool of pools) {
      const status = this.#statuses.get(pool)?.status;
      if (status !== undefined) statuses[pool] = status;
    }
    return statuses;
  }

  #pass(hearer: string, pools: readonly string[]): void {
    const pending = this.#pending.get(hearer);
    if (pending !== undefined) for (const pool of pools) pending.add(pool);
    else {
      const news = new Set(pools);
      this.#pending.set(hearer, news);
      this.#options.background(this.#tell(hearer, news));
    }
  }

  /** One call at a time: changes meanwhile go with the next call. */
  async #tell(hearer: string, news: Set<string>): Promise<void> {
    const { tell, wait } = this.#options;
    let tries = 0;
    try {
      while (news.size > 0) {
        const pools = [...news];
        news.clear();
        if (await tell(hearer, this.#of(pools))) {
          tries = 0;
          continue;
        }
        if (++tries === MOST_TRIES) return;
        for (const pool of pools) news.add(pool);
        await wait(RETRY_MS);
      }
    } finally {
      // In the same moment as the last look: nobody may add to what is not looked at any more.
      this.#pending.delete(hearer);
    }
  }
}

/** The fallback is one of the pools, because its isolates learn by it that the pools before it are back. */
function allSharers(routes: readonly RouteConfig[]): ReadonlyMap<string, ReadonlySet<string>> {
  const sharers = new Map<string, Set<string>>();
  for (const route of routes) {
    const pools = steeredPools(route);
    for (const pool of pools) {
      const others = sharers.get(pool) ?? new Set<string>();
      for (const other of pools) if (other !== pool) others.add(other);
      sharers.set(pool, others);
    }
  }
  return sharers;
}
