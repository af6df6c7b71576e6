/**
 * The way of a request over the pools of its route: which pool it goes to first, when it goes on to the next, and whose
 * answer or problem the client gets at the end.
 *
 * It goes on where nothing was sent: no origin was eligible, or all are at their rate limit. Where origins were asked
 * and failed, it goes on only within the rules of the first pool: the request may be sent twice, its body is whole, its
 * time is not over and the budget for retries is not spent. Never after anything of an answer was passed on: a pool's
 * exchange ends before that.
 * @module
 */
import { type CompiledRoute, firstPool } from "../../config/routing.ts";
import { entryPool, isSteered, poolAt, type Steered, type SteeredRoute } from "../../config/steer.ts";
import type { Arrival } from "../../core/steering/choose-pool.ts";
import type { IsolateState } from "../sync/isolate.ts";
import type { ExchangeProblem } from "./exchange-problem.ts";
import {
  countUnserved,
  enterPool,
  type Forwarded,
  refreshPool,
  type Visit,
  visitPool,
} from "./pool-visit.ts";
import type { RequestContext } from "./request-context.ts";
import { type Carried, isSpent } from "./retry-allowance.ts";

/** How often a pool is chosen anew because the first look at another brought news of all. Each may take a sync. */
const MOST_LOOKS = 3;
/** Calls a second that are planned for a pool's object (docs/coordination.md); a crowd is spread to this rate. */
const CALLS_PER_SECOND = 170;

const ALWAYS = (): boolean => true;
const NEVER = (): boolean => false;

/** Arrivals of requests that another pool would have got. */
const PASSED_ON: ReadonlySet<Arrival> = new Set(["spill", "unavailable", "fallback"]);

/** The pool whose result the client gets. */
export interface Served {
  /** Whose answer the client gets, or whose problem; null: no origin of any pool was asked. */
  readonly forwarded: Forwarded | null;
  /** The problem that the client gets if there is no answer. */
  readonly problem: ExchangeProblem | "config_unavailable" | "internal";
  /** Milliseconds until a rate limit lets a request through; null: that is not why. */
  readonly retryAfterMs: number | null;
  /** The client's session cookie names another pool of the route first, which must not have it back. */
  readonly movesSession: boolean;
}

/** @throws ClientLeft */
export async function serveByPools(
  context: RequestContext,
  isolate: IsolateState,
  route: CompiledRoute,
): Promise<Served> {
  if (isSteered(route)) return await new PoolFailover(context, isolate, route).run();
  const first = firstPool(route);
  const refused: Forwarded[] = [];
  // Awaits only where it must, because most requests take this way.
  for (const pool of [first, route.fallbackPool]) {
    if (pool === null) continue;
    const refreshing = refreshPool(context, isolate, pool);
    if (refreshing !== null) await refreshing;
    const forwarded = enterPool(context, isolate, visitTo(pool, route));
    if (forwarded === null) continue;
    await forwarded.exchange.run();
    countUnserved(forwarded);
    if (!forwarded.exchange.isUntried) return servedBy(forwarded, false);
    refused.push(forwarded);
  }
  return servedByNone(refused, isolate.pool(first).sync.isUnavailable);
}

/** Of a route with one pool, and perhaps a fallback pool. */
function visitTo(pool: string, { fallbackPool }: CompiledRoute): Visit {
  const mayLeave = fallbackPool !== null && fallbackPool !== pool ? ALWAYS : NEVER;
  return { pool, arrival: null, from: null, carried: null, goesOn: false, mayLeave };
}

function servedBy(forwarded: Forwarded, movesSession: boolean): Served {
  const { problem, retryAfterMs } = forwarded.exchange;
  return { forwarded, problem: problem ?? "internal", retryAfterMs, movesSession };
}

/**
 * No origin was asked. The request is at a rate limit only if all pools that have a usable configuration say so, and
 * then until the first of them lets it through.
 * @param refused those pools
 * @param isUnavailable of the first pool, that neither its object nor KV gives its configuration
 */
function servedByNone(refused: readonly Forwarded[], isUnavailable: boolean): Served {
  const last = refused.at(-1);
  if (last === undefined) {
    const problem = isUnavailable ? "config_unavailable" : "no_origin_available";
    return { forwarded: null, problem, retryAfterMs: null, movesSession: false };
  }
  const served = servedBy(last, false);
  if (served.problem !== "rate_limited") return served;
  const exchanges = refused.map(({ exchange }) => exchange);
  if (exchanges.some(({ problem }) => problem !== "rate_limited")) {
    return { ...served, problem: "no_origin_available", retryAfterMs: null };
  }
  const waitsMs = exchanges.map(({ retryAfterMs }) => retryAfterMs ?? Number.POSITIVE_INFINITY);
  return { ...served, retryAfterMs: Math.min(...waitsMs) };
}

class PoolFailover {
  readonly #context: RequestContext;
  readonly #isolate: IsolateState;
  readonly #route: SteeredRoute;
  /** Positions of the pools that the client has sessions in, the one that counts first. */
  readonly #sessions: readonly number[];
  readonly #asked = new Set<string>();
  /** Of the last pool whose origins were asked, or, if it gave no answer, of the last that gave one. */
  #best: Forwarded | null = null;
  /** The last pool that the request went to. */
  #last: Forwarded | null = null;
  #carried: Carried | null = null;
  /** Pools none of whose origins could be asked. */
  readonly #refused: Forwarded[] = [];

