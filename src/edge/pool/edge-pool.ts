/**
 * One pool in an isolate's memory: its servers, its balancer and its lease, brought up to date from snapshots.
 * Plain data only; no promise, stub or stream outlives the request that made it.
 * @module
 */

import { compileHashKey, type HashKey } from "../../config/hash-key.ts";
import { goesByConnections, keepsSessionCookies, retryRulesOf } from "../../config/pool-rules.ts";
import type { PoolConfig } from "../../config/schema.ts";
import { balancerSettings } from "../../contract/snapshot.ts";
import { type AffinityTokens, type OutcomeKind, type SyncReply, UNKNOWN_STATE } from "../../contract/sync.ts";
import type { Suspected, Verdict, VerdictNote } from "../../contract/verdict-note.ts";
import type { LatencyEstimates } from "../../core/algorithms/peak-ewma.ts";
import { LeasedCursor } from "../../core/cursor/cursor-lease.ts";
import { LoadBalancer } from "../../core/load-balancer.ts";
import { ResidenceTime } from "../../core/metrics/residence-time.ts";
import { RetryBudget } from "../../core/retry/retry-budget.ts";
import { RetryPolicy } from "../../core/retry/retry-policy.ts";
import { type Clock, type Random, systemClock } from "../../core/system.ts";
import type { EdgeRequest } from "../model/edge-request.ts";
import type { EdgeServer } from "../model/edge-server.ts";
import { OutcomeBuffer } from "../model/outcome-buffer.ts";
import { CookieAffinity } from "./cookie-affinity.ts";
import { KnownVerdict } from "./known-verdict.ts";
import { PoolRates } from "./pool-rates.ts";
import { isWell, PoolServers } from "./pool-servers.ts";
import { RecentlyUnreachable } from "./recently-unreachable.ts";

/** Everything a pick needs, made once per snapshot. */
export interface ActivePool {
  /** Version of the isolate's own snapshot; 0 if made from config alone. */
  readonly version: number;
  readonly config: PoolConfig;
  readonly balancer: LoadBalancer<EdgeServer, EdgeRequest>;
  readonly retryPolicy: RetryPolicy;
  /** True if WebSockets are counted to their end, because a setting needs the count. */
  readonly countsSockets: boolean;
  /** Reads the key of a consistent hash. */
  readonly hashKey: HashKey;
  /** Null if sessions are not kept by cookie. */
  readonly cookies: CookieAffinity | null;
}

interface Pickers extends Pick<ActivePool, "balancer" | "cookies"> {
  /** The settings, ids and tokens that they were made from. */
  readonly parts: string;
}

export class EdgePool {
  readonly id: string;
  readonly #random: Random;
  readonly #now: Clock;
  readonly servers: PoolServers;
  readonly outcomes = new OutcomeBuffer();
  readonly rates = new PoolRates();
  readonly cursor: LeasedCursor;
  /** Attempts open here that the object picked for, with the origin of each. */
  readonly strictPicks = new Map<string, string>();
  /** Null until a snapshot or, failing that, a config has arrived. */
  activePool: ActivePool | null = null;
  /** True: the object had this pool and it was removed. A pool that has no configuration yet is served from KV's. */
  isRemoved = false;
  retryBudget = new RetryBudget(0);
  /** How long requests stay here. */
  readonly residenceTime = new ResidenceTime();
  /** Requests since the last report, which sizes the leases. */
  requests = 0;
  /** Calls to the object that failed and that were not reported yet. */
  failedCalls = 0;
  /** Verdicts that notes told first, and that were not reported yet. */
  notesTaken = 0;
  /** There are failures to report at once. */
  hasUrgentReport = false;
  readonly recentlyUnreachable: RecentlyUnreachable;
  /** Latencies outlive the balancers that use them. */
  readonly #latencies: LatencyEstimates = new WeakMap();
  #pickers: Pickers | null = null;
  readonly verdict: KnownVerdict;
  /** The last there were: they outlive snapshots, and an older object sends none. */
  #tokens: AffinityTokens | null = null;

  /** @param bindings through which origins can be reached from here. Default: none */
  constructor(id: string, random: Random, now: Clock = systemClock, bindings: readonly string[] = []) {
    this.id = id;
    this.#random = random;
    this.#now = now;
    this.servers = new PoolServers(bindings);
    this.recentlyUnreachable = new RecentlyUnreachable(now);
    this.verdict = new KnownVerdict(id);
    this.cursor = new LeasedCursor(Math.floor(random() * 1_000_000));
  }

  server(id: string): EdgeServer | null {
    return this.servers.get(id);
  }

