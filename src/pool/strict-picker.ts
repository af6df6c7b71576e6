/**
 * `coordination: "strict"`: picks for all isolates through the same core as they would use, over counts that are
 * exact because every request's begin and end is known here.
 * @module
 */
import type { PoolConfig } from "../config/schema.ts";
import type { PickReply, PickRequest, ReleaseReport } from "../contract/strict.ts";
import type { PoolSnapshot } from "../contract/sync.ts";
import { ineligibility } from "../core/eligibility.ts";
import { LoadBalancer } from "../core/load-balancer.ts";
import { Server } from "../core/server.ts";
import type { Affinity, AffinityMethod, RouteRequest } from "../core/session-affinity.ts";
import type { PickLimit } from "./pick-limit.ts";

/** A hold of an isolate that is not heard of any more is dropped once it is this old. */
const ORPHAN_MS = 60_000;
/** Picks and reports pass each other on the way: a hold younger than this may be missing in a report. */
const SETTLED_MS = 5_000;

interface Hold {
  readonly server: Server;
  readonly sinceMs: number;
  /** What it took of its origin's rate limit; null: there is none. */
  readonly taken: { readonly limit: PickLimit; readonly name: number } | null;
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
  limit: (origin: string) => PickLimit | null;
}

export class StrictPicker {
  readonly #options: StrictOptions;
  readonly #servers = new Map<string, Server>();
  /** By isolate and attempt. */
  readonly #holds = new Map<string, Map<string, Hold>>();
  #balancer: LoadBalancer<Server, StrictRequest> | null = null;
  /** What it was made of. */
  #parts = "";

  constructor(options: StrictOptions) {
    this.#options = options;
  }

  /** Takes a snapshot over; counts stay. */
  adopt({ config, origins }: PoolSnapshot): void {
    const servers = config.origins.map((origin) => {
      const server = this.#servers.get(origin.id) ?? new Server("", 0, origin.weight, { id: origin.id });
      const state = origins[origin.id];
      server.weight = origin.weight;
      server.enabled = origin.enabled;
      server.backup = origin.backup;
      server.maxConnections = origin.max_connections ?? Number.POSITIVE_INFINITY;
      server.limiter = this.#options.limit(origin.id);
      if (state !== undefined) {
        server.weightFactor = state.weight_factor;
        server.healthy = state.healthy;
        server.ejected = state.ejected;
        server.draining = state.draining;
        server.drained = state.drained;
      }
      this.#servers.set(origin.id, server);
      return server;
    });
    const ids = new Set(servers.map(({ id }) => id));
    for (const id of this.#servers.keys()) if (!ids.has(id)) this.#servers.delete(id);
    const { algorithm, panic_threshold: panicThreshold, hash_balance_factor: balanceFactor, sticky } = config;
    const parts = JSON.stringify([algorithm, panicThreshold, balanceFactor, sticky, [...ids]]);
    // Changes of standing alone are seen by the one there is, and keep its turns and tables.
    if (parts === this.#parts) return;
    this.#parts = parts;
    const { now, cursor } = this.#options;
    const settings = { algorithm, now, cursor, panicThreshold, balanceFactor, sticky: affinityOf(config) };
    this.#balancer = new LoadBalancer<Server, StrictRequest>(servers, settings);
  }

  /** True while unhealthy origins are used because too few are healthy; true of pools that are not strict, too. */
  get panicking(): boolean {
    return this.#balancer?.panicking ?? false;
  }

  pick(request: PickRequest): PickReply {
    // Should it arrive a second time, the first answer is not heard any more.
    this.#drop(request.isolate, request.attempt);
    const tried = new Set(request.tried.flatMap((id) => this.#servers.get(id) ?? []));
    const pinned = request.pinned === null ? null : (this.#servers.get(request.pinned) ?? null);
    const facts: StrictRequest = { clientIp: request.client_ip, key: request.key, pinned, repinned: false };
    const decision = this.#balancer?.decide(facts, tried) ?? null;
    if (decision === null) {
      return { origin: null, reason: null, repinned: false, retry_after_ms: this.#retryAfterMs() };
    }
    const { server, reason } = decision;
    const limit = this.#options.limit(server.id);
    const name = limit?.lastTaken ?? null;
    const taken = limit === null || name === null ? null : { limit, name };
    this.#hold(request.isolate, request.attempt, server, taken);
    return { origin: server.id, reason, repinned: facts.repinned, retry_after_ms: null };
  }

  /** An answer is over. What is not known any more, or told twice, changes nothing. */
  release(report: ReleaseReport): void {
    const hold = this.#drop(report.isolate, report.attempt);
    if (hold === null) return;
    this.#balancer?.report(hold.server, { failed: report.failed, latencyMs: report.latency_ms });
    hold.taken?.limit.started(hold.taken.name, this.#options.now() - report.latency_ms);
  }

  /**
   * Sets an isolate's holds against its own account of them: a release or the answer to a pick may have been lost.
   * @param open attempts that are open there, with the origin of each
   * @param isNew nothing was heard of it in this life of the object, so what it holds is of an earlier one
   */
  reconcile(isolate: string, open: Readonly<Record<string, string>>, isNew: boolean): void {
    const settledMs = this.#options.now() - SETTLED_MS;
    for (const [attempt, { sinceMs }] of this.#holds.get(isolate) ?? []) {
      if (sinceMs <= settledMs && open[attempt] === undefined) this.#drop(isolate, attempt);
    }
    if (!isNew) return;
    for (const [attempt, origin] of Object.entries(open)) {
      const server = this.#servers.get(origin);
      if (server === undefined || this.#holds.get(isolate)?.has(attempt)) continue;
      this.#hold(isolate, attempt, server, null);
    }
  }

  /** Drops what vanished isolates held. */
  sweep(isKnown: (isolate: string) => boolean): void {
    const orphanedMs = this.#options.now() - ORPHAN_MS;
    for (const [isolate, holds] of this.#holds) {
      if (isKnown(isolate)) continue;
      for (const [attempt, { sinceMs }] of holds) if (sinceMs <= orphanedMs) this.#drop(isolate, attempt);
    }
  }

  #hold(isolate: string, attempt: string, server: Server, taken: Hold["taken"]): void {
    this.#balancer?.connect(server);
    const holds = this.#holds.get(isolate) ?? new Map<string, Hold>();
    holds.set(attempt, { server, sinceMs: this.#options.now(), taken });
    this.#holds.set(isolate, holds);
  }

  /** Null: it is not known, or not any more. */
  #drop(isolate: string, attempt: string): Hold | null {
    const holds = this.#holds.get(isolate);
    const hold = holds?.get(attempt);
    if (holds === undefined || hold === undefined) return null;
    holds.delete(attempt);
    if (holds.size === 0) this.#holds.delete(isolate);
    this.#balancer?.disconnect(hold.server);
    return hold;
  }

  #retryAfterMs(): number | null {
    const nowMs = this.#options.now();
    const waits = [...this.#servers.values()]
      .filter((server) => ineligibility(server, nowMs) === "rate_limited")
      .map(({ id }) => this.#options.limit(id)?.retryAfterMs(nowMs) ?? 0);
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
