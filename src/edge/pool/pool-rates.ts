/**
 * The rate-limited origins of a pool in an isolate: makes reports about them, applies grants, and decides how their
 * limits go on when the object does not answer.
 * @module
 */

import type { AcquireReply } from "../../contract/sync.ts";
import type { LoadBalancer } from "../../core/load-balancer.ts";
import { RttEstimator } from "../../core/metrics/rtt-estimator.ts";
import { ownValue } from "../../core/own-value.ts";
import type { RateGrant, RateReport } from "../../core/rate-limit/rate-lease.ts";
import type { ObjectAnswer, ObjectFailure } from "../../platform/object-answer.ts";
import type { EdgeRequest } from "../model/edge-request.ts";
import type { EdgeServer } from "../model/edge-server.ts";
import { type LimitedOrigin, LONGEST_CALL_WAIT_MS, TokenWaits } from "./token-waits.ts";

/**
 * After this many calls in a row without an answer, over this time, the object counts as unreachable. Fewer may be lost
 * messages, or the delay of a crowd.
 */
const UNREACHABLE_AFTER = 3;
const UNREACHABLE_AFTER_MS = 2_000;
/**
 * An isolate that never had a share cannot serve at all, so two calls in a row that failed in another way than by taking
 * too long are enough.
 */
const COLD_AFTER_ERRORS = 2;
/** Time for which an overloaded object is not asked for tokens, in ms. */
const OVERLOADED_PAUSE_MS = 4_000;

/** The pool's balancer, which knows whether an origin may take a request. */
export type Eligibility = Pick<LoadBalancer<EdgeServer, EdgeRequest>, "pickIneligibility">;

/** A call for tokens. */
export interface TokenCall {
  readonly origins: readonly LimitedOrigin[];
  /** By origin id. */
  readonly reports: Record<string, RateReport>;
  readonly sentMs: number;
}

export class PoolRates {
  readonly rtt = new RttEstimator();
  #servers: readonly EdgeServer[] = [];
  #origins: LimitedOrigin[] = [];
  #eligibility: Eligibility | null = null;
  #failures = 0;
  /** When the first call failed since one was answered; null: the last one was. */
  #failingSinceMs: number | null = null;
  /** How many of the last failures in a row were errors. */
  #errors = 0;
  #isUnreachable = false;
  readonly waits = new TokenWaits(this);
  /** Index of the first origin to try, so that tokens of all of them are used. */
  #offset = 0;

