/**
 * Everything an isolate remembers between requests. All of it is plain data, and all of it may vanish at any time.
 * @module
 */
import { systemRandom } from "../core/system.ts";
import { EdgePool } from "./edge-pool.ts";
import { PoolSync } from "./pool-sync.ts";
import { RateTokens } from "./rate-tokens.ts";
import { RouteCache } from "./route-cache.ts";
import { StrictPicks } from "./strict-picks.ts";

/** A pool and its line to the object. */
export interface PoolLink {
  readonly pool: EdgePool;
  readonly sync: PoolSync;
  readonly tokens: RateTokens;
  readonly strict: StrictPicks;
}

export class Isolate {
  readonly routes = new RouteCache();
  readonly #pools = new Map<string, PoolLink>();
  #id = "";

  pool(id: string): PoolLink {
    let link = this.#pools.get(id);
    if (link === undefined) {
      // Not at start-up: an isolate has no randomness outside a request.
      if (this.#id === "") this.#id = crypto.randomUUID();
      const pool = new EdgePool(id, systemRandom);
      const tokens = new RateTokens(pool, this.#id);
      const strict = new StrictPicks(pool, this.#id, systemRandom);
      link = { pool, sync: new PoolSync(pool, this.#id, this.routes), tokens, strict };
      this.#pools.set(id, link);
    }
    return link;
  }
}
