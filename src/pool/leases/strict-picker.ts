/**
 * `coordination: "strict"`: picks for all isolates through the same core as they would use, over counts that are
 * exact because every request's begin and end is known here.
 * @module
 */

import type { PoolConfig } from "../../config/schema.ts";
import { applyOrigin, balancerSettings } from "../../contract/snapshot.ts";
import type { PickReply, PickRequest, ReleaseReport } from "../../contract/strict.ts";
import type { PoolSnapshot } from "../../contract/sync.ts";
import type { Affinity, AffinityMethod, RouteRequest } from "../../core/affinity/session-affinity.ts";
import { LoadBalancer } from "../../core/load-balancer.ts";
import { ownValue } from "../../core/own-value.ts";
import { Server } from "../../core/server/server.ts";
import type { StrictLimiter } from "./strict-limiter.ts";

/** The pick of an isolate that no longer calls is dropped at this age. */
const ORPHAN_MS = 60_000;
/** Picks and reports pass each other on the way: a pick younger than this may be missing in a report. */
const SETTLED_MS = 5_000;

interface OpenPick {
  readonly server: Server;
  readonly sinceMs: number;
  /** Number of its place in the origin's rate limit; null: the origin has no limit. */
  readonly grant: { readonly limit: StrictLimiter; readonly name: number } | null;
}

interface StrictRequest extends RouteRequest {
  readonly pinned: Server | null;
  repinned: boolean;
}

export interface StrictOptions {
  now: () => number;
  /** The pool's cursor: the order is that of leased picks. */
  cursor: { next(): number };
  /** An origin's rate limit, in a configuration that is in force; null if it has none. */
  limiter: (origin: string) => StrictLimiter | null;
}

export class StrictPicker {
  readonly #options: StrictOptions;
  readonly #servers = new Map<string, Server>();
  /** By isolate and attempt. */
  readonly #openPicks = new Map<string, Map<string, OpenPick>>();
  #balancer: LoadBalancer<Server, StrictRequest> | null = null;
  /** The settings and ids that it was made from. */
  #settingsKey = "";

  constructor(options: StrictOptions) {
    this.#options = options;
  }

  /** Applies a snapshot; counts stay. */
  adopt({ config, origins }: PoolSnapshot): void {
    const servers = config.origins.map((origin) => {
      const server = this.#servers.get(origin.id) ?? new Server("", 0, origin.weight, { id: origin.id });
      applyOrigin(server, origin, ownValue(origins, origin.id));
      server.limiter = this.#options.limiter(origin.id);
      this.#servers.set(origin.id, server);
      return server;
    });
    const ids = new Set(servers.map(({ id }) => id));
    for (const id of this.#servers.keys()) if (!ids.has(id)) this.#servers.delete(id);
    const settings = balancerSettings(config);
    const settingsKey = JSON.stringify([settings, config.sticky, [...ids]]);
    // Changes of status alone are seen by the one there is, and keep its turns and tables.
    if (settingsKey === this.#settingsKey) return;
    this.#settingsKey = settingsKey;
    const { now, cursor } = this.#options;
    this.#balancer = new LoadBalancer<Server, StrictRequest>(servers, {
      ...settings,
      now,
      cursor,
      sticky: affinityOf(config),
    });
  }

  /** True while unhealthy origins are used because too few are healthy; true of pools that are not strict, too. */
  get panicking(): boolean {
    return this.#balancer?.panicking ?? false;
  }

