/**
 * Chooses the pool for a request, from the statuses that this isolate has, and the client's address, place and session.
 * It waits for nothing except the locations of pools without a status.
 * @module
 */

import type { StickyConfig } from "../../config/schema.ts";
import {
  availableSession,
  nextPool,
  type PoolsInView,
  type Steered,
  type SteeredRoute,
  steer,
  viewPools,
} from "../../config/steer.ts";
import { standingOf } from "../../contract/pool-status.ts";
import { clientKey } from "../../core/affinity/client-ip.ts";
import type { PoolStanding } from "../../core/steering/choose-pool.ts";
import { placeOnGlobe } from "../../core/steering/client-place.ts";
import type { Random } from "../../core/system.ts";
import { sessionPools } from "../../platform/session-pools.ts";
import type { Locations } from "../location/locations.ts";
import type { EdgeRequest } from "../model/edge-request.ts";
import type { Background, Surroundings } from "../model/surroundings.ts";
import { KvLocations } from "./kv-locations.ts";
import type { KnownPoolStatuses } from "./pool-statuses.ts";

/** How the pools that are known here keep sessions. */
export interface SessionSource {
  readonly cookieNames: Iterable<string>;
  /** Null: not by cookie; undefined: the pool is not known here. */
  readonly stickyOf: (pool: string) => StickyConfig | null | undefined;
}

interface CachedView {
  /** Of both that it was made of, which only grow. */
  readonly revision: number;
  readonly view: PoolsInView;
}

export class PoolSteering {
  readonly #statuses: KnownPoolStatuses;
  readonly #places: Pick<Locations, "placeOf">;
  readonly #sessions: SessionSource;
  readonly #random: Random;
  readonly #kv: KvLocations;
  /** By route; they go with the table of routes. */
  readonly #views = new WeakMap<SteeredRoute, CachedView>();

  constructor(
    statuses: KnownPoolStatuses,
    places: Pick<Locations, "placeOf">,
    sessions: SessionSource,
    surroundings: Surroundings,
  ) {
    this.#statuses = statuses;
    this.#places = places;
    this.#sessions = sessions;
    this.#random = surroundings.random;
    this.#kv = new KvLocations(surroundings);
  }

  /** Positions of the pools that the client has sessions in, that of the pool which answered last first. */
  sessionsOf(route: SteeredRoute, edge: EdgeRequest): readonly number[] {
    const { cookieNames, stickyOf } = this.#sessions;
    return sessionPools(route, edge.headers.cookie, edge.startedAtMs, cookieNames, stickyOf);
  }

  /**
   * To be awaited before the first choice of a request if it is not null: a route by proximity has pools without a
   * status, whose locations must be read.
   */
  learnPlaces({ steering }: SteeredRoute, background: Background): Promise<void> | null {
    if (steering.policy !== "proximity") return null;
    const unheard = steering.pools.map(({ pool }) => pool).filter((pool) => this.#isUnheard(pool));
    if (unheard.length === 0 || !this.#kv.isMissing(unheard)) return null;
    return this.#kv.load(background, unheard);
  }

  /** @param sessions positions of the pools that the client has sessions in, the one that counts first */
  choose(route: SteeredRoute, edge: EdgeRequest, sessions: readonly number[]): Steered {
    const view = this.#view(route);
    const isNear = route.steering.policy === "proximity";
    const place = isNear ? placeOnGlobe(this.#places.placeOf(edge)) : null;
    const sessionAt = availableSession(view, sessions);
    return steer(route, view, { client: clientKey(edge.clientIp), place, sessionAt }, this.#random);
  }

  /** The pool that comes after those that the request has been to; null: none is left, but for the fallback. */
  next(route: SteeredRoute, steered: Steered, edge: EdgeRequest, asked: ReadonlySet<string>): string | null {
    return nextPool(route, this.#view(route), steered, clientKey(edge.clientIp), asked);
  }

  #view(route: SteeredRoute): PoolsInView {
    const revision = this.#statuses.revision + this.#kv.revision;
    const cached = this.#views.get(route);
    if (cached !== undefined && cached.revision === revision) return cached.view;
    const view = viewPools(route.steering, (pool) => this.#standingOf(pool));
    this.#views.set(route, { revision, view });
    return view;
  }

  #standingOf(pool: string): PoolStanding {
    const status = this.#statuses.statusOf(pool);
    const location = this.#isUnheard(pool) ? this.#kv.locationOf(pool) : null;
    return standingOf(location === null ? status : { ...status, location });
  }

  #isUnheard(pool: string): boolean {
    return this.#statuses.statusOf(pool).mark === 0;
  }
}
