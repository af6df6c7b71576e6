/**
 * The pools as Prometheus scrapes them.
 * @module
 */
import * as z from "zod";
import type { OriginDescription, PoolDescription } from "../contract/admin.ts";
import type { PoolStats, TrafficStats } from "../contract/stats.ts";
import type { Env } from "../platform/env.ts";
import { type Endpoint, endpoint } from "./endpoint.ts";
import { Exposition } from "./exposition.ts";
import { askPool, versionOf } from "./pool-client.ts";
import { listPools } from "./pools.ts";
import { Problem } from "./problems.ts";

const MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8";

type OriginGauge = [name: string, help: string, value: (origin: OriginDescription) => number];

const ORIGIN_GAUGES: readonly OriginGauge[] = [
  ["healthy", "Active checks call the origin healthy: 1 or 0.", ({ healthy }) => Number(healthy)],
  ["ejected", "Outlier detection has ejected the origin: 1 or 0.", ({ ejected }) => Number(ejected)],
  ["draining", "The origin is being drained: 1 or 0.", ({ draining }) => Number(draining)],
  ["active_connections", "Requests in flight.", ({ active_connections }) => active_connections],
  ["weight_factor", "Slow start: share of the weight in force.", ({ weight_factor }) => weight_factor],
  ["health_since_seconds", "When the health in force began.", ({ since }) => since / 1_000],
];

type OriginCounter = [name: string, help: string, value: (stats: TrafficStats) => number];

const ORIGIN_COUNTERS: readonly OriginCounter[] = [
  ["requests_total", "Attempts that ended.", ({ requests }) => requests],
  ["errors_total", "Attempts that failed.", ({ errors }) => errors],
  ["client_closed_total", "Attempts whose client left first.", ({ client_closed }) => client_closed],
  ["retries_total", "Attempts beyond a request's first.", ({ retries }) => retries],
  ["rate_limited_total", "Times passed over for the rate limit.", ({ rate_limited }) => rate_limited],
];

interface Scraped {
  description: PoolDescription;
  /** Null: the object keeps none. */
  stats: PoolStats | null;
}

/** Null: the pool's object does not answer. */
async function scrape(env: Env, pool: string): Promise<Scraped | null> {
  try {
    const description = await askPool(env, pool, (stub) => stub.describe());
    const stats = await askPool(env, pool, async (stub) => (await stub.stats?.()) ?? null).catch(notKept);
    return { description, stats };
  } catch (error) {
    if (error instanceof Problem) return null;
    throw error;
  }
}

function notKept(error: unknown): null {
  if (error instanceof Problem && error.type === "not_implemented") return null;
  throw error;
}

export function expose(pools: ReadonlyMap<string, Scraped | null>): string {
  const text = new Exposition();
  for (const [pool, scraped] of pools) {
    text.gauge("lb_pool_up", "The pool's object answers: 1 or 0.", { pool }, Number(scraped !== null));
    if (scraped === null) continue;
    exposePool(text, pool, scraped.description);
    if (scraped.stats !== null) exposeStats(text, pool, scraped.stats);
  }
  return text.toString();
}

function exposePool(text: Exposition, pool: string, description: PoolDescription): void {
  const gauge = (name: string, help: string, value: number) =>
    text.gauge(`lb_pool_${name}`, help, { pool }, value);
  const { config_error, snapshot_version, isolates, config, origins } = description;
  gauge("config_version", "Version of the configuration in force; 0: none.", versionOf(description));
  gauge("config_error", "The last document in KV was refused: 1 or 0.", Number(config_error !== null));
  gauge("snapshot_version", "Version of what isolates pick from.", snapshot_version);
  gauge("isolates", "Isolates that work for the pool.", isolates);
  const healthy = origins.filter((origin) => origin.healthy && !origin.ejected).length;
  const panic = config !== null && healthy * 100 < config.panic_threshold * origins.length;
  gauge("panic", "Unhealthy origins are used, because too few are healthy: 1 or 0.", Number(panic));
  for (const origin of origins) {
    for (const [name, help, value] of ORIGIN_GAUGES) {
      text.gauge(`lb_origin_${name}`, help, { pool, origin: origin.id }, value(origin));
    }
  }
}

function exposeStats(text: Exposition, pool: string, stats: PoolStats): void {
  const { isolates: _, calls_per_second, failed } = stats.sync;
  text.gauge("lb_pool_sync_calls_per_second", "Calls to the pool's object.", { pool }, calls_per_second);
  text.counter("lb_pool_sync_errors_total", "Calls to the pool's object that failed.", { pool }, failed);
  for (const [id, origin] of Object.entries(stats.origins)) {
    const labels = { pool, origin: id };
    for (const [name, help, value] of ORIGIN_COUNTERS) {
      text.counter(`lb_origin_${name}`, help, labels, value(origin));
    }
    const { p50, p90, p99, latency_sum, requests, errors, client_closed } = origin;
    const seconds = (ms: number | null): number | null => (ms === null ? null : ms / 1_000);
    text.summary(
      "lb_origin_latency_seconds",
      "Time to the response's headers, of successes; quantiles of the last hour.",
      labels,
      { "0.5": seconds(p50), "0.9": seconds(p90), "0.99": seconds(p99) },
      latency_sum / 1_000,
      requests - errors - client_closed,
    );
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
      const ids = await listPools(env);
      const scraped = await Promise.all(ids.map((id) => scrape(env, id)));
      const pools = new Map(ids.map((id, index) => [id, scraped[index] ?? null]));
      return new Response(expose(pools), {
        headers: { "content-type": MEDIA_TYPE, "cache-control": "no-store" },
      });
    },
  }),
];
