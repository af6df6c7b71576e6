/** What is written about the metrics, against those that the Worker shows. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, inject, it } from "vitest";
import dashboard from "../../docs/grafana-dashboard.json";
import operations from "../../docs/operations.md?raw";
import alerts from "../../docs/prometheus-alerts.yml?raw";
import { ClientCounts } from "../../src/core/metrics/client-counts.ts";
import { ask } from "./admin-support.ts";
import { parseExposition } from "./exposition-parser.ts";
import { eventually } from "./test-clock.ts";

const [url = ""] = inject("origins");

/** Names of samples: of a histogram, with `_bucket` and the like. */
let samples: Set<string>;
/** By family: the name of its labels. */
let labels: Map<string, Set<string>>;
let families: Set<string>;

beforeAll(async () => {
  const origins = [{ id: "a", url, rate_limit: 10, max_connections: 10 }];
  for (const id of ["documented", "beside"]) await ask(`PUT /pools/${id}`, { body: { origins } });
  await ask("PUT /routes", { body: [{ pools: ["documented", "beside"] }] });
  await reportAnswers();
  // A pool hears a moment later that a route with several names it.
  const body = await eventually(async () => {
    const { body } = await ask("GET /metrics");
    expect(String(body)).toContain("lb_pool_available");
    return body;
  });
  const parsed = parseExposition(body);
  samples = new Set(parsed.map(({ name }) => name));
  labels = new Map(parsed.map(({ name, labels }) => [name, new Set(Object.keys(labels))]));
  families = new Set([...String(body).matchAll(/^# TYPE (\S+)/gm)].map(([, name = ""]) => name));
});

/** Reports answers of all kinds, for some metrics are there only for what has happened. */
async function reportAnswers(): Promise<void> {
  const counts = new ClientCounts(10);
  const answer = { status: 503, durationMs: 1, route: "*/*", host: "x.test", problem: "no_origin_available" };
  counts.recordAnswer(answer);
  const clients = counts.toData();
  const pool = env.UPSTREAM_POOL.getByName("documented");
  await pool.sync({
    isolate: "test",
    sequence: 1,
    snapshot: 0,
    active: {},
    origins: {},
    clients,
    arrivals: { first: 1 },
    demand: { requests: 1, elapsed_ms: 1_000 },
    cursor: { want: 0, returned: [] },
  });
  await env.ROUTE_TABLE.getByName("routes").reportUnrouted({ isolate: "test", sequence: 1, clients });
}

const metricsIn = (text: string): Set<string> => new Set(text.match(/\blb_[a-z_]+\b/g));

/** Every query of the dashboard: of panels, variables and annotations. */
function queries(): string[] {
  const found: string[] = [];
  JSON.stringify(dashboard, (key, value: unknown) => {
    if ((key === "expr" || key === "definition") && typeof value === "string") found.push(value);
    return value;
  });
  return found;
}

describe("the Grafana dashboard", () => {
  it("asks only for metrics there are, by labels they have", () => {
    expect(queries().length).toBeGreaterThan(30);
    for (const query of queries()) {
      for (const name of metricsIn(query)) expect([...samples], query).toContain(name);
      for (const [, name = "", selector = ""] of query.matchAll(/(lb_[a-z_]+)\{([^}]*)\}/g)) {
        for (const [, label = ""] of selector.matchAll(/(\w+)\s*=~?/g)) {
          expect([...(labels.get(name) ?? [])], `${name}{${selector}}`).toContain(label);
        }
      }
    }
  });

  it("has panels for all that matters", () => {
    const text = queries().join("\n");
    const matters = [
      "lb_origin_requests_total",
      "lb_origin_errors_total",
      "lb_pool_unserved_total",
      "lb_pool_latency_seconds_bucket",
      "lb_origin_healthy",
      "lb_pool_panic",
      "lb_origin_ejections_total",
      "lb_origin_retries_total",
      "lb_origin_retry_overflow_total",
      "lb_origin_rate_limited_total",
      "lb_origin_answers_broken_off_total",
      "lb_origin_active_connections",
      "lb_pool_sync_errors_total",
      "lb_pool_config_error",
    ];
    for (const name of matters) expect(text).toContain(name);
  });

  it("lets its viewer choose the data source and the pool, everywhere", () => {
    const variables = dashboard.templating.list.map(({ name }) => name);
    expect(variables).toEqual(["datasource", "pool", "origin"]);
    const panels = dashboard.panels.filter(({ type }) => type !== "row");
    for (const panel of panels) {
      expect(panel.datasource?.uid, panel.title).toMatch(/^\$\{datasource\}$/);
    }
    expect(new Set(dashboard.panels.map(({ id }) => id)).size, "ids are unique").toBe(
      dashboard.panels.length,
    );
  });

  it("lays its panels out side by side, none over another", () => {
    const taken = new Set<string>();
    for (const { gridPos, title } of dashboard.panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.has(`${x} ${y}`), title).toBe(false);
          taken.add(`${x} ${y}`);
        }
      }
    }
  });
});

describe("the alert rules", () => {
  it("go by metrics there are, and each is explained", () => {
    for (const name of metricsIn(alerts)) expect([...samples]).toContain(name);
    const names = [...alerts.matchAll(/- alert: (\w+)/g)].map(([, name = ""]) => name);
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) expect(operations, `${name} in docs/operations.md`).toContain(name);
  });
});

describe("docs/operations.md", () => {
  it("has every metric, and none that is not there", () => {
    const documented = new Set([...operations.matchAll(/^\| `(lb_[a-z_]+)/gm)].map(([, name = ""]) => name));
    expect([...documented].sort()).toEqual([...families].sort());
  });
});
