/**
 * The pools as Prometheus scrapes them. What each metric says, for operators: docs/operations.md.
 * @module
 */
import * as z from "zod";
import type { OriginConfig } from "../config/schema.ts";
import type { OriginDescription, PoolDescription } from "../contract/admin.ts";
import type { PoolEventKind } from "../contract/events.ts";
import type { RoutesDescription } from "../contract/routes.ts";
import type { PoolScrape, TrafficCounts } from "../contract/stats.ts";
import { UNSERVED_REASONS } from "../contract/sync.ts";
import type { Env } from "../platform/env.ts";
import { type Endpoint, endpoint } from "./endpoint.ts";
import { Exposition } from "./exposition.ts";
import { askPool, askRoutes, versionOf } from "./pool-client.ts";
import { listPools } from "./pools.ts";
import { Problem } from "./problems.ts";

const MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Null: there is nothing to show, such as a limit that is not set. */
type OriginGauge = [name: string, help: string, value: (origin: OriginDescription) => number | null];

const ORIGIN_GAUGES: readonly OriginGauge[] = [
  ["healthy", "Active checks call the origin healthy: 1 or 0.", ({ healthy }) => Number(healthy)],
  ["ejected", "Outlier detection has ejected the origin: 1 or 0.", ({ ejected }) => Number(ejected)],
  ["draining", "The origin is being drained: 1 or 0.", ({ draining }) => Number(draining)],
  ["active_connections", "Requests in flight.", ({ active_connections }) => active_connections],
  ["weight_factor", "Slow start: share of the weight in force.", ({ weight_factor }) => weight_factor],
  ["health_since_seconds", "When the health in force began.", ({ since }) => since / 1_000],
  ["rate_limit", "Most requests in any one second.", ({ rate_limit }) => rate_limit?.limit ?? null],
  [
    "rate_granted",
    "Requests in any one second that isolates hold the right to start.",
    ({ rate_limit }) => rate_limit?.granted ?? null,
  ],
  ["max_connections", "Most requests in flight.", ({ max_connections }) => max_connections ?? null],
];

type ConfigGauge = [name: string, help: string, value: (origin: OriginConfig) => number];

const CONFIG_GAUGES: readonly ConfigGauge[] = [
  ["enabled", "The operator has the origin enabled: 1 or 0.", ({ enabled }) => Number(enabled)],
  ["weight", "The weight in the configuration.", ({ weight }) => weight],
];

type OriginCounter = [name: string, help: string, value: (counts: TrafficCounts) => number];

const ORIGIN_COUNTERS: readonly OriginCounter[] = [
  ["requests_total", "Attempts that ended.", ({ requests }) => requests],
  ["errors_total", "Attempts that failed.", ({ errors }) => errors],
  ["client_closed_total", "Attempts whose client left first.", ({ client_closed }) => client_closed],
  ["retries_total", "Attempts beyond a request's first.", ({ retries }) => retries],
  [
    "retry_overflow_total",
    "Failures not tried elsewhere, because the retry budget was spent.",
    ({ retry_overflow }) => retry_overflow,
  ],
  ["rate_limited_total", "Times passed over for the rate limit.", ({ rate_limited }) => rate_limited],
];

type EventCounter = [name: string, help: string, kind: PoolEventKind];

const ORIGIN_EVENTS: readonly EventCounter[] = [
  ["unhealthy_total", "Times active checks called the origin unhealthy.", "unhealthy"],
  ["flapping_total", "Times the origin was held down for changing its health too often.", "flapping"],
  ["ejections_total", "Times outlier detection ejected the origin.", "ejected"],
  ["ejections_withheld_total", "Ejections left out: too many are ejected already.", "not_ejected"],
];

const POOL_EVENTS: readonly EventCounter[] = [
  [
    "config_applied_total",
    "Configurations that came into force, removals of the pool too.",
    "config_applied",
  ],
  ["config_refused_total", "Documents in KV that were refused.", "config_refused"],
];

/** What an object older than `scrape` still tells. */
type Scraped = Pick<PoolScrape, "description"> & Partial<PoolScrape>;

/** Null: the pool's object does not answer. */
async function scrape(env: Env, pool: string): Promise<Scraped | null> {
  try {
    return await askPool(env, pool, async (stub) => (await stub.scrape?.()) ?? describeOnly(env, pool));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return error.type === "not_implemented" ? await describeOnly(env, pool) : null;
  }
}

async function describeOnly(env: Env, pool: string): Promise<Scraped> {
  return { description: await askPool(env, pool, (stub) => stub.describe()) };
}

function outOfReach(error: unknown): null {
  if (error instanceof Problem) return null;
  throw error;
}

/** @param routes null: their object does not answer */
export function expose(pools: ReadonlyMap<string, Scraped | null>, routes: RoutesDescription | null): string {
  const text = new Exposition();
  exposeRoutes(text, routes);
  for (const [pool, scraped] of pools) {
    // The list still shows a pool that was removed.
    if (scraped !== null && isGone(scraped.description)) continue;
    text.gauge("lb_pool_up", "The pool's object answers: 1 or 0.", { pool }, Number(scraped !== null));
    if (scraped === null) continue;
    exposePool(text, pool, scraped.description);
    exposeOrigins(text, pool, scraped);
    exposeTraffic(text, pool, scraped);
  }
  return text.toString();
}