  constructor(context: RequestContext, isolate: IsolateState, route: SteeredRoute) {
    this.#context = context;
    this.#isolate = isolate;
    this.#route = route;
    this.#sessions = isolate.steering.sessionsOf(route, context.edge);
  }

  async run(): Promise<Served> {
    const learning = this.#isolate.steering.learnPlaces(this.#route, this.#context.background);
    if (learning !== null) {
      await learning;
      this.#context.checkPresence();
    }
    const [steered, first] = await this.#first();
    let visit: Visit | null = first;
    while (visit !== null) {
      this.#asked.add(visit.pool);
      const forwarded = await visitPool(this.#context, this.#isolate, visit);
      if (forwarded !== null && this.#isServed(forwarded)) break;
      visit = await this.#next(steered, visit.pool);
    }
    return this.#served(first.pool);
  }

  /**
   * The pool that the request goes to first. The isolate's statuses may be old, and the first pool's object may have
   * news of all pools: then the choice is made anew.
   */
  async #first(): Promise<[Steered, Visit]> {
    const { edge } = this.#context;
    const { steering, poolStatuses } = this.#isolate;
    for (let look = 1; ; look++) {
      const steered = steering.choose(this.#route, edge, this.#sessions);
      const visit = this.#firstVisit(steered);
      const { revision } = poolStatuses;
      const refreshing = this.#refresh(visit);
      if (refreshing !== null) await refreshing;
      if (look === MOST_LOOKS || poolStatuses.revision === revision) return [steered, visit];
    }
  }

  #firstVisit(steered: Steered): Visit {
    const { pool, arrival, preferred } = entryPool(this.#route, steered);
    return this.#visit(steered, pool, arrival, PASSED_ON.has(arrival) ? preferred : null);
  }

  /** The next pool that may serve it; null: there is none. */
  async #next(steered: Steered, from: string): Promise<Visit | null> {
    const { poolStatuses } = this.#isolate;
    for (;;) {
      const candidate = this.#candidate(steered);
      if (candidate === null) return null;
      const { pool, isFallback } = candidate;
      const arrival = this.#carried === null ? "unavailable" : "retry";
      const visit = this.#visit(steered, pool, isFallback ? "fallback" : arrival, from);
      const refreshing = this.#refresh(visit);
      if (refreshing === null) return visit;
      await refreshing;
      if (isFallback || poolStatuses.statusOf(pool).available) return visit;
      this.#asked.add(pool);
    }
  }

  #visit(steered: Steered, pool: string, arrival: Arrival, from: string | null): Visit {
    const { retriesPools } = this.#route.steering;
    const carried = this.#carried;
    const mayLeave = (): boolean => carried !== null || this.#candidate(steered) !== null;
    return { pool, arrival, from, carried, goesOn: retriesPools, mayLeave };
  }

  /** The pool that comes after those that were asked; null: there is none. */
  #candidate(steered: Steered): { readonly pool: string; readonly isFallback: boolean } | null {
    const member = this.#isolate.steering.next(this.#route, steered, this.#context.edge, this.#asked);
    const pool = member ?? this.#route.fallbackPool;
    return pool === null || this.#asked.has(pool) ? null : { pool, isFallback: member === null };
  }

  /**
   * Null: the isolate knows the pool as it is. Where a crowd of isolates comes at once, because another pool has
   * failed, each goes on from the pool's status as other pools' objects reported it, and makes its first sync a random
   * time later.
   */
  #refresh({ pool: id, arrival, from }: Visit): Promise<void> | null {
    const { pool, sync } = this.#isolate.pool(id);
    const status = this.#isolate.poolStatuses.statusOf(id);
    const isCrowd = arrival !== null && arrival !== "affinity" && from !== null;
    if (!isCrowd || pool.activePool !== null || status.mark === 0) {
      return refreshPool(this.#context, this.#isolate, id);
    }
    if (!sync.isStale) return null;
    const { isolates = 0 } = this.#isolate.poolStatuses.statusOf(from);
    const { surroundings, background } = this.#context;
    const delayMs = surroundings.random() * (isolates / CALLS_PER_SECOND) * 1_000;
    return sync.startFrom(status, delayMs, background).then(() => this.#context.checkPresence());
  }

  /** False: another pool may do better. */
  #isServed(forwarded: Forwarded): boolean {
    const { exchange } = forwarded;
    this.#last = forwarded;
    if (exchange.isUntried) this.#refused.push(forwarded);
    else {
      this.#take(forwarded);
      if (!exchange.mayGoOn) return true;
      this.#carried = exchange.carry();
    }
    return this.#carried !== null && isSpent(this.#carried, this.#context.timedFromMs, this.#context.now());
  }

  /** A newer answer replaces an older one; none replaces it. */
  #take(forwarded: Forwarded): void {
    if (this.#best !== null && this.#best.exchange.answer.current !== null) {
      if (forwarded.exchange.answer.current === null) return;
      this.#best.exchange.answer.discard();
    }
    this.#best = forwarded;
  }

  #served(firstPool: string): Served {
    const [best, last] = [this.#best, this.#last];
    if (best !== null) {
      if (best !== last) this.#context.log.standBy(best);
      return servedBy(best, this.#movesSession(best.pool.id));
    }
    return servedByNone(this.#refused, this.#isolate.pool(firstPool).sync.isUnavailable);
  }

  #movesSession(pool: string): boolean {
    const [leading] = this.#sessions;
    return leading !== undefined && poolAt(this.#route, leading) !== pool;
  }
}
