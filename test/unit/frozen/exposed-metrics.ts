/**
 * Makes the metrics of a pool and of the routes after every event that has a metric, so that no metric is missing.
 * @module
 */
import { memorySql } from "../../../sim/lib/memory-sql.ts";
import { expose } from "../../../src/admin/endpoints/metrics.ts";
import { clientStats } from "../../../src/contract/client-stats.ts";
import { ClientCounts } from "../../../src/core/metrics/client-counts.ts";
import { describePool } from "../../../src/pool/admin/description.ts";
import { PoolController } from "../../../src/pool/controller.ts";
import { PoolStore } from "../../../src/pool/storage/store.ts";

/** In order: `lb_pool_unserved_total{pool,reason}`. */
export function exposedMetrics(): string[] {
  const controller = busyController();
  const description = describePool(controller.state());
  const scraped = controller.statistics.scrape(description, controller.state().events.counts);
  const routes = {
    version: 1,
    has_routes: false,
    config_error: null,
    applied: 1,
    refused: 0,
  };
  const counts = answers();
  const text = expose(new Map([["p", scraped]]), { ...routes, unrouted: clientStats(counts, counts.sketch) });
  const samples = Array.from(text.matchAll(/^(lb_\w+)(?:\{(.*)\})? /gm), ([, name = "", labels = ""]) => {
    const names = Array.from(labels.matchAll(/(\w+)="/g), ([, label]) => label);
    return `${name}{${names.join()}}`;
  });
  return [...new Set(samples)].sort();
}

function busyController(): PoolController {
  const store = new PoolStore(memorySql());
  const controller = new PoolController({
    pool: "p",
    store,
    now: () => 1_000_000,
    probe: async () => ({ passed: true, timedOut: false, detail: "", durationMs: 1 }),
    allowIpOrigins: true,
    log: () => undefined,
  });
  const origin = { id: "a", url: "https://a.example.com", rate_limit: 10, max_connections: 10 };
  controller.applyConfig({ text: JSON.stringify({ origins: [origin] }), updatedAt: 1 });
  controller.sync({
    isolate: "test",
    sequence: 1,
    snapshot: 0,
    active: {},
    origins: {},
    arrivals: { first: 1 },
    clients: answers().toData(),
    demand: { requests: 1, elapsed_ms: 1_000 },
    cursor: { want: 0, returned: [] },
  });
  return controller;
}

function answers(): ClientCounts {
  const counts = new ClientCounts(10);
  const answer = { status: 503, durationMs: 1, route: "*/*", host: "x.test", problem: "no_origin_available" };
  counts.recordAnswer(answer);
  return counts;
}
