/**
 * The rows of the table: for each one its pool and its request.
 * @module
 */

export type RequestKind = "small" | "64k" | "10m" | "gzip" | "post";

/** The Workers that are compared. `roomy`: the balancer with a large young generation, whose garbage is collected seldom. */
export type WorkerName = "bare" | "duties" | "balancer" | "roomy" | "reflare";

export type ProxyName = "nginx" | "haproxy";

export interface Scenario {
  readonly id: string;
  readonly title: string;
  readonly request: RequestKind;
  /** The process that answers. */
  readonly subject: WorkerName | ProxyName;
  /** Comes before the request's path. Absent: the id, if the row has a pool. */
  readonly path?: string;
  /** Left out of a short run unless it is named. */
  readonly isDetail?: boolean;
  /** The pool behind `/ID/...`, without its origins; null: the row is not the balancer's, or has no pool. */
  readonly pool: Record<string, unknown> | null;
  /** Its latency is measured too, at a pace that every subject can keep. */
  readonly isPaced?: boolean;
  /** How its route chooses between the pool and a second one like it. Absent: the route has one pool. */
  readonly steering?: Readonly<Record<string, unknown>>;
  /** Further fields of its route. */
  readonly route?: Readonly<Record<string, unknown>>;
  /** The client's headers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The client sends the session cookie that it got. */
  readonly keepsCookie?: boolean;
}

/** It runs in workerd. */
export function isWorker(scenario: Scenario): scenario is Scenario & { subject: WorkerName } {
  return scenario.subject !== "nginx" && scenario.subject !== "haproxy";
}

const ALL_THREE = "headers,abort,timeout";

/** Work that every such balancer must do; see `workers/duties.js`. */
function duty(id: string, duties: string, title: string, more: Partial<Scenario> = {}): Scenario {
  return { id: `duty-${id}`, title, request: "small", subject: "duties", path: duties, pool: null, ...more };
}

const QUIET = { log: { sample: 0 } };
const NEVER_REACHED = 1_000_000;

const EVERYTHING = {
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

/** A client whose place the isolate remembers by its address. */
const ADDRESSED = { "cf-connecting-ip": "192.0.2.7" };

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
    isPaced: true,
  },
  duty("headers", "headers", "bare, with forwarding headers", { isDetail: true }),
  duty("abort", "abort", "bare, noticing that the client left", { isDetail: true }),
  duty("timeout", "timeout", "bare, with a time-out", { isDetail: true }),
  duty("all", ALL_THREE, "bare, with all three", { isPaced: true }),
  duty("shared", "headers,abort,shared", "bare, with all three, the time-out by a wait that requests share", {
    isDetail: true,
  }),
  duty("64k", ALL_THREE, "bare, with all three, 64 KB answer", { request: "64k", isDetail: true }),
  duty("10m", `${ALL_THREE},end`, "bare, with all three, 10 MB answer whose end is noticed", {
    request: "10m",
    isDetail: true,
  }),
  duty("post", `${ALL_THREE},read`, "bare, with all three, POST 64 KB that is read first", {
    request: "post",
    isDetail: true,
  }),
  { ...balanced("rr", "round robin", {}), isPaced: true },
  {
    ...balanced("rr-roomy", "round robin, where V8 has 64 MB for what is new", {}),
    subject: "roomy",
    isPaced: true,
    isDetail: true,
  },
  balanced("rr-log", "round robin, every request logged", { log: { sample: 1 } }),
  balanced("wrr", "weighted round robin 5:3:1", { algorithm: "weighted_round_robin" }),
  balanced("lc", "least connections", { algorithm: "least_connections" }),
  balanced("p2c", "power of two choices", { algorithm: "p2c" }),
  balanced("hash", "consistent hash (client address)", { algorithm: "consistent_hash" }),
  balanced("cookie-new", "cookie affinity, new clients", { sticky: true }),
  { ...balanced("cookie", "cookie affinity, returning client", { sticky: true }), keepsCookie: true },
  balanced("rate", "rate limit, never reached", { rate_limit: NEVER_REACHED }),
  { ...balanced("all", "everything on", EVERYTHING), keepsCookie: true, isPaced: true },
  {
    ...balanced("all-log", "everything on, every request logged", { ...EVERYTHING, log: { sample: 1 } }),
    keepsCookie: true,
  },
  { ...balanced("failover", "round robin, first of two pools", {}), steering: { steer: "failover" } },
  {
    ...balanced("proximity", "round robin, nearer of two pools", {
      location: { latitude: 50, longitude: 8 },
    }),
    steering: { steer: "proximity" },
  },
  {
    ...balanced("session", "cookie affinity, returning client, two pools", { sticky: true }),
    steering: { steer: "failover" },
    keepsCookie: true,
  },
  {
    ...balanced("where", "round robin, a condition on the client's place that is met", {}),
    route: { where: { countries: ["XX"] } },
    headers: ADDRESSED,
  },
  {
    ...balanced("where-other", "round robin, behind a route whose condition is not met", {}),
    route: { where: { countries: ["DE"] } },
    headers: ADDRESSED,
  },
  {
    ...balanced("rewrite", "round robin, with the path rewritten", {}),
    route: { rewrite: { strip_prefix: "/rewrite", add_prefix: "/api" } },
  },
  {
    ...balanced("rules", "round robin, two rules for headers each way", {}),
    route: {
      request_headers: { set: { "x-host": "{host}" }, remove: ["x-debug"] },
      response_headers: { set: { "x-served-by": "{pool}/{origin}" }, remove: ["x-powered-by"] },
    },
  },
  balanced("strict", "strict round robin: asks its object", { coordination: "strict" }),
  balanced("b64k", "round robin, 64 KB answer", {}, "64k"),
  balanced("b10m", "round robin, 10 MB answer", {}, "10m"),
  balanced("bgzip", "round robin, gzip answer", {}, "gzip"),
  balanced("bpost", "round robin, POST 64 KB", {}, "post"),
  {
    id: "reflare",
    title: "reflare 1.1.4, random",
    request: "small",
    subject: "reflare",
    pool: null,
    isPaced: true,
  },
  { id: "nginx", title: "nginx, round robin", request: "small", subject: "nginx", pool: null },
  { id: "haproxy", title: "HAProxy, round robin", request: "small", subject: "haproxy", pool: null },
];

/** Further paces at which round robin's object calls are counted, in requests per second of one isolate. */
export const COUNTED_PACES = [2, 20, 200, 1_000] as const;

export function paceId(rate: number): string {
  return `pace-${rate}`;
}

/** The second pool of a row with several pools. */
export function otherId(pool: string): string {
  return `${pool}-other`;
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
  const steered = scenarios.filter(({ steering }) => steering !== undefined);
  const routes = Object.keys(pools).flatMap((pool) => {
    const { steering, route } = scenarios.find(({ id }) => id === pool) ?? {};
    const path = `/${pool}/*`;
    // A route without a condition follows each route with one, for requests that do not meet it.
    if (route !== undefined) return [{ path, pool, ...route }, ...("where" in route ? [{ path, pool }] : [])];
    return steering === undefined ? { path, pool } : { path, pools: [pool, otherId(pool)], ...steering };
  });
  for (const { id, pool } of steered) pools[otherId(id)] = { ...pool, origins };
  return { routes, pools };
}