function isGone({ configured, config_error }: PoolDescription): boolean {
  return !configured && config_error === null;
}

function exposeRoutes(text: Exposition, routes: RoutesDescription | null): void {
  text.gauge("lb_routes_up", "The object of the routes answers: 1 or 0.", {}, Number(routes !== null));
  if (routes === null) return;
  const { version, config_error, applied, refused } = routes;
  text.gauge("lb_routes_version", "Version of the routes in force; 0: none.", {}, version);
  text.gauge(
    "lb_routes_config_error",
    "The last routes in KV were refused: 1 or 0.",
    {},
    Number(config_error !== null),
  );
  text.counter("lb_routes_applied_total", "Routes that came into force.", {}, applied);
  text.counter("lb_routes_refused_total", "Routes in KV that were refused.", {}, refused);
}

function exposePool(text: Exposition, pool: string, description: PoolDescription): void {
  const gauge = (name: string, help: string, value: number) =>
    text.gauge(`lb_pool_${name}`, help, { pool }, value);
  const { config_error, snapshot_version, isolates, panic } = description;
  gauge("config_version", "Version of the configuration in force; 0: none.", versionOf(description));
  gauge("config_error", "The last document in KV was refused: 1 or 0.", Number(config_error !== null));
  gauge("snapshot_version", "Version of what isolates pick from.", snapshot_version);
  gauge("isolates", "Isolates that work for the pool.", isolates);
  gauge("panic", "Unhealthy origins are used, because too few are healthy: 1 or 0.", Number(panic ?? false));
}

function exposeOrigins(text: Exposition, pool: string, { description, events }: Scraped): void {
  for (const origin of description.origins) {
    const labels = { pool, origin: origin.id };
    for (const [name, help, read] of ORIGIN_GAUGES) {
      const value = read(origin);
      if (value !== null) text.gauge(`lb_origin_${name}`, help, labels, value);
    }
    if (events === undefined) continue;
    for (const [name, help, kind] of ORIGIN_EVENTS) {
      text.counter(`lb_origin_${name}`, help, labels, events[kind]?.[origin.id] ?? 0);
    }
  }
  for (const origin of description.config?.origins ?? []) {
    for (const [name, help, read] of CONFIG_GAUGES) {
      text.gauge(`lb_origin_${name}`, help, { pool, origin: origin.id }, read(origin));
    }
  }
  if (events === undefined) return;
  for (const [name, help, kind] of POOL_EVENTS) {
    text.counter(`lb_pool_${name}`, help, { pool }, events[kind]?.[""] ?? 0);
  }
}

function exposeTraffic(text: Exposition, pool: string, { stats, recent, latency }: Scraped): void {
  if (stats === undefined || recent === undefined || latency === undefined) return;
  const { calls_per_second, failed } = stats.sync;
  text.gauge("lb_pool_sync_calls_per_second", "Calls to the pool's object.", { pool }, calls_per_second);
  text.counter("lb_pool_sync_errors_total", "Calls to the pool's object that failed.", { pool }, failed);
  for (const reason of UNSERVED_REASONS) {
    text.counter(
      "lb_pool_unserved_total",
      "Requests without an origin's answer; a fallback pool may have served them.",
      { pool, reason },
      stats.unserved[reason] ?? 0,
    );
  }
  const bounds = latency.bounds.map((ms, index): [number, number] => [
    ms / 1_000,
    latency.counts[index] ?? 0,
  ]);
  text.histogram(
    "lb_pool_latency_seconds",
    "Time to the response's headers, of successes; bounds to within 2%.",
    { pool },
    bounds,
    stats.latency_sum / 1_000,
    latency.count,
  );
  for (const [id, origin] of Object.entries(stats.origins)) {
    const labels = { pool, origin: id };
    for (const [name, help, value] of ORIGIN_COUNTERS) {
      text.counter(`lb_origin_${name}`, help, labels, value(origin));
    }
    const { p50 = null, p90 = null, p99 = null } = recent[id] ?? {};
    text.summary(
      "lb_origin_latency_seconds",
      "Time to the response's headers, of successes; quantiles of the last 5 minutes.",
      labels,
      { "0.5": toSeconds(p50), "0.9": toSeconds(p90), "0.99": toSeconds(p99) },
      origin.latency_sum / 1_000,
      origin.requests - origin.errors - origin.client_closed,
    );
  }
}

function toSeconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1_000;
}

export const METRICS_ENDPOINTS: readonly Endpoint[] = [
  endpoint({
    method: "get",
    path: "/metrics",
    scope: "read",
    summary: "All pools, for Prometheus",
    answer: z.string(),
    mediaType: "text/plain",
    async run({ env }) {
      const ids = await listPools(env);
      const scraped = await Promise.all(ids.map((id) => scrape(env, id)));
      const pools = new Map(ids.map((id, index) => [id, scraped[index] ?? null]));
      const routes = await askRoutes(env, (stub) => stub.describe()).catch(outOfReach);
      return new Response(expose(pools, routes), {
        headers: { "content-type": MEDIA_TYPE, "cache-control": "no-store" },
      });
    },
  }),
];