  /** The pool's origins changed, or their limits. */
  adopt(servers: readonly EdgeServer[], eligibility: Eligibility): void {
    this.#eligibility = eligibility;
    this.#servers = servers;
    this.#origins = servers.flatMap((server) =>
      server.leased === null ? [] : [{ server, limiter: server.leased }],
    );
    this.#failStatic();
  }

  get any(): boolean {
    return this.#origins.length > 0;
  }

  get origins(): readonly LimitedOrigin[] {
    return this.#origins;
  }

  /** True if this isolate holds a share that it will give up if no request comes. */
  mayRelease(nowMs: number): boolean {
    return this.#origins.some(({ limiter }) => limiter.mayRelease(nowMs));
  }

  /**
   * By origin id; only those in use here, or after a rest, when nobody knows which will be, all.
   * @param isAwaited a request waits for the answer. If it will need a token, the report asks for one
   */
  reports(nowMs: number, isAwaited = false): Record<string, RateReport> {
    const active = this.#origins.filter(({ limiter }) => limiter.isActive(nowMs));
    const wanted = isAwaited && !this.#mayServe(nowMs) ? this.spent(nowMs) : [];
    const reports: Record<string, RateReport> = {};
    for (const origin of wanted.length > 0 || active.length === 0 ? this.#origins : active) {
      const awaited = { waiting: wanted.includes(origin) ? 1 : 0, tokenMs: this.rtt.rtoMs };
      reports[origin.server.id] = origin.limiter.report(nowMs, isAwaited ? awaited : null);
    }
    return reports;
  }

  #mayServe(nowMs: number): boolean {
    return this.#servers.some((server) => this.#eligibility?.pickIneligibility(server, nowMs) === null);
  }

  /**
   * Takes over an answer.
   * @param grants undefined: from an object that does not know shares; limits then hold per isolate
   * @param sentMs when the report was sent that it answers
   */
  apply(grants: Record<string, RateGrant> | undefined, sentMs: number, nowMs: number): void {
    this.answered();
    for (const { server, limiter } of this.#origins) {
      limiter.failStatic = grants === undefined;
      const grant = ownValue(grants, server.id);
      if (grant !== undefined) limiter.apply(grant, sentMs, nowMs);
    }
  }

  /** A call got its answer, whatever it says: the object is there. */
  answered(): void {
    if (this.#failingSinceMs === null) return;
    this.#failures = 0;
    this.#errors = 0;
    this.#failingSinceMs = null;
    this.#isUnreachable = false;
    for (const { limiter } of this.#origins) limiter.failStatic = false;
  }

  /**
   * A call got no answer. Fail static: in the end requests go on, and limits hold per isolate only. Not before that is
   * certain: one lost message must not let an isolate have the limit for itself.
   */
  unanswered(nowMs: number, failure: ObjectFailure): void {
    const isOverloaded = failure === "overloaded";
    this.#failures += isOverloaded ? UNREACHABLE_AFTER : 1;
    this.#errors = failure === "timeout" ? 0 : this.#errors + 1;
    // Not later than now, though the clock be set back.
    this.#failingSinceMs = Math.min(this.#failingSinceMs ?? nowMs, nowMs);
    const isSilent = nowMs - this.#failingSinceMs >= UNREACHABLE_AFTER_MS;
    this.#isUnreachable ||= isSilent && this.#failures >= UNREACHABLE_AFTER;
    this.#failStatic();
    if (isOverloaded)
      for (const { limiter } of this.#origins) limiter.suppressUntil(nowMs + OVERLOADED_PAUSE_MS);
  }

  #failStatic(): void {
    for (const { limiter } of this.#origins) {
      const isCold = !limiter.hasHeldLease;
      if (this.#isUnreachable || (isCold && this.#errors >= COLD_AFTER_ERRORS)) limiter.failStatic = true;
    }
  }

  /**
   * Begins a call for tokens on behalf of a request that finds none; null: there is no use in one now.
   * @param spent as `spent` gives them
   */
  beginCall(spent: readonly LimitedOrigin[], nowMs: number): TokenCall | null {
    const requested = spent.filter(({ limiter }) => limiter.canRequest(nowMs));
    if (requested.length === 0) return null;
    const start = this.#offset++ % requested.length;
    const origins = [...requested.slice(start), ...requested.slice(0, start)];
    const reports: Record<string, RateReport> = {};
    for (const { server, limiter } of origins)
      reports[server.id] = limiter.request(nowMs, this.rtt.rtoMs, Math.max(1, this.waits.seekers.size));
    return { origins, reports, sentMs: nowMs };
  }

  /** The call is over. */
  endCall({ origins, sentMs }: TokenCall, answer: ObjectAnswer<AcquireReply>, nowMs: number): void {
    for (const { limiter } of origins) limiter.requestDone(nowMs, !answer.ok);
    if (!answer.ok) {
      // A call that is given up before its answer can be here says nothing of the object.
      const isNear = this.rtt.isMeasured && this.rtt.rtoMs <= LONGEST_CALL_WAIT_MS;
      if (isNear || answer.failure !== "timeout") this.unanswered(nowMs, answer.failure);
      return;
    }
    const { rates } = answer.value;
    this.rtt.observe(nowMs - sentMs);
    this.apply(rates, sentMs, nowMs);
    // A slot is the isolate's, whatever origins it requests tokens of.
    const slots = Object.values(rates).filter(({ slot_ms }) => slot_ms !== undefined);
    const waitMs = Math.max(0, ...slots.map(({ wait_ms }) => wait_ms));
    if (waitMs > 0) for (const { limiter } of this.#origins) limiter.suppressUntil(nowMs + waitMs);
  }

  /** Origins that would take a request now had they a token. */
  spent(nowMs: number): LimitedOrigin[] {
    return this.#origins.filter(
      ({ server }) => this.#eligibility?.pickIneligibility(server, nowMs) === "rate_limited",
    );
  }

  /**
   * For a request that no origin takes: milliseconds until one of the origins that are only at their limit may serve;
   * null if there is none. One that has got a token since the request was refused was at its limit, too.
   */
  retryAfterMs(nowMs: number): number | null {
    const waits = this.#origins
      .filter(({ server }) => {
        const reason = this.#eligibility?.pickIneligibility(server, nowMs) ?? null;
        return reason === null || reason === "rate_limited";
      })
      .map(({ limiter }) => limiter.retryAfterMs(nowMs));
    return waits.length === 0 ? null : Math.min(...waits);
  }
}
