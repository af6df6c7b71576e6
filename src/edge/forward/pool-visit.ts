/**
 * A request's visit to one pool: waits for a fresh snapshot if needed, and runs the exchange to its end.
 * @module
 */
import type { Arrival } from "../../core/steering/choose-pool.ts";
import type { SteeredRecord } from "../log/access-log.ts";
import type { EdgeServer } from "../model/edge-server.ts";
import type { EdgePool } from "../pool/edge-pool.ts";
import type { IsolateState } from "../sync/isolate.ts";
import type { PoolSync } from "../sync/pool-sync.ts";
import { Exchange } from "./exchange.ts";
import { unservedBy } from "./exchange-problem.ts";
import { forwardHeaders } from "./headers.ts";
import { Picker } from "./picker.ts";
import type { RequestContext } from "./request-context.ts";
import type { Entry } from "./retry-allowance.ts";

/** The result of a request in a pool. */
export interface Forwarded {
  readonly pool: EdgePool;
  readonly exchange: Exchange;
  readonly sync: PoolSync;
  /** Why it came to the pool; null: its route has no other. */
  readonly steered: SteeredRecord | null;
}

/** How a request comes to a pool. */
export interface Visit extends Entry {
  readonly pool: string;
  /** Null: the route has this pool only. */
  readonly arrival: Arrival | null;
  /** The pool that would have got it, or could not serve it; null: none. */
  readonly from: string | null;
  /** True if another pool may serve it where this one does not, or had it before. */
  readonly mayLeave: () => boolean;
}

/** Waits until the isolate knows the pool as it is, if it does not; null: it does. */
export function refreshPool(
  context: RequestContext,
  isolate: IsolateState,
  pool: string,
): Promise<void> | null {
  const { sync } = isolate.pool(pool);
  if (!sync.isStale) return null;
  return sync.refresh(context.background).then(() => context.checkPresence());
}

/** Runs the request through a pool that is fresh here; null if the pool has no usable config. */
export async function visitPool(
  context: RequestContext,
  isolate: IsolateState,
  visit: Visit,
): Promise<Forwarded | null> {
  const forwarded = enterPool(context, isolate, visit);
  if (forwarded === null) return null;
  await forwarded.exchange.run();
  countUnserved(forwarded);
  return forwarded;
}

/** Counts a request that no origin has answered. Call it when the exchange has run. */
export function countUnserved({ pool, exchange }: Forwarded): void {
  const unserved = unservedBy(exchange.problem);
  if (unserved !== null) pool.outcomes.unserved(unserved);
}

/** The request is this pool's now, and its exchange may run; null if the pool has no usable config. */
export function enterPool(context: RequestContext, isolate: IsolateState, visit: Visit): Forwarded | null {
  const { edge, log, background } = context;
  const handle = isolate.pool(visit.pool);
  const { pool, sync } = handle;
  const { activePool } = pool;
  if (activePool === null) return null;
  edge.key = activePool.hashKey(edge);
  const sessionCookie = activePool.cookies?.name ?? null;
  if (sessionCookie !== null) isolate.sessionCookies.add(sessionCookie);
  const { balancerName, now } = isolate.surroundings;
  const { tools } = context;
  const prepare = (headers: Headers, server: EdgeServer): void => {
    forwardHeaders(headers, edge, balancerName, edge.headers.names);
    if (edge.headers.cookie !== null) isolate.sessionCookies.hide(headers, sessionCookie);
    // Last, so that a route may overwrite the headers above on purpose.
    tools?.prepare(headers, pool.id, server);
  };
  const picker = new Picker(edge, handle, activePool, now, background, visit.mayLeave);
  const exchange = new Exchange(context, pool, activePool, prepare, picker, visit);
  const { arrival, from } = visit;
  if (arrival !== null) pool.outcomes.arrived(arrival);
  const steered = arrival && { arrival, from, region: isolate.locations.isolateRegion(edge) };
  const forwarded = { pool, exchange, sync, steered };
  log.enter(forwarded);
  context.enter(exchange, sync);
  // Before the origin answers, which may take long: until then it is in flight there, and drains wait for it.
  sync.scheduleReport(background);
  return forwarded;
}
