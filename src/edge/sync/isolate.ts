/**
 * Everything an isolate remembers between requests. All of it is plain data, and all of it may vanish at any time.
 * @module
 */
import { MOST_POOLS } from "../../config/documents.ts";
import { Locations } from "../location/locations.ts";
import { RecentMap } from "../model/recent-map.ts";
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
  readonly #pools: RecentMap<PoolHandle>;

  /** @param mostPools those that were used before so many others may be forgotten */
  constructor(surroundings: Surroundings, mostPools = MOST_POOLS) {
    this.surroundings = surroundings;
    this.#pools = new RecentMap(mostPools);
    this.routes = new RouteCache(surroundings);
    this.locations = new Locations(surroundings);
    this.unrouted = new UnroutedReports(surroundings);
    const sessions = {
      cookieNames: this.sessionCookies,
      stickyOf: (pool: string) => this.#pools.get(pool)?.pool.activePool?.config.sticky,
    };
    this.steering = new PoolSteering(this.poolStatuses, this.locations, sessions, surroundings);
  }

  /** Requests hold on to a pool that is forgotten meanwhile, until all of them are reported. */
  pool(id: string): PoolHandle {
    let handle = this.#pools.get(id);
    if (handle === undefined) {
      const { surroundings } = this;
      const { random, now, originBindings } = surroundings;
      const pool = new EdgePool(id, random, now, originBindings);
      // Not one for all pools: its object must not take a pool that was forgotten and is met again for the one before.
      const isolate = surroundings.newId();
      const tokens = new TokenRequests(pool, isolate, surroundings);
      const strict = new StrictPicks(pool, isolate, surroundings);
      const { routes, poolStatuses: statuses, locations: place } = this;
      const sync = new PoolSync(pool, isolate, { routes, statuses, place }, surroundings);
      handle = { pool, sync, tokens, strict };
      this.#pools.set(id, handle);
    }
    return handle;
  }
}