  pick(request: PickRequest): PickReply {
    // If the call arrives a second time, nobody waits for the first answer any longer.
    this.#close(request.isolate, request.attempt);
    const pinned = request.pinned === null ? null : (this.#servers.get(request.pinned) ?? null);
    const route: StrictRequest = { clientIp: request.client_ip, key: request.key, pinned, repinned: false };
    const tried = this.#serversOf(request.tried);
    const avoid = this.#serversOf(request.avoid ?? []);
    const decision = this.#balancer?.choose(route, tried, { avoid }) ?? null;
    // A request that is not sent must not cost a token.
    const isWasted = decision === null || (request.untried_only === true && tried.has(decision.server));
    if (isWasted || this.#balancer?.start(decision.server) !== true) {
      return { origin: null, reason: null, repinned: false, retry_after_ms: this.#retryAfterMs(tried) };
    }
    const { server, reason } = decision;
    const limit = this.#options.limiter(server.id);
    const name = limit?.lastGrant ?? null;
    const grant = limit === null || name === null ? null : { limit, name };
    this.#open(request.isolate, request.attempt, server, grant);
    return { origin: server.id, reason, repinned: route.repinned, retry_after_ms: null };
  }

  #serversOf(ids: readonly string[]): ReadonlySet<Server> {
    return new Set(ids.flatMap((id) => this.#servers.get(id) ?? []));
  }

  /** Ends an attempt. An unknown attempt, or one that ended before, changes nothing. */
  release(report: ReleaseReport): void {
    const pick = this.#close(report.isolate, report.attempt);
    if (pick === null) return;
    if (report.no_outcome !== true) {
      this.#balancer?.report(pick.server, { failed: report.failed, latencyMs: report.latency_ms });
    }
    if (pick.grant === null) return;
    const { limit, name } = pick.grant;
    if (report.not_sent === true) limit.returned(name);
    else limit.started(name, this.#options.now() - report.latency_ms);
  }

  /**
   * Sets an isolate's picks against its own account of them: a release or the answer to a pick may have been lost.
   * @param open attempts that are open there, with the origin of each
   * @param isNew the isolate has not called since the object started, so its open attempts are from a previous
   *   incarnation
   */
  reconcile(isolate: string, open: Readonly<Record<string, string>>, isNew: boolean): void {
    const settledMs = this.#options.now() - SETTLED_MS;
    for (const [attempt, { sinceMs }] of this.#openPicks.get(isolate) ?? []) {
      if (sinceMs <= settledMs && ownValue(open, attempt) === undefined) this.#close(isolate, attempt);
    }
    if (!isNew) return;
    for (const [attempt, origin] of Object.entries(open)) {
      const server = this.#servers.get(origin);
      if (server === undefined || this.#openPicks.get(isolate)?.has(attempt)) continue;
      this.#open(isolate, attempt, server, null);
    }
  }

  /** Drops the attempts of vanished isolates. */
  sweep(isKnown: (isolate: string) => boolean): void {
    const orphanedMs = this.#options.now() - ORPHAN_MS;
    for (const [isolate, picks] of this.#openPicks) {
      if (isKnown(isolate)) continue;
      for (const [attempt, { sinceMs }] of picks) if (sinceMs <= orphanedMs) this.#close(isolate, attempt);
    }
  }

  #open(isolate: string, attempt: string, server: Server, grant: OpenPick["grant"]): void {
    this.#balancer?.connect(server);
    const picks = this.#openPicks.get(isolate) ?? new Map<string, OpenPick>();
    picks.set(attempt, { server, sinceMs: this.#options.now(), grant });
    this.#openPicks.set(isolate, picks);
  }

  /** Null: it is not known, or no longer known. */
  #close(isolate: string, attempt: string): OpenPick | null {
    const picks = this.#openPicks.get(isolate);
    const pick = picks?.get(attempt);
    if (picks === undefined || pick === undefined) return null;
    picks.delete(attempt);
    if (picks.size === 0) this.#openPicks.delete(isolate);
    this.#balancer?.disconnect(pick.server);
    return pick;
  }

  /** One that has got a token since it was not picked was at its limit, too. @param tried those that do not serve it */
  #retryAfterMs(tried: ReadonlySet<Server>): number | null {
    const nowMs = this.#options.now();
    const waits = [...this.#servers.values()].flatMap((server) => {
      const limit = tried.has(server) ? null : this.#options.limiter(server.id);
      const reason = this.#balancer?.pickIneligibility(server) ?? null;
      if (limit === null || (reason !== null && reason !== "rate_limited")) return [];
      return [Math.max(1, limit.retryAfterMs(nowMs))];
    });
    return waits.length === 0 ? null : Math.min(...waits);
  }
}

/** Sessions are the edge's, in its cookie; here only where the request says it is pinned. */
function affinityOf({ sticky }: PoolConfig): Affinity<Server, StrictRequest> | false {
  if (sticky === null) return false;
  const method: AffinityMethod = sticky.method;
  return {
    method,
    getServer: ({ pinned }) => pinned,
    pin: (request) => {
      request.repinned = true;
    },
  };
}
