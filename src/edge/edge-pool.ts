/**
 * One pool in an isolate's memory: its servers, its balancer and its lease, brought up to date from snapshots.
 * Plain data only; no promise, stub or stream outlives the request that made it.
 * @module
 */

import { compileHashKey, type HashKey } from "../config/hash-key.ts";
import { completePool } from "../config/parse.ts";
import type { OriginConfig, PoolConfig } from "../config/schema.ts";
import type { AffinityTokens, OriginState, OutcomeKind, PoolSnapshot, SyncReply } from "../contract/sync.ts";
import { LeasedCursor } from "../core/cursor-lease.ts";
import { LoadBalancer } from "../core/load-balancer.ts";
import { ONE_FAILURE, ONE_SUCCESS, OutlierDetector } from "../core/outlier-detector.ts";
import type { LatencyEstimates } from "../core/peak-ewma.ts";
import { RetryBudget, RetryPolicy } from "../core/retry-policy.ts";
import { Stay } from "../core/stay.ts";
import { type Clock, type Random, systemClock } from "../core/system.ts";
import { CookieAffinity } from "./cookie-affinity.ts";
import type { EdgeRequest } from "./edge-request.ts";
import { EdgeServer } from "./edge-server.ts";
import { Ledger } from "./ledger.ts";
import { PoolRates } from "./pool-rates.ts";

/** What an origin is taken for while the object has not spoken. */
const UNKNOWN_STATE: OriginState = {
  healthy: true,
  ejected: false,
  draining: false,
  drained: false,
  weight_factor: 1,
};

const LOAD_BASED: ReadonlySet<string> = new Set(["least_connections", "p2c", "peak_ewma"]);

/** How long an origin that could not be reached is passed over while another is left. */
const SUSPECT_MS = 1_000;

/** How long an isolate goes by its own verdict: until the object, which hears of it at once, has given its own. */
const OWN_EJECTION_MS = 3_000;

const NO_SUSPECTS: ReadonlySet<EdgeServer> = new Set();

/** Everything a pick needs, made once per snapshot. */
export interface PoolView {
  /** The snapshot's version; 0 if made from config alone. */
  readonly version: number;
  readonly config: PoolConfig;
  readonly balancer: LoadBalancer<EdgeServer, EdgeRequest>;
  readonly retryPolicy: RetryPolicy;
  /** WebSockets are counted to their end: something goes by the count. */
  readonly countsSockets: boolean;
  /** What a consistent hash goes by. */
  readonly hashKey: HashKey;
  /** Null if sessions are not kept by cookie. */
  readonly cookies: CookieAffinity | null;
}

interface Pickers extends Pick<PoolView, "balancer" | "cookies"> {
  /** What they were made of. */
  readonly parts: string;
}

export class EdgePool {
  readonly id: string;
  readonly #random: Random;
  readonly #now: Clock;
  readonly ledger = new Ledger();
  readonly rates = new PoolRates();
  readonly cursor: LeasedCursor;
  /** Attempts open here that the object picked for, with the origin of each. */
  readonly strictPicks = new Map<string, string>();
  /** Null until a snapshot or, failing that, a config has arrived. */
  view: PoolView | null = null;
  /** The object had this pool and has it no more. One that only has no config yet is served from KV's. */
  isRemoved = false;
  retryBudget = new RetryBudget(0);
  /** How long requests stay here. */
  readonly stay = new Stay();
  /** Requests since the last report, which sizes the leases. */
  requests = 0;
  /** Calls to the object that failed and that no report has told of yet. */
  failedCalls = 0;
  /** Unreported failures the object should hear of at once. */
  hasNews = false;
  /** What this isolate alone has seen, acted on before the object knows; null: outliers are not ejected. */
  #outliers: OutlierDetector | null = null;
  /** Until when each origin that could not be reached is passed over, in ms. */
  readonly #suspects = new Map<EdgeServer, number>();
  /** Latencies outlive the balancers that go by them. */
  readonly #latencies: LatencyEstimates = new WeakMap();
  /** Survives snapshots, so that what is counted and measured of an origin stays. */
  readonly #servers = new Map<string, EdgeServer>();
  #pickers: Pickers | null = null;
  /** As the object last said. */
  #states: Record<string, OriginState> = {};
  /** The last there were: they outlive snapshots, and an older object sends none. */
  #tokens: AffinityTokens | null = null;

