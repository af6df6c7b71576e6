/**
 * Measures a run of routes in true virtual time: per route the requests by pool and arrival, per pool those that its
 * origins got, per object the calls.
 * @module
 */
import { steeredPools } from "../../../src/config/route-pools.ts";
import type { RouteConfig } from "../../../src/config/schema.ts";
import { routeLabel } from "../../../src/contract/route-label.ts";
import { LONGEST_KEY } from "../../../src/core/metrics/client-counts.ts";
import { ARRIVALS, type Arrival } from "../../../src/core/steering/choose-pool.ts";
import type { Ended, LogLine, Measures } from "../isolate-world.ts";
import { type CallKind, Recorder } from "../recorder.ts";
import type { TargetConfig } from "../world.ts";
import { CallCounter } from "./call-counter.ts";
import { Outages } from "./outages.ts";
import { Errand } from "./placed-clients.ts";
import { Trails } from "./trails.ts";

/** How a route's requests end. */
export const ROUTE_ANSWERS = [
  "answered",
  "answered_here",
  "rate_limited",
  "no_origin",
  "origin_failed",
] as const;
export type RouteAnswer = (typeof ROUTE_ANSWERS)[number];

/** Arrivals that the shares alone decide. */
const BY_SHARE: ReadonlySet<string> = new Set<Arrival>(["first", "spill", "split"]);

interface PoolOfRoute {
  readonly arrivals: Record<Arrival, number>;
  /** By second of their coming. */
  readonly perSecond: Float64Array;
}

export interface RouteRecord {
  readonly index: number;
  readonly label: string;
  readonly config: RouteConfig;
  /** Those that it chooses among, and its fallback; empty: it has one pool. */
  readonly steered: readonly string[];
  readonly answers: Record<RouteAnswer, number>;
  readonly pools: Map<string, PoolOfRoute>;
  readonly trails: Trails;
}

export interface RouteEvent {
  readonly atMs: number;
  readonly pool: string;
  readonly kind: string;
  readonly origin: string | null;
  readonly detail: string;
}

/** The object of the routes in the figures of calls. */
const ROUTES_OBJECT = "the routes' object";

export class RouteRecorder implements Measures {
  readonly routes: readonly RouteRecord[];
  readonly pools: ReadonlyMap<string, Recorder>;
  readonly calls: ReadonlyMap<string, CallCounter>;
  readonly outages = new Outages();
  readonly events: RouteEvent[] = [];
  readonly #seconds: number;
  readonly #byLabel = new Map<string, RouteRecord>();
  offered = 0;
  /** Requests that no route matched, and those that ended with their isolate. */
  unrouted = 0;
  lost = 0;

  constructor(seconds: number, routes: readonly RouteConfig[], pools: readonly TargetConfig[]) {
    this.#seconds = seconds;
    this.routes = routes.map(newRecord);
    // Of two with the same label the first gets the requests.
    for (const record of [...this.routes].reverse())
      this.#byLabel.set(record.label.slice(0, LONGEST_KEY), record);
    this.pools = new Map(
      pools.map(({ pool, config }) => {
        const ids = config.origins.map(({ id }) => id);
        return [pool, new Recorder(seconds, ids, ids, [])];
      }),
    );
    const counted = [...this.pools.keys(), ROUTES_OBJECT];
    this.calls = new Map(counted.map((name) => [name, new CallCounter(seconds)]));
  }

  /** @param origin POOL/ORIGIN */
  start(nowMs: number, origin: string): void {
    const slash = origin.indexOf("/");
    this.pools.get(origin.slice(0, slash))?.start(nowMs, origin.slice(slash + 1));
  }

  objectCall(nowMs: number, kind: CallKind, pool: string): void {
    this.calls.get(pool)?.add(nowMs, kind);
  }

  /** A call between the routes' object and a pool's. @param to a pool; null: the routes' object */
  statusCall(nowMs: number, to: string | null): void {
    this.calls.get(to ?? ROUTES_OBJECT)?.add(nowMs, "statuses");
  }

  event(atMs: number, pool: string, kind: string, origin: string | null, detail: string): void {
    this.events.push({ atMs, pool, kind, origin, detail });
    this.outages.said(pool, kind, atMs);
  }

  ended(nowMs: number, { client, cameMs, answer, line }: Ended): void {
    if (!(client instanceof Errand)) throw new TypeError("not a client of routes");
    const isCounted = cameMs >= 0;
    if (line === null || answer === "lost") {
      if (isCounted) this.lost++;
      return;
    }
    const record = typeof line.route === "string" ? this.#byLabel.get(line.route) : undefined;
    if (record === undefined) {
      if (isCounted) this.unrouted++;
      return;
    }
    const { pool } = line;
    const arrival = arrivalOf(line, record.config);
    if (isCounted) {
      record.answers[line.why === "answered_here" ? "answered_here" : answer]++;
      if (typeof pool === "string") this.#visited(record, pool, arrival, cameMs, line);
    }
    if (answer !== "answered" || typeof pool !== "string") return;
    record.trails.served(client.client, pool, nowMs, BY_SHARE.has(arrival));
  }

  #visited(record: RouteRecord, pool: string, arrival: Arrival, cameMs: number, line: LogLine): void {
    let visits = record.pools.get(pool);
    if (visits === undefined) {
      visits = { arrivals: noArrivals(), perSecond: new Float64Array(this.#seconds) };
      record.pools.set(pool, visits);
    }
    visits.arrivals[arrival]++;
    const second = Math.floor(cameMs / 1_000);
    visits.perSecond[second] = (visits.perSecond[second] ?? 0) + 1;
    const before = arrival === "retry" ? line.steered_from : null;
    if (arrival !== "fallback") this.outages.sent(pool, cameMs, record.steered);
    if (typeof before === "string") this.outages.sent(before, cameMs, record.steered);
  }
}

/** The log tells none of a route with one pool, which comes first, before its fallback. */
function arrivalOf({ arrival, pool }: LogLine, route: RouteConfig): Arrival {
  const told = ARRIVALS.find((each) => each === arrival);
  return told ?? (pool === route.fallback_pool && pool !== route.pool ? "fallback" : "first");
}

function newRecord(config: RouteConfig, index: number): RouteRecord {
  return {
    ...{ index, config, label: routeLabel(config), steered: steeredPools(config) },
    answers: { answered: 0, answered_here: 0, rate_limited: 0, no_origin: 0, origin_failed: 0 },
    pools: new Map(),
    trails: new Trails(),
  };
}

function noArrivals(): Record<Arrival, number> {
  return { affinity: 0, first: 0, spill: 0, unavailable: 0, retry: 0, split: 0, fallback: 0 };
}
