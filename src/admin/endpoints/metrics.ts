/**
 * Metrics of the pools for Prometheus. Their meaning, for operators: docs/operations.md.
 * @module
 */

import * as z from "zod";
import type { PoolDescription } from "../../contract/admin.ts";
import type { PoolStatus } from "../../contract/pool-status.ts";
import type { RoutesSummary } from "../../contract/routes.ts";
import type { PoolScrape } from "../../contract/stats.ts";
import { type ArrivalCounts, UNSERVED_REASONS } from "../../contract/sync.ts";
import { ARRIVALS } from "../../core/steering/choose-pool.ts";
import { knownPools } from "../../platform/object-client.ts";
import { type Endpoint, endpoint } from "../http/endpoint.ts";
import { askPool, askRoutes, orNull, versionOf } from "../http/pool-client.ts";
import { exposeClients, exposeUnrouted } from "./client-metrics.ts";
import { Exposition } from "./exposition.ts";
import { type EventCounter, exposeOrigins, exposeOriginTraffic } from "./origin-metrics.ts";

const MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8";

const POOL_EVENTS: readonly EventCounter[] = [
  [
    "config_applied_total",
    "Configurations that came into force, removals of the pool too.",
    "config_applied",
  ],
  ["config_refused_total", "Documents in KV that were refused.", "config_refused"],
  [
    "unavailable_total",
    "Times the pool became unavailable to routes with several pools.",
    "pool_unavailable",
  ],
  [
    "notify_failed_total",
    "Notifications that notify_url did not take, and that were given up.",
    "notify_failed",
  ],
];

/** @param pools by id; null: the pool's object does not answer @param routes null: theirs does not */
export function expose(pools: ReadonlyMap<string, PoolScrape | null>, routes: RoutesSummary | null): string {
  const text = new Exposition();
  exposeRoutes(text, routes);
  for (const [pool, scraped] of pools) {
    // The list still shows a pool that was removed.
    if (scraped !== null && isGone(scraped.description)) continue;
    text.gauge("lb_pool_up", "The pool's object answers: 1 or 0.", { pool }, Number(scraped !== null));
    if (scraped === null) continue;
    exposePool(text, pool, scraped.description);
    exposeOrigins(text, pool, scraped);
    exposePoolEvents(text, pool, scraped);
    exposeTraffic(text, pool, scraped);
    exposeOriginTraffic(text, pool, scraped);
    exposeClients(text, pool, scraped);
  }
  return text.toString();
}

function isGone({ configured, config_error }: PoolDescription): boolean {
  return !configured && config_error === null;
}

function exposeRoutes(text: Exposition, routes: RoutesSummary | null): void {
  text.gauge("lb_routes_up", "The object of the routes answers: 1 or 0.", {}, Number(routes !== null));
  if (routes === null) return;
  const { version, config_error, applied, refused, unrouted } = routes;
  text.gauge("lb_routes_version", "Version of the routes in force; 0: none.", {}, version);
  text.gauge(
    "lb_routes_config_error",
    "The last routes in KV were refused: 1 or 0.",
    {},
    Number(config_error !== null),
  );
  text.counter("lb_routes_applied_total", "Routes that came into force.", {}, applied);
  text.counter("lb_routes_refused_total", "Routes in KV that were refused.", {}, refused);
  exposeUnrouted(text, unrouted);
}

function exposePool(text: Exposition, pool: string, description: PoolDescription): void {
  const gauge = (name: string, help: string, value: number) =>
    text.gauge(`lb_pool_${name}`, help, { pool }, value);
  const { config_error, snapshot_version, isolates, panic, check_round } = description;
  gauge("config_version", "Version of the configuration in force; 0: none.", versionOf(description));
  gauge("config_error", "The last document in KV was refused: 1 or 0.", Number(config_error !== null));
  gauge("snapshot_version", "Version of what isolates pick from.", snapshot_version);
  gauge("isolates", "Isolates that work for the pool.", isolates);
  gauge("panic", "Unhealthy origins are used, because too few are healthy: 1 or 0.", Number(panic));
  exposeStatus(text, pool, description.status);
  gauge("check_round_seconds", "Time in which checks come round all origins; 0: none.", check_round ?? 0);
}

/** Only for pools that a route with several pools names. */
function exposeStatus(text: Exposition, pool: string, status: PoolStatus | null): void {
  if (status === null) return;
  const gauge = (name: string, help: string, value: number) =>
    text.gauge(`lb_pool_${name}`, help, { pool }, value);
  const { available, share, accept } = status;
  gauge("available", "Routes with several pools may choose it: 1 or 0.", Number(available));
  gauge("share", "Healthy weight by weight in service, 0 to 1.", share);
  gauge("accept", "What it takes of that by capacity, return and shed, 0 to 1.", accept);
}

/** Only for pools that requests reach by routes with several pools. */
function exposeArrivals(text: Exposition, pool: string, arrivals: ArrivalCounts): void {
  if (Object.keys(arrivals).length === 0) return;
  for (const reason of ARRIVALS) {
    const help = "Requests by why they came to the pool, of routes with several pools.";
    text.counter("lb_arrivals_total", help, { pool, reason }, arrivals[reason] ?? 0);
  }
}

function exposeTraffic(text: Exposition, pool: string, { stats, latency }: PoolScrape): void {
  const { calls_per_second, failed } = stats.sync;
  text.gauge("lb_pool_sync_calls_per_second", "Calls to the pool's object.", { pool }, calls_per_second);
  text.counter("lb_pool_sync_errors_total", "Calls to the pool's object that failed.", { pool }, failed);
  const help = "Changes that isolates learned of by a note of another one, before the object told them.";
  text.counter("lb_pool_notes_taken_total", help, { pool }, stats.notes_taken ?? 0);
  for (const reason of UNSERVED_REASONS) {
    text.counter(
      "lb_pool_unserved_total",
      "Requests without an origin's answer; a fallback pool may have served them.",
      { pool, reason },
      stats.unserved[reason] ?? 0,
    );
  }
  exposeArrivals(text, pool, stats.arrivals);
  text.histogram(
    "lb_pool_latency_seconds",
    "Time to the response's headers, of successes; bounds to within 2%.",
    { pool },
    latency,
    stats.latency_sum / 1_000,
  );
}

function exposePoolEvents(text: Exposition, pool: string, { events }: PoolScrape): void {
  for (const [name, help, kind] of POOL_EVENTS) {
    text.counter(`lb_pool_${name}`, help, { pool }, events[kind]?.[""] ?? 0);
  }
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
      const ids = await knownPools(env);
      const scrape = (id: string) => orNull(askPool(env, id, (stub) => stub.scrape()));
      const scraped = await Promise.all(ids.map(scrape));
      const pools = new Map(ids.map((id, index) => [id, scraped[index] ?? null]));
      const routes = await orNull(askRoutes(env, (stub) => stub.summary()));
      return new Response(expose(pools, routes), {
        headers: { "content-type": MEDIA_TYPE, "cache-control": "no-store" },
      });
    },
  }),
];