  constructor(id: string, random: Random, now: Clock = systemClock) {
    this.id = id;
    this.#random = random;
    this.#now = now;
    this.cursor = new LeasedCursor(Math.floor(random() * 1_000_000));
  }

  server(id: string): EdgeServer | null {
    return this.#servers.get(id) ?? null;
  }

  get servers(): Iterable<EdgeServer> {
    return this.#servers.values();
  }

  /** True while requests are in flight here. */
  get isServing(): boolean {
    for (const server of this.#servers.values()) if (server.own > 0) return true;
    return false;
  }

  /**
   * Takes over what the object answered.
   * @param sentMs when the report was sent
   */
  apply(reply: SyncReply, sentMs: number): void {
    const nowMs = this.#now();
    if (reply.cursor !== null) this.cursor.lease(reply.cursor);
    this.isRemoved = reply.removed ?? (!reply.configured && this.view !== null && this.view.version > 0);
    if (this.isRemoved) this.view = null;
    const snapshot = reply.snapshot;
    this.#tokens = snapshot?.affinity ?? this.#tokens;
    if (snapshot !== null) this.#adopt(snapshot.version, completePool(snapshot.config), snapshot.origins);
    for (const transition of this.#outliers?.sweep(nowMs) ?? []) {
      const server = this.#servers.get(transition.id);
      if (server !== undefined) server.ejected = this.#states[transition.id]?.ejected ?? false;
    }
    // Until the next count comes, all that begins may go to the one of them that looked idle. That does no harm only
    // where it is little beside what is in flight there: where requests stay for as many paces as there are origins.
    const fresh = this.stay.stillThere(reply.next_sync_ms * this.#servers.size);
    for (const server of this.#servers.values()) server.setOthers(reply.active[server.id] ?? 0, fresh);
    this.rates.apply(reply.rates, sentMs, nowMs);
  }

  /**
   * An attempt ended.
   * @param latencyMs to the headers, or to the failure
   */
  ended(server: EdgeServer, kind: OutcomeKind, latencyMs: number): void {
    const nowMs = this.#now();
    this.ledger.outcome(server.id, kind, latencyMs, nowMs);
    if (kind === "client_closed") return;
    if (kind === "connect_failure") this.#suspects.set(server, nowMs + SUSPECT_MS);
    else this.#suspects.delete(server);
    const failed = kind !== "success";
    this.view?.balancer.report(server, { failed, latencyMs });
    if (failed) this.hasNews = true;
    if (this.#outliers === null) return;
    const batch = failed ? ONE_FAILURE : ONE_SUCCESS;
    const transition = this.#outliers.record(server.id, batch, this.#servers.size, nowMs);
    if (transition?.kind === "ejected") server.ejected = true;
  }

  /**
   * Origins that could not be reached a moment ago. Passing over them for a second keeps a dead origin, which the
   * checks have not found out yet, from costing every n-th request a retry.
   */
  suspects(nowMs: number): ReadonlySet<EdgeServer> {
    if (this.#suspects.size === 0) return NO_SUSPECTS;
    for (const [server, untilMs] of this.#suspects) if (untilMs <= nowMs) this.#suspects.delete(server);
    return new Set(this.#suspects.keys());
  }

  /** Serves from config alone: no object has answered yet, and a request cannot wait. */
  adoptConfig(config: PoolConfig, tokens: AffinityTokens | null = null): void {
    this.#tokens ??= tokens;
    this.#adopt(0, config, {});
  }

  #adopt(version: PoolSnapshot["version"], config: PoolConfig, states: Record<string, OriginState>): void {
    this.#states = states;
    const servers = config.origins.map((origin) =>
      this.#server(origin, states[origin.id], config.rate_limit),
    );
    this.rates.adopt(servers);
    const kept = new Set(config.origins.map((origin) => origin.id));
    for (const id of this.#servers.keys()) if (!kept.has(id)) this.#servers.delete(id);
    const before = this.view?.config;
    if (before?.failover.retry_budget_percent !== config.failover.retry_budget_percent) {
      this.retryBudget = new RetryBudget(config.failover.retry_budget_percent);
    }
    if (!isSame(before?.outlier_detection, config.outlier_detection)) this.#outliers = outliersOf(config);
    const hashKey = compileHashKey(config);
    const countsSockets = goesByConnections(config);
    const retryPolicy = retryPolicyOf(config);
    const { balancer, cookies } = this.#pickersOf(config, servers);
    this.view = { version, config, balancer, retryPolicy, countsSockets, hashKey, cookies };
  }

  /**
   * What picks, with its tables made. The same as before where only the standing of servers changed: it looks at that
   * by itself, and a ring of thousands takes a tenth of a second to make.
   */
  #pickersOf(config: PoolConfig, servers: EdgeServer[]): Pickers {
    const { algorithm, panic_threshold: panicThreshold, hash_balance_factor, sticky } = config;
    const ids = servers.map(({ id }) => id);
    const parts = JSON.stringify([algorithm, panicThreshold, hash_balance_factor, sticky, ids, this.#tokens]);
    if (this.#pickers === null || this.#pickers.parts !== parts) {
      const byCookie = sticky !== null && sticky.method !== "ip";
      const cookies = byCookie ? new CookieAffinity(sticky, servers, this.#tokens) : null;
      const balancer = new LoadBalancer<EdgeServer, EdgeRequest>(servers, {
        algorithm,
        cursor: this.cursor,
        now: this.#now,
        random: this.#random,
        estimates: this.#latencies,
        panicThreshold,
        sticky: cookies ?? (sticky === null ? false : { method: "ip" }),
        balanceFactor: algorithm === "consistent_hash" ? hash_balance_factor : 0,
      });
      this.#pickers = { parts, balancer, cookies };
    }
    this.#pickers.balancer.prepare();
    return this.#pickers;
  }

  #server(origin: OriginConfig, state = UNKNOWN_STATE, rateLimit: number | null): EdgeServer {
    const server = this.#servers.get(origin.id) ?? new EdgeServer(origin);
    server.update(origin, state, rateLimit);
    this.#servers.set(origin.id, server);
    return server;
  }
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function retryPolicyOf({ failover }: PoolConfig): RetryPolicy {
  return new RetryPolicy({
    maxAttempts: failover.max_attempts,
    retryOn: failover.retry_on,
    retryNonIdempotent: failover.retry_non_idempotent,
    totalTimeoutMs: failover.total_timeout * 1_000,
  });
}

/** A load-based algorithm or a limit goes by the number of connections. */
function goesByConnections({ algorithm, origins, hash_balance_factor }: PoolConfig): boolean {
  return (
    LOAD_BASED.has(algorithm) ||
    hash_balance_factor > 0 ||
    origins.some((each) => each.max_connections !== null)
  );
}

function outliersOf({ outlier_detection: settings }: PoolConfig): OutlierDetector | null {
  if (settings === null) return null;
  return new OutlierDetector({
    consecutiveFailures: settings.consecutive_failures,
    failurePercent: settings.failure_percent,
    minimumRequests: settings.minimum_requests,
    intervalMs: settings.interval * 1_000,
    baseEjectionMs: OWN_EJECTION_MS,
    maxEjectionMs: OWN_EJECTION_MS,
    maxEjectionPercent: settings.max_ejection_percent,
  });
}
