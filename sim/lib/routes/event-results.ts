/**
 * What came of each change: how long a pool that failed, or that its operator emptied, still got requests; which clients
 * moved; and whether the same came back.
 * @module
 */
import { type FailureResult, failureResult, leaving, type ReturnResult, returning } from "../absences.ts";
import type { SimOptions } from "../options.ts";
import type { RouteOptions } from "./options.ts";
import { originsOf, partOf, type RoutesTarget } from "./target.ts";
import type { Moves, Returns } from "./trails.ts";
import type { RoutesWorld } from "./world.ts";

export interface EventResult {
  what: FailureResult["what"];
  /** POOL, or POOL/ORIGIN. */
  target: string;
  at_s: number;
  /** From then to the last request there before two seconds without one; null: there are no such seconds. */
  out_after_s: number | null;
  requests_until_out: number;
  requests_after: number;
  /** From then until the pool's object said that the pool is not available; null: it did not. */
  unavailable_after_s: number | null;
  /** From that to the last request that was sent to it as to an available pool; null: there was none. */
  last_sent_after_s: number | null;
  /** When it was back, in s; null: not in this run. */
  back_at_s: number | null;
  /** From its return to the first request; null: there was none. */
  first_after_s: ReturnResult["first_after_s"];
  /** Of each route that names the pool and had clients there. */
  routes: ({ label: string } & Moves & { returned: Returns | null })[];
}

export function eventResults(
  { common }: RouteOptions,
  target: RoutesTarget,
  world: RoutesWorld,
): EventResult[] {
  return leaving(common).map((event) => {
    const part = partOf(event.origin);
    const record = world.recorder.pools.get(part.pool);
    const trace = originsOf(part, target.pools)
      .flatMap((id) => record?.trace(id) ?? [])
      .sort((a, b) => a - b);
    const backMs = returnOf(event, common);
    const until = backMs === null ? [] : [{ origin: event.origin, atMs: backMs }];
    const { origin, ...left } = failureResult(event, { ...common, recoveries: until, enables: [] }, trace);
    const first = backMs === null ? undefined : trace.find((startMs) => startMs >= backMs);
    const afterS = (atMs: number | null | undefined, sinceMs: number): number | null =>
      atMs == null ? null : (atMs - sinceMs) / 1_000;
    const endMs = common.seconds * 1_000;
    const outage = world.recorder.outages
      .of(part.pool)
      .find(({ fromMs }) => fromMs >= event.atMs && fromMs < (backMs ?? endMs));
    return {
      ...left,
      target: origin,
      unavailable_after_s: afterS(outage?.fromMs, event.atMs),
      last_sent_after_s: outage === undefined ? null : afterS(outage.lastMs, outage.fromMs),
      back_at_s: afterS(backMs, 0),
      first_after_s: afterS(first, backMs ?? 0),
      routes: movesOf(part.pool, { failedMs: event.atMs, backMs, takesMs: first ?? null, endMs }, world),
    };
  });
}

interface Times {
  readonly failedMs: number;
  readonly backMs: number | null;
  readonly takesMs: number | null;
  readonly endMs: number;
}

function movesOf(pool: string, { failedMs, backMs, takesMs, endMs }: Times, { recorder }: RoutesWorld) {
  return recorder.routes.flatMap(({ label, trails }) => {
    const moves = trails.moves(pool, failedMs, backMs ?? endMs);
    if (moves.there === 0) return [];
    const returned = backMs === null ? null : trails.returns(pool, failedMs, backMs, takesMs, endMs);
    return [{ label, ...moves, returned }];
  });
}

/** When the first of it is back, in ms; null: not in this run. */
function returnOf(event: SimOptions["fails"][number], options: SimOptions): number | null {
  const { pool, origin } = partOf(event.origin);
  const back = returning(options).filter(({ origin: text, atMs }) => {
    const other = partOf(text);
    const isSame = other.origin === null || origin === null || other.origin === origin;
    return other.pool === pool && isSame && atMs > event.atMs;
  });
  return back.length === 0 ? null : Math.min(...back.map(({ atMs }) => atMs));
}
