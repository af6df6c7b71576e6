/**
 * Metrics of a pool's origins for Prometheus.
 * @module
 */
import type { OriginConfig } from "../../config/schema.ts";
import type { OriginDescription, PoolDescription } from "../../contract/admin.ts";
import type { PoolEventKind } from "../../contract/events.ts";
import type { PoolScrape, TrafficCounts } from "../../contract/stats.ts";
import { ownValue } from "../../core/own-value.ts";
import { statusIneligibility } from "../../core/server/eligibility.ts";
import type { Exposition } from "./exposition.ts";

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
  [
    "answers_broken_off_total",
    "Answers broken off after their headers.",
    ({ answers_broken_off = 0 }) => answers_broken_off,
  ],
  ["rate_limited_total", "Times passed over for the rate limit.", ({ rate_limited }) => rate_limited],
];

/** Failed attempts by kind of failure. */
const FAILURE_KINDS: readonly [kind: string, value: (counts: TrafficCounts) => number][] = [
  ["connect_failure", ({ connect_failures }) => connect_failures],
  ["timeout", ({ timeouts }) => timeouts],
  ["500", ({ status_500 }) => status_500],
  ["502", ({ status_502 }) => status_502],
  ["503", ({ status_503 }) => status_503],
  ["504", ({ status_504 }) => status_504],
  ["other_status", ({ status_other }) => status_other],
];

const ORIGIN_STATES = [
  "serving",
  "zero_weight",
  "disabled",
  "drained",
  "draining",
  "unhealthy",
  "ejected",
  "no_binding",
] as const;

export type EventCounter = [name: string, help: string, kind: PoolEventKind];

const ORIGIN_EVENTS: readonly EventCounter[] = [
  ["unhealthy_total", "Times active checks called the origin unhealthy.", "unhealthy"],
  ["flapping_total", "Times the origin was held down for changing its health too often.", "flapping"],
  ["ejections_total", "Times outlier detection ejected the origin.", "ejected"],
  ["ejections_withheld_total", "Ejections left out: too many are ejected already.", "not_ejected"],
];

export function exposeOrigins(text: Exposition, pool: string, { description, events }: PoolScrape): void {
  for (const origin of description.origins) {
    const labels = { pool, origin: origin.id };
    for (const [name, help, read] of ORIGIN_GAUGES) {
      const value = read(origin);
      if (value !== null) text.gauge(`lb_origin_${name}`, help, labels, value);
    }
    for (const [name, help, kind] of ORIGIN_EVENTS) {
      text.counter(`lb_origin_${name}`, help, labels, ownValue(events[kind], origin.id) ?? 0);
    }
  }
  exposeStates(text, pool, description);
  for (const origin of description.config?.origins ?? []) {
    for (const [name, help, read] of CONFIG_GAUGES) {
      text.gauge(`lb_origin_${name}`, help, { pool, origin: origin.id }, read(origin));
    }
  }
}

/** One series for each state, of which one is 1, so that a graph of them shows changes and an alert can count them. */
function exposeStates(text: Exposition, pool: string, { config, origins }: PoolDescription): void {
  const configured = new Map(config?.origins.map((origin) => [origin.id, origin]));
  for (const origin of origins) {
    const { weight = 0, enabled = false } = configured.get(origin.id) ?? {};
    const isUnbound = enabled && origin.no_binding === true;
    const known = isUnbound ? "no_binding" : statusIneligibility({ ...origin, enabled });
    const now = known ?? (weight > 0 ? "serving" : "zero_weight");
    for (const state of ORIGIN_STATES) {
      const labels = { pool, origin: origin.id, state };
      text.gauge("lb_origin_state", "1 for the state that the origin is in.", labels, Number(state === now));
    }
  }
}

export function exposeOriginTraffic(text: Exposition, pool: string, { stats }: PoolScrape): void {
  for (const [id, origin] of Object.entries(stats.origins)) {
    const labels = { pool, origin: id };
    for (const [name, help, value] of ORIGIN_COUNTERS) {
      text.counter(`lb_origin_${name}`, help, labels, value(origin));
    }
    for (const [kind, value] of FAILURE_KINDS) {
      const help = "Attempts that failed, by what went wrong.";
      text.counter("lb_origin_failures_total", help, { ...labels, kind }, value(origin));
    }
    const { p50, p90, p99 } = origin;
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
