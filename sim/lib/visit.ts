/**
 * One request's way through an isolate: the order of steps of `edge/proxy.ts`, `edge/picker.ts` and
 * `edge/exchange.ts` with the real balancer, limits, retry rules and budget, and without the waiting.
 * @module
 */
import type { OutcomeKind } from "../../src/contract/sync.ts";
import { backoffMs } from "../../src/core/retry-policy.ts";
import type { PoolView } from "../../src/edge/edge-pool.ts";
import type { EdgeRequest } from "../../src/edge/edge-request.ts";
import type { EdgeServer } from "../../src/edge/edge-server.ts";
import { type EndOfHold, Hold } from "../../src/edge/hold.ts";
import { Attempt, type Deadlines } from "./attempts.ts";
import type { Client } from "./clients.ts";
import type { Answer } from "./recorder.ts";
import type { IsolateWorld, SimIsolate } from "./sim-isolate.ts";
import type { SimOrigin } from "./sim-origin.ts";

export interface VisitWorld extends IsolateWorld {
  readonly origins: ReadonlyMap<string, SimOrigin>;
  readonly deadlines: Deadlines;
}

/** All requests are repeatable, as a GET is. */
const METHOD = "GET";

export class Visit {
  readonly #world: VisitWorld;
  readonly #isolate: SimIsolate;
  readonly #client: Client;
  readonly #edge: EdgeRequest;
  readonly #tried = new Set<EdgeServer>();
  #passedOver = new Set<EdgeServer>();
  #askedForTokens = false;
  #attempts = 0;
  #rounds = 0;
  #outcome: OutcomeKind | null = null;
  /** The object, which picks in a strict pool, says that only a rate limit stands in the way. */
  #isLimitedThere = false;

  constructor(world: VisitWorld, isolate: SimIsolate, client: Client) {
    this.#world = world;
    this.#isolate = isolate;
    this.#client = client;
    this.#edge = client.request(METHOD, isolate.now());
  }

