/**
 * Chooses the origins for the attempts of one request: in the isolate, from snapshot and leases, or, for a strict
 * pool, by asking the object.
 * @module
 */
import type { Decision, DecisionReason } from "../core/load-balancer.ts";
import type { Env } from "../platform/env.ts";
import type { PoolView } from "./edge-pool.ts";
import type { EdgeRequest } from "./edge-request.ts";
import type { EdgeServer } from "./edge-server.ts";
import type { EndOfHold } from "./hold.ts";
import type { PoolLink } from "./isolate.ts";

export interface Pick {
  readonly server: EdgeServer;
  readonly reason: DecisionReason;
  /** To be told of the end of the answer; null if nobody is. */
  readonly over: EndOfHold | null;
}

/** Most requests fail nowhere, and need no set of their own. */
const NO_SERVERS: ReadonlySet<EdgeServer> = new Set();

export class Picker {
  readonly #edge: EdgeRequest;
  readonly #link: PoolLink;
  readonly #view: PoolView;
  readonly #env: Env;
  readonly #ctx: ExecutionContext;
  /** Failed this request already. */
  #tried: ReadonlySet<EdgeServer> = NO_SERVERS;
  /** Passed over while another is left: the tried, and those that could not be reached a moment ago. */
  #passedOver: ReadonlySet<EdgeServer>;
  #askedForTokens = false;
  /** Milliseconds until a rate limit lets a request through, if that is why no origin was eligible; else null. */
  retryAfterMs: number | null = null;

  constructor(edge: EdgeRequest, link: PoolLink, view: PoolView, env: Env, ctx: ExecutionContext) {
    this.#edge = edge;
    this.#link = link;
    this.#view = view;
    this.#env = env;
    this.#ctx = ctx;
    this.#passedOver = link.pool.suspects(edge.startedAtMs);
  }

  /** An origin, one not tried yet if such is left; null if none is eligible. */
  async next(): Promise<Pick | null> {
    if (this.#view.config.coordination === "strict") {
      const picked = await this.#ask();
      if (picked !== "pick_here") return picked;
    }
    const decision = await this.#decide();
    if (decision !== null) return { server: decision.server, reason: decision.reason, over: null };
    this.retryAfterMs = this.#link.pool.rates.retryAfterMs(Date.now());
    return null;
  }

  hasTried(server: EdgeServer): boolean {
    return this.#tried.has(server);
  }

  /** An attempt there has failed. */
  failed(server: EdgeServer): void {
    this.#tried = new Set(this.#tried).add(server);
    this.#passedOver = new Set(this.#passedOver).add(server);
  }

  /** All have been tried: begins anew. */
  startRound(): void {
    this.#tried = NO_SERVERS;
    this.#passedOver = NO_SERVERS;
  }

  /** Asks the object, which may not answer, or know origins that this isolate's snapshot does not have yet. */
  async #ask(): Promise<Pick | null | "pick_here"> {
    const { strict, pool } = this.#link;
    const attempt = strict.nextAttempt();
    const answer = await strict.pick(this.#env, {
      attempt,
      client_ip: this.#edge.clientIp,
      key: this.#edge.key,
      pinned: this.#view.cookies?.getServer(this.#edge)?.id ?? null,
      tried: [...this.#passedOver].map(({ id }) => id),
    });
    if (answer === null) return "pick_here";
    this.retryAfterMs = answer.retry_after_ms;
    if (answer.origin === null || answer.reason === null) return null;
    const over: EndOfHold = (failed, latencyMs) => {
      this.#ctx.waitUntil(strict.release(this.#env, { attempt, failed, latency_ms: latencyMs }));
    };
    const server = pool.server(answer.origin);
    if (server === null) {
      over(false, 0);
      return "pick_here";
    }
    if (answer.repinned) this.#view.cookies?.pin(this.#edge);
    return { server, reason: answer.reason, over };
  }

  /** Where only rate limits stand in the way, the object is asked for a token, once. */
  async #decide(): Promise<Decision<EdgeServer> | null> {
    const decision = this.#choose();
    const { rates, ledger } = this.#link.pool;
    if (!rates.any) return decision;
    if (this.#tried.size === 0) {
      rates.passedOver(decision?.server ?? null, Date.now(), (origin) => ledger.rateLimited(origin));
    }
    if (this.#askedForTokens || (decision !== null && !this.#tried.has(decision.server))) return decision;
    this.#askedForTokens = true;
    return (await this.#link.tokens.ask(this.#env, this.#ctx)) ? this.#choose() : decision;
  }

  #choose(): Decision<EdgeServer> | null {
    const { balancer } = this.#view;
    const decision = balancer.decide(this.#edge, this.#passedOver);
    // Rather one that could not be reached a moment ago than one that has just failed this request.
    if (decision === null || !this.#tried.has(decision.server)) return decision;
    return balancer.decide(this.#edge, this.#tried);
  }
}
