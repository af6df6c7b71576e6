/**
 * What a run of routes must show: else its exit code is 1.
 * @module
 */
import { MOST_CALLS_PER_SECOND } from "../../../src/pool/leases/pacer.ts";
import type { RouteOptions } from "./options.ts";
import type { ObjectResult, PoolResult } from "./results.ts";
import { type ClientShare, keepsShares } from "./shares.ts";
import type { RoutesTarget } from "./target.ts";
import type { RoutesWorld } from "./world.ts";

/** Up to so many isolates each calls its object about once a second. */
const MOST_ISOLATES_AT_ONCE = 160;
/** With more of the messages lost, news comes late. */
const MOST_LOSS = 0.01;

/** True: held; false: broken; null: not judged in this run. */
export type RoutePromises = {
  limit: boolean | null;
  pace: boolean | null;
  shares: boolean | null;
  left: boolean | null;
};

interface Judged {
  readonly pools: readonly PoolResult[];
  readonly objects: readonly ObjectResult[];
  /** Of each route; null: something else than the shares decided. */
  readonly shares: readonly (readonly ClientShare[] | null)[];
}

export function routePromises(
  { pools, objects, shares }: Judged,
  options: RouteOptions,
  target: RoutesTarget,
  world: Pick<RoutesWorld, "recorder">,
): RoutePromises {
  return {
    limit: keepsLimits(pools, options),
    pace: keepsPace(objects, options, target),
    shares: all(shares.map((each) => each && keepsShares(each))),
    left: leavesInTime(options, target, world),
  };
}

/** Null: all are null. */
function all(verdicts: readonly (boolean | null)[]): boolean | null {
  const judged = verdicts.filter((verdict) => verdict !== null);
  return judged.length === 0 ? null : judged.every(Boolean);
}

function keepsLimits(pools: readonly PoolResult[], { common }: RouteOptions): boolean | null {
  const limited = pools.flatMap(({ origins }) => origins).filter(({ limit }) => limit !== null);
  if (limited.length === 0 || common.outages.length > 0) return null;
  return limited.every(({ worst_window, limit }) => worst_window <= (limit ?? 0));
}

/** A strict pool is called for each request. */
function keepsPace(
  objects: readonly ObjectResult[],
  { common }: RouteOptions,
  { pools }: RoutesTarget,
): boolean | null {
  if (common.isCold) return null;
  const strict = pools.filter(({ config }) => config.coordination === "strict").map(({ pool }) => pool);
  const judged = objects.filter(({ object }) => !strict.includes(object));
  return judged.every(({ calls_busiest_span }) => calls_busiest_span <= MOST_CALLS_PER_SECOND);
}

/** Null: no pool became unavailable, or the world is one in which news comes late. */
function leavesInTime(
  { common }: RouteOptions,
  { pools }: RoutesTarget,
  { recorder }: Pick<RoutesWorld, "recorder">,
): boolean | null {
  const { isolates, loss, outages, restartsMs, deploysMs } = common;
  const isCalm = outages.length + restartsMs.length + deploysMs.length === 0;
  if (isolates > MOST_ISOLATES_AT_ONCE || loss > MOST_LOSS || !isCalm) return null;
  const all = pools.flatMap(({ pool }) => recorder.outages.of(pool)).filter(({ fromMs }) => fromMs >= 0);
  return all.length === 0 ? null : all.every(({ late }) => late === 0);
}