  /**
   * Applies the object's answer.
   * @param sentMs when the report was sent
   */
  apply(reply: SyncReply, sentMs: number): void {
    const nowMs = this.#now();
    if (reply.cursor !== null) this.cursor.lease(reply.cursor);
    this.isRemoved =
      reply.removed ?? (!reply.configured && this.activePool !== null && this.activePool.version > 0);
    if (this.isRemoved) {
      this.activePool = null;
      this.verdict.clear();
    }
    const snapshot = this.isRemoved ? null : reply.snapshot;
    this.#tokens = snapshot?.affinity ?? this.#tokens;
    const verdict = this.verdict.answered(snapshot, sentMs);
    if (verdict !== null) this.#adopt(verdict);
    // Until the next count comes, all new requests may go to the one server that looked idle. That is harmless only if
    // they are few beside the requests in flight there: if requests stay for as many paces as there are origins.
    const fresh = this.residenceTime.survivalShare(reply.next_sync_ms * this.servers.size);
    const othersActive = new Map(Object.entries(reply.active));
    for (const server of this.servers) server.setOthers(othersActive.get(server.id) ?? 0, fresh);
    this.recentlyUnreachable.paceMs = reply.next_sync_ms;
    this.rates.apply(reply.rates, sentMs, nowMs);
  }

  /**
   * Another isolate has left a note: its verdict is in force here if it is newer.
   * @param isolate this one's name
   * @returns what it should say of origins that cannot be reached; null: just what it says
   */
  takeNote(note: VerdictNote, isolate: string): Suspected | null {
    const verdict = this.verdict.take(note, this.#now());
    if (verdict !== null) {
      this.notesTaken++;
      this.#adopt(verdict);
    }
    if (this.activePool === null || !this.verdict.fits(note)) return null;
    const servers = this.servers.saidWell(this.activePool.config);
    return this.recentlyUnreachable.exchange(note.unreachable ?? {}, servers, isolate);
  }

  /** The object says that there is no version after this one, up to the one that was `known`. */
  denyNotes(version: number, known: number): void {
    const verdict = this.verdict.deny(version, known);
    if (verdict !== null) this.#adopt(verdict);
  }

  /** A request would have gone to `server`, but its rate limit is reached. */
  readonly refused = (server: EdgeServer): void => {
    server.leased?.refused(this.#now());
    this.outcomes.rateLimited(server.id);
  };

  /**
   * An attempt ended.
   * @param latencyMs to the headers, or to the failure
   * @param status of the origin's answer; null: there was none
   */
  ended(server: EdgeServer, kind: OutcomeKind, latencyMs: number, status: number | null = null): void {
    const nowMs = this.#now();
    this.outcomes.record(server.id, kind, latencyMs, nowMs, status);
    // Of one that has left nothing is kept, or nobody would ever forget it.
    if (kind === "client_closed" || this.server(server.id) !== server) return;
    this.recentlyUnreachable.observe(server, kind === "connect_failure");
    const failed = kind !== "success";
    this.activePool?.balancer.report(server, { failed, latencyMs });
    if (failed) this.hasUrgentReport = true;
    this.servers.ended(server, failed, nowMs);
  }

  /**
   * Serves from config alone: no object has answered yet, and a request cannot wait.
   * @param down origins that are not picked, as others say
   */
  adoptConfig(config: PoolConfig, tokens: AffinityTokens | null = null, down: readonly string[] = []): void {
    this.#tokens ??= tokens;
    const states = new Map(down.map((id) => [id, { ...UNKNOWN_STATE, healthy: false }]));
    this.#adopt({ version: 0, config, states });
  }

  #adopt({ version, config, states }: Verdict): void {
    const out = [...this.servers].filter((server) => !isWell(server));
    const servers = this.servers.adopt(config, states);
    // One that is back: what was seen of it before says nothing any more.
    for (const server of out) if (isWell(server)) this.recentlyUnreachable.forget(server);
    const before = this.activePool?.config;
    if (before?.failover.retry_budget_percent !== config.failover.retry_budget_percent) {
      this.retryBudget = new RetryBudget(config.failover.retry_budget_percent);
    }
    const hashKey = compileHashKey(config);
    const countsSockets = goesByConnections(config);
    const retryPolicy = new RetryPolicy(retryRulesOf(config));
    const { balancer, cookies } = this.#pickersOf(config, servers);
    this.rates.adopt(servers, balancer);
    this.activePool = { version, config, balancer, retryPolicy, countsSockets, hashKey, cookies };
  }

  /**
   * The balancer, with its tables made. It stays the same if only the status of servers changed: it notices that
   * itself, and a ring of thousands takes a tenth of a second to make.
   */
  #pickersOf(config: PoolConfig, servers: EdgeServer[]): Pickers {
    const { sticky } = config;
    const settings = balancerSettings(config);
    const parts = JSON.stringify([settings, sticky, servers.map(({ id }) => id), this.#tokens]);
    if (this.#pickers === null || this.#pickers.parts !== parts) {
      const byCookie = sticky !== null && keepsSessionCookies(config);
      const cookies = byCookie ? new CookieAffinity(sticky, servers, this.#tokens, this.#now) : null;
      const balancer = new LoadBalancer<EdgeServer, EdgeRequest>(servers, {
        ...settings,
        cursor: this.cursor,
        now: this.#now,
        random: this.#random,
        estimates: this.#latencies,
        sticky: cookies ?? (sticky === null ? false : { method: "ip" }),
        // The outcome buffer counts.
        counts: false,
      });
      this.#pickers = { parts, balancer, cookies };
    }
    this.#pickers.balancer.prepare();
    return this.#pickers;
  }
}