  begin(): void {
    this.#isolate.whenFresh(() => {
      if (!this.#isolate.isAlive) {
        this.#end("lost");
        return;
      }
      const { view } = this.#isolate.pool;
      if (view === null) this.#end("no_origin");
      else this.#enter(view);
    });
  }

  #enter(view: PoolView): void {
    const { pool } = this.#isolate;
    this.#edge.key = view.hashKey(this.#edge);
    this.#passedOver = new Set(pool.suspects(this.#edge.startedAtMs));
    pool.requests++;
    pool.retryBudget.deposit(this.#edge.startedAtMs);
    this.#next(view);
  }

  /** The next attempt, if there is an origin for one. */
  #next(view: PoolView): void {
    this.#pick(view, (server, over) => {
      if (!this.#isolate.isAlive) {
        this.#end("lost");
        return;
      }
      if (server === null) {
        this.#refuse();
        return;
      }
      if (!this.#tried.has(server)) {
        this.#send(view, server, over);
        return;
      }
      over?.(false, 0);
      // An origin that answered has had its say; only one that could not be reached is worth another round.
      if (this.#outcome !== "connect_failure") {
        this.#finish("origin_failed");
        return;
      }
      this.#world.agenda.in(backoffMs(++this.#rounds, this.#world.chance.random), () => {
        this.#tried.clear();
        this.#passedOver.clear();
        if (this.#isolate.isAlive) this.#next(view);
        else this.#end("lost");
      });
    });
  }

  #pick(view: PoolView, then: (server: EdgeServer | null, over: EndOfHold | null) => void): void {
    const pickHere = (): void => this.#pickHere(view, (server) => then(server, null));
    if (view.config.coordination !== "strict") {
      pickHere();
      return;
    }
    const isolate = this.#isolate;
    const request = {
      client_ip: this.#edge.clientIp,
      key: this.#edge.key,
      pinned: view.cookies?.getServer(this.#edge)?.id ?? null,
      tried: [...this.#passedOver].map(({ id }) => id),
    };
    isolate.pickStrictly(request, (reply, attempt) => {
      if (reply === null) {
        pickHere();
        return;
      }
      this.#isLimitedThere = reply.retry_after_ms !== null;
      if (reply.origin === null) {
        then(null, null);
        return;
      }
      const over: EndOfHold = (failed, latency_ms) =>
        isolate.releaseStrictly({ attempt, failed, latency_ms });
      const server = isolate.pool.server(reply.origin);
      if (server !== null) {
        if (reply.repinned) view.cookies?.pin(this.#edge);
        return then(server, over);
      }
      over(false, 0);
      pickHere();
    });
  }

  /** Where only rate limits stand in the way, the object is asked for a token, once. */
  #pickHere(view: PoolView, then: (server: EdgeServer | null) => void): void {
    const server = this.#choose(view);
    const { rates, ledger } = this.#isolate.pool;
    if (!rates.any) {
      then(server);
      return;
    }
    if (this.#tried.size === 0) {
      rates.passedOver(server, this.#isolate.now(), (origin) => ledger.rateLimited(origin));
    }
    if (this.#askedForTokens || (server !== null && !this.#tried.has(server))) {
      then(server);
      return;
    }
    this.#askedForTokens = true;
    this.#isolate.askForTokens((again) => then(again ? this.#choose(view) : server));
  }

  #choose({ balancer }: PoolView): EdgeServer | null {
    const server = balancer.route(this.#edge, this.#passedOver);
    // Rather one that could not be reached a moment ago than one that has just failed this request.
    return server === null || !this.#tried.has(server) ? server : balancer.route(this.#edge, this.#tried);
  }

  #send(view: PoolView, server: EdgeServer, over: EndOfHold | null): void {
    const { agenda, network, origins, recorder } = this.#world;
    const { pool, region } = this.#isolate;
    if (this.#attempts++ > 0) pool.ledger.retry(server.id);
    const hold = new Hold(server, over);
    this.#tried.add(server);
    this.#passedOver.add(server);
    recorder.start(agenda.nowMs, server.id);
    const startedMs = this.#isolate.now();
    const { attempt_timeout, total_timeout } = view.config.failover;
    const leftMs = this.#edge.startedAtMs + total_timeout * 1_000 - startedMs;
    const attempt = new Attempt((outcome) => {
      if (this.#isolate.isAlive) this.#ended(view, hold, outcome, this.#isolate.now() - startedMs);
      else this.#end("lost");
    });
    this.#world.deadlines.add(agenda.nowMs + Math.min(attempt_timeout * 1_000, leftMs), attempt);
    const origin = origins.get(server.id);
    if (origin === undefined) {
      attempt.end("connect_failure");
      return;
    }
    agenda.in(network.delayMs(region, origin.region), () => {
      origin.arrive((answered) => {
        const outcome = answered ? "success" : "connect_failure";
        agenda.in(network.delayMs(origin.region, region), () => attempt.end(outcome));
      });
    });
  }

  #ended(view: PoolView, hold: Hold, outcome: OutcomeKind, latencyMs: number): void {
    const { pool } = this.#isolate;
    this.#outcome = outcome;
    hold.note(outcome !== "success", latencyMs);
    hold.release();
    pool.ended(hold.server, outcome, latencyMs);
    if (outcome === "success") {
      this.#client.keep(view.cookies?.setCookie(this.#edge, hold.server) ?? null);
      this.#finish("answered");
      return;
    }
    const nowMs = this.#isolate.now();
    const verdict = view.retryPolicy.decide({
      method: METHOD,
      hasIdempotencyKey: false,
      bodyReplayable: true,
      attempts: this.#attempts,
      failure: outcome === "timeout" ? "timeout" : "connect_failure",
      elapsedMs: nowMs - this.#edge.startedAtMs,
    });
    if (verdict.retry && pool.retryBudget.withdraw(nowMs)) this.#next(view);
    else this.#finish("origin_failed");
  }

  /** No origin is eligible. */
  #refuse(): void {
    const here = this.#isolate.pool.rates.retryAfterMs(this.#isolate.now()) !== null;
    if (this.#outcome !== null) this.#finish("origin_failed");
    else this.#finish(this.#isLimitedThere || here ? "rate_limited" : "no_origin");
  }

  #finish(answer: Answer): void {
    this.#isolate.afterRequest();
    this.#end(answer);
  }

  #end(answer: Answer): void {
    this.#world.recorder.answer(this.#world.agenda.nowMs, answer);
  }
}
