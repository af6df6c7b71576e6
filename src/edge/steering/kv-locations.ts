/**
 * Reads the locations of pools from their configurations in KV, for routes by proximity on an isolate that has no
 * status of a pool yet. A pool's status replaces it as soon as it has come.
 * @module
 */
import { readValue } from "../../config/canonical.ts";
import { poolKey } from "../../config/documents.ts";
import { locationIn } from "../../config/pool-routing-schema.ts";
import type { PoolLocation } from "../../contract/pool-status.ts";
import { SharedWork } from "../model/shared-work.ts";
import type { Background, Surroundings } from "../model/surroundings.ts";

/** Longest that a request waits for them; then it goes by the listed order. */
const LONGEST_READ_MS = 250;
/** How long a reading, or a failure to read, is used. */
const FRESH_MS = 30_000;

/** A reading that is not over by then was lost with its request. */
const LOST_READ_MS = 500;

/** A pool, as KV shows it. */
interface Seen {
  readonly reading: SharedWork;
  /** Null: the pool has none, or it could not be read. */
  location: PoolLocation | null;
  atMs: number;
}

export class KvLocations {
  readonly #surroundings: Surroundings;
  readonly #seen = new Map<string, Seen>();
  #revision = 0;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  /** Changes whenever a location does. */
  get revision(): number {
    return this.#revision;
  }

  /** Null: not known. */
  locationOf(pool: string): PoolLocation | null {
    return this.#seen.get(pool)?.location ?? null;
  }

  /** True if `load` would read something. */
  isMissing(pools: Iterable<string>): boolean {
    for (const pool of pools) if (!this.#isFresh(pool)) return true;
    return false;
  }

  /** Reads those that are not known, or waits while another request does. Never rejects. */
  async load(background: Background, pools: readonly string[]): Promise<void> {
    const missing = pools.filter((pool) => !this.#isFresh(pool));
    await Promise.all(
      missing.map(async (pool) => {
        const seen = this.#see(pool);
        await seen.reading.run(background, () => this.#read(pool, seen));
      }),
    );
  }

  #see(pool: string): Seen {
    const known = this.#seen.get(pool);
    if (known !== undefined) return known;
    const reading = new SharedWork(LOST_READ_MS, this.#surroundings);
    const seen = { reading, location: null, atMs: Number.NEGATIVE_INFINITY };
    this.#seen.set(pool, seen);
    return seen;
  }

  async #read(pool: string, seen: Seen): Promise<void> {
    const { now } = this.#surroundings;
    const startedMs = now();
    const reading = this.#surroundings.readDocument(poolKey(pool), LONGEST_READ_MS);
    const document = await reading.catch(() => undefined);
    seen.atMs = startedMs;
    const content = document == null ? null : readValue(document.text);
    // A failure to read now does not invalidate an earlier reading; nor does a document that the object refuses.
    if (document === undefined || content?.ok === false) return;
    const location = content === null ? null : locationIn(content.value);
    if (JSON.stringify(location) !== JSON.stringify(seen.location)) this.#revision++;
    seen.location = location;
  }

  #isFresh(pool: string): boolean {
    const seen = this.#seen.get(pool);
    // The clock may be set back.
    return seen !== undefined && Math.abs(this.#surroundings.now() - seen.atMs) < FRESH_MS;
  }
}
