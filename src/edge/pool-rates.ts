/**
 * The rate-limited origins of a pool, as an isolate sees them: what it tells the object of them, what it is told,
 * and what becomes of their limits when the object does not answer.
 * @module
 */
import type { AcquireReply } from "../contract/sync.ts";
import { ineligibility } from "../core/eligibility.ts";
import type { LeasedLimiter } from "../core/leased-limiter.ts";
import type { RateGrant, RateReport } from "../core/rate-lease.ts";
import { RoundTrip } from "../core/round-trip.ts";
import type { EdgeServer } from "./edge-server.ts";

/**
 * So many calls in a row without an answer, over so long, and the object is taken for unreachable rather than some
 * messages for lost, or a crowd for longer than a moment.
 */
const UNREACHABLE_AFTER = 3;
const UNREACHABLE_AFTER_MS = 2_000;
/** Who never had a share has nothing to go on with: two calls that failed at once, rather than in silence, are enough. */
const COLD_AFTER_ERRORS = 2;
/** An object that is overloaded is not asked for tokens for so long. */
const OVERLOADED_PAUSE_MS = 4_000;

/** Longest a request waits for tokens. */
export const LONGEST_TOKEN_WAIT_MS = 250;

/** An origin and its share. */
export interface LimitedOrigin {
  readonly server: EdgeServer;
  readonly limiter: LeasedLimiter;
}

/** How a call failed. */
export interface Unanswered {
  /** The object said so: it is not asked again for a while. */
  isOverloaded?: boolean;
  /** The call failed at once, rather than that nothing came back in time. */
  isError?: boolean;
}

/** A call for tokens. */
export interface TokenCall {
  readonly origins: readonly LimitedOrigin[];
  /** By origin id. */
  readonly reports: Record<string, RateReport>;
  readonly sentMs: number;
}

export class PoolRates {
  readonly roundTrip = new RoundTrip();
  #origins: LimitedOrigin[] = [];
  #failures = 0;
  /** When the first call failed since one was answered; null: the last one was. */
  #failingSinceMs: number | null = null;
  /** Of the failures, so many in a row were errors. */
  #errors = 0;
  #isUnreachable = false;
  /** Where to begin among the origins, so that tokens of all of them are used. */
  #turn = 0;

  /** The pool's origins changed, or their limits. */
  adopt(servers: readonly EdgeServer[]): void {
    this.#origins = servers.flatMap((server) =>
      server.leased === null ? [] : [{ server, limiter: server.leased }],
    );
    this.#failStatic();
  }

  get any(): boolean {
    return this.#origins.length > 0;
  }

  /** By origin id; only those in use here, or after a rest, when nobody knows which will be, all. */
  reports(nowMs: number): Record<string, RateReport> {
    const active = this.#origins.filter(({ limiter }) => limiter.isActive(nowMs));
    const reports: Record<string, RateReport> = {};
    for (const { server, limiter } of active.length > 0 ? active : this.#origins) {
      reports[server.id] = limiter.report(nowMs);
    }
    return reports;
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
      const grant = grants?.[server.id];
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
  unanswered(nowMs: number, { isOverloaded = false, isError = false }: Unanswered = {}): void {
    this.#failures += isOverloaded ? UNREACHABLE_AFTER : 1;
    this.#errors = isError ? this.#errors + 1 : 0;
    this.#failingSinceMs ??= nowMs;
    const isSilent = nowMs - this.#failingSinceMs >= UNREACHABLE_AFTER_MS;
    this.#isUnreachable ||= isSilent && this.#failures >= UNREACHABLE_AFTER;
    this.#failStatic();
    if (isOverloaded)
      for (const { limiter } of this.#origins) limiter.leaveAlone(nowMs + OVERLOADED_PAUSE_MS);
  }

  #failStatic(): void {
    for (const { limiter } of this.#origins) {
      const isCold = !limiter.everLeased;
      if (this.#isUnreachable || (isCold && this.#errors >= COLD_AFTER_ERRORS)) limiter.failStatic = true;
    }
  }

  /** Begins a call for tokens on behalf of a request that finds none; null: there is no use in one now. */
  beginCall(nowMs: number): TokenCall | null {
    const asked = this.spent(nowMs).filter(({ limiter }) => limiter.mayAsk(nowMs));
    if (asked.length === 0) return null;
    const start = this.#turn++ % asked.length;
    const origins = [...asked.slice(start), ...asked.slice(0, start)];
    const reports: Record<string, RateReport> = {};
    for (const { server, limiter } of origins)
      reports[server.id] = limiter.ask(nowMs, this.roundTrip.boundMs);
    return { origins, reports, sentMs: nowMs };
  }

  /**
   * The call is over.
   * @param reply null: it was not answered, or not in time
   */
  endCall(
    { origins, sentMs }: TokenCall,
    reply: AcquireReply | null,
    nowMs: number,
    isOverloaded = false,
  ): void {
    for (const { limiter } of origins) limiter.askEnded(nowMs, reply === null);
    if (reply === null) {
      this.unanswered(nowMs, { isOverloaded, isError: nowMs - sentMs < LONGEST_TOKEN_WAIT_MS });
      return;
    }
    this.roundTrip.observe(nowMs - sentMs);
    this.apply(reply.rates, sentMs, nowMs);
    // A turn is the isolate's, whatever origins it asks for.
    const turns = Object.values(reply.rates).filter(({ ask_ms }) => ask_ms !== undefined);
    const waitMs = Math.max(0, ...turns.map(({ wait_ms }) => wait_ms));
    if (waitMs > 0) for (const { limiter } of this.#origins) limiter.leaveAlone(nowMs + waitMs);
  }

  /** Origins that would take a request now had they a token. */
  spent(nowMs: number): LimitedOrigin[] {
    return this.#origins.filter(({ server }) => ineligibility(server, nowMs) === "rate_limited");
  }

  /**
   * Counts the origins a request finds at their limit.
   * @param picked took the request, perhaps with its last token
   * @param count is told of each
   */
  passedOver(picked: EdgeServer | null, nowMs: number, count: (origin: string) => void): void {
    for (const { server, limiter } of this.#origins) {
      if (server === picked || ineligibility(server, nowMs) !== "rate_limited") continue;
      limiter.refused(nowMs);
      count(server.id);
    }
  }

  /** Milliseconds until one of the origins that are only at their limit may serve; null if there is none. */
  retryAfterMs(nowMs: number): number | null {
    const waits = this.spent(nowMs).map(({ limiter }) => limiter.retryAfterMs(nowMs));
    return waits.length === 0 ? null : Math.min(...waits);
  }
}
