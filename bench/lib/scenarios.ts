/**
 * What is measured: each row of the table, the pool behind it and the request it is asked with.
 * @module
 */

export type RequestKind = "small" | "64k" | "10m" | "gzip" | "post";

export interface Scenario {
  readonly id: string;
  readonly title: string;
  readonly request: RequestKind;
  /** Which process answers. */
  readonly subject: "bare" | "duties" | "balancer" | "reflare" | "nginx" | "haproxy";
  /** What comes before the request's path; absent: the id where there is a pool. */
  readonly path?: string;
  /** Not in a short run, unless it is named. */
  readonly isDetail?: boolean;
  /** The pool behind `/ID/...`, without its origins; null: not the balancer's, or no pool. */
  readonly pool: Record<string, unknown> | null;
  /** The client brings the cookie it was given. */
  readonly keepsCookie?: boolean;
}

/** Parts of the balancer's work that no Worker of its kind can do without; see `workers/duties.js`. */
function duty(path: string, title: string): Scenario {
  const isDetail = path !== "all";
  return { id: `duty-${path}`, title, request: "small", subject: "duties", path, pool: null, isDetail };
}

const QUIET = { log: { sample: 0 } };
const NEVER_REACHED = 1_000_000;

export const EVERYTHING = {
  algorithm: "least_connections",
  rate_limit: NEVER_REACHED,
  sticky: true,
  health_check: { path: "/small", interval: 5 },
  outlier_detection: {},
  slow_start: 30,
  panic_threshold: 20,
};

function balanced(
  id: string,
  title: string,
  pool: Record<string, unknown>,
  request: RequestKind = "small",
): Scenario {
  return { id, title, request, subject: "balancer", pool: { ...QUIET, ...pool } };
}

export const SCENARIOS: readonly Scenario[] = [
  {
    id: "none",
    title: "no origin: a Worker's own answer",
    request: "small",
    subject: "bare",
    path: "none",
    pool: null,
  },
  {
    id: "bare",
    title: "bare pass-through (itself: the noise)",
    request: "small",
    subject: "bare",
    pool: null,
  },
  duty("headers", "bare, with forwarding headers"),
  duty("abort", "bare, noticing that the client left"),
  duty("timeout", "bare, with a time-out"),
  duty("all", "bare, with all three"),
  balanced("rr", "round robin", {}),
  balanced("rr-log", "round robin, every request logged", { log: { sample: 1 } }),
  balanced("wrr", "weighted round robin 5:3:1", { algorithm: "weighted_round_robin" }),
  balanced("lc", "least connections", { algorithm: "least_connections" }),
  balanced("p2c", "power of two choices", { algorithm: "p2c" }),
  balanced("hash", "consistent hash (client address)", { algorithm: "consistent_hash" }),
  balanced("cookie-new", "cookie affinity, new clients", { sticky: true }),
  { ...balanced("cookie", "cookie affinity, returning client", { sticky: true }), keepsCookie: true },
  balanced("rate", "rate limit, never reached", { rate_limit: NEVER_REACHED }),
  { ...balanced("all", "everything on", EVERYTHING), keepsCookie: true },
  {
    ...balanced("all-log", "everything on, every request logged", { ...EVERYTHING, log: { sample: 1 } }),
    keepsCookie: true,
  },
  balanced("strict", "strict round robin: asks its object", { coordination: "strict" }),
  balanced("b64k", "round robin, 64 KB answer", {}, "64k"),
  balanced("b10m", "round robin, 10 MB answer", {}, "10m"),
  balanced("bgzip", "round robin, gzip answer", {}, "gzip"),
  balanced("bpost", "round robin, POST 64 KB", {}, "post"),
  { id: "reflare", title: "reflare 1.1.4, random", request: "small", subject: "reflare", pool: null },
  { id: "nginx", title: "nginx, round robin", request: "small", subject: "nginx", pool: null },
  { id: "haproxy", title: "HAProxy, round robin", request: "small", subject: "haproxy", pool: null },
];

/** Paces at which round robin's object calls are counted besides, in requests per second of one isolate. */
export const COUNTED_PACES = [2, 20, 200, 1_000] as const;

export function paceId(rate: number): string {
  return `pace-${rate}`;
}

/** Routes and pools of all rows, as one configuration. */
export function configOf(scenarios: readonly Scenario[], ports: readonly number[]) {
  const weights = [5, 3, 1];
  const origins = ports.map((port, index) => ({
    id: `o${index + 1}`,
    url: `http://127.0.0.1:${port}`,
    weight: weights[index] ?? 1,
  }));
  const pools: Record<string, Record<string, unknown>> = {};
  for (const { id, pool } of scenarios) if (pool !== null) pools[id] = { ...pool, origins };
  for (const rate of COUNTED_PACES) pools[paceId(rate)] = { ...QUIET, origins };
  const routes = Object.keys(pools).map((pool) => ({ path: `/${pool}/*`, pool }));
  return { routes, pools };
}
