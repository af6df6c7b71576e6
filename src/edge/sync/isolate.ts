/**
 * Everything an isolate remembers between requests. All of it is plain data, and all of it may vanish at any time.
 * @module
 */
import { Locations } from "../location/locations.ts";
import type { Surroundings } from "../model/surroundings.ts";
import { EdgePool } from "../pool/edge-pool.ts";
import { SessionCookieNames } from "../pool/session-cookie-names.ts";
import { KnownPoolStatuses } from "../steering/pool-statuses.ts";
import { PoolSteering } from "../steering/pool-steering.ts";
import { PoolSync } from "./pool-sync.ts";
import { RouteCache } from "./route-cache.ts";
import { StrictPicks } from "./strict-picks.ts";
import { TokenRequests } from "./token-requests.ts";
import { UnroutedReports } from "./unrouted-reports.ts";

/** Twice as many as there can be at a time (docs/storage.md): at least half of them are gone. */
const MOST_POOLS = 2_000;

/** A pool, and its connection to the pool's object. */
export interface PoolHandle {
  readonly pool: EdgePool;
  readonly sync: PoolSync;
  readonly tokens: TokenRequests;
  readonly strict: StrictPicks;
}

export class IsolateState {
  readonly surroundings: Surroundings;
  readonly routes: RouteCache;
  readonly sessionCookies = new SessionCookieNames();
  /** Of all pools that share a route with one that is in use here. */
  readonly poolStatuses = new KnownPoolStatuses();
  readonly locations: Locations;
  readonly steering: PoolSteering;
  /** Answers to clients whose requests no pool handled. */
  readonly unrouted: UnroutedReports;
  readonly #pools = new Map<string, PoolHandle>();
  readonly #id: string;

  constructor(surroundings: Surroundings) {
    this.surroundings = surroundings;
    this.#id = surroundings.newId();
    this.routes = new RouteCache(surroundings);
    this.locations = new Locations(surroundings);
    this.unrouted = new UnroutedReports(surroundings);
    const sessions = {
      cookieNames: this.sessionCookies,
      stickyOf: (pool: string) => this.#pools.get(pool)?.pool.activePool?.config.sticky,
    };
    this.steering = new PoolSteering(this.poolStatuses, this.locations, sessions, surroundings);
  }

  /**
   * It remembers so many pools that another one should begin anew, or pools that come and go would fill its memory. Those
   * that requests are in hold on to it themselves.
   */
  get isFull(): boolean {
    return this.#pools.size >= MOST_POOLS;
  }

  pool(id: string): PoolHandle {
    let handle = this.#pools.get(id);
    if (handle === undefined) {
      const { surroundings } = this;
      const { random, now, originBindings } = surroundings;
      const pool = new EdgePool(id, random, now, originBindings);
      const tokens = new TokenRequests(pool, this.#id, surroundings);
      const strict = new StrictPicks(pool, this.#id, surroundings);
      const hearers = { routes: this.routes, statuses: this.poolStatuses };
      const sync = new PoolSync(pool, this.#id, hearers, surroundings);
      handle = { pool, sync, tokens, strict };
      this.#pools.set(id, handle);
    }
    return handle;
  }
}
