/**
 * The pool's rate limits: one set of shares per origin that has a limit, and the memory that shares were given, so
 * that an object that restarts does not give them a second time.
 * @module
 */
import type { PoolConfig } from "../config/schema.ts";
import { HOLD_MS, LONGEST_LEASE_MS, type RateGrant, type RateReport } from "../core/rate-lease.ts";
import { type EarlierLife, RateShares } from "../core/rate-shares.ts";
import { PickLimit } from "./pick-limit.ts";
import type { PoolStore } from "./store.ts";

/** The mark reaches this far ahead, and is moved when half is left: two writes a minute. */
const MARK_MS = 60_000;
/** A mark says this much more than was given, so that it need not be written for each share that grows. */
const MARK_AHEAD = 1.15;
/** ...and at least this much of a limit. */
const LEAST_MARKED = 0.3;

/** Most shares of all origins together, about 400 bytes each... */
const MOST_CLAIMS = 100_000;
/** ...but so many of each origin. */
const FEWEST_CLAIMS = 20;

/** Says that leases of up to `lease_ms` may have been given until `until`, in ms since the epoch. */
interface Mark {
  until: number;
  lease_ms: number;
  /** Most that was out at a time, by origin; absent, in marks of older versions: perhaps the whole limit. */
  most?: Record<string, number>;
}

/** A cold isolate's, which does not know the origins yet. */
const NOTHING_HELD: RateReport = { demand: 0, lease: 0, held_ms: 0, share: 0, left_ms: 0 };

export interface RateExchange {
  isolate: string;
  /** By origin id. */
  rates: Record<string, RateReport>;
  /** The isolate knows no origins yet, so it gets a share of every limit. */
  isCold: boolean;
  /** When it will sync again. */
  paceMs: number;
  /** How many isolates there are. */
  isolates: number;
}

export class RateAuthority {
  readonly #store: Pick<PoolStore, "fact" | "setFact">;
  readonly #bornMs: number;
  readonly #earlier: Mark | null;
  #mark: Mark;
  #isStrict = false;
  #shares = new Map<string, RateShares>();

  constructor(store: Pick<PoolStore, "fact" | "setFact">, nowMs: number) {
    this.#store = store;
    this.#bornMs = nowMs;
    this.#mark = store.fact<Mark>("rate_leases", { until: 0, lease_ms: 0 });
    this.#earlier = nowMs < this.#mark.until ? this.#mark : null;
  }

  /** The limits of a configuration are in force; null: there is none. */
  adopt(config: PoolConfig | null): void {
    const before = this.#shares;
    this.#shares = new Map();
    if (config === null) return;
    const limits = config.origins.flatMap(({ id, rate_limit }): [string, number][] => {
      const limit = rate_limit ?? config.rate_limit;
      return limit === null ? [] : [[id, limit]];
    });
    this.#isStrict = config.coordination === "strict";
    for (const [id, limit] of limits) {
      const shares = before.get(id) ?? this.#open(id, limit);
      shares.limit = limit;
      shares.mostClaims = Math.max(FEWEST_CLAIMS, Math.min(MOST_CLAIMS / limits.length, 2_000));
      shares.tokensOnly = this.#isStrict;
      this.#shares.set(id, shares);
    }
  }

  /** Answers what an isolate says of its shares. */
  exchange(report: RateExchange, nowMs: number): Record<string, RateGrant> {
    const { isolate, rates, isCold, paceMs } = report;
    const grants: Record<string, RateGrant> = {};
    let isServed = false;
    for (const origin of isCold ? this.#shares.keys() : Object.keys(rates)) {
      const shares = this.#shares.get(origin);
      if (shares === undefined) continue;
      const held = rates[origin] ?? NOTHING_HELD;
      // A request needs a token of one origin only.
      const asked: RateReport = isServed ? { ...held, need: 0 } : held;
      const grant = shares.exchange(isolate, asked, paceMs, nowMs);
      isServed ||= (asked.need ?? 0) > 0 && (grant.tokens > 0 || isRaised(grant, held));
      this.#note(origin, grant.valid_ms, nowMs);
      // Not in force while the object picks; what the isolate has to go on with should the object be gone.
      if (this.#isStrict) grant.share = Math.floor(shares.limit / Math.max(1, report.isolates));
      grants[origin] = grant;
    }
    return grants;
  }

  /** An origin's limit as the object's own picks meet it; null if it has none. */
  pickLimit(origin: string): PickLimit | null {
    const shares = this.#shares.get(origin);
    if (shares === undefined) return null;
    return new PickLimit(shares, (validMs, nowMs) => this.#note(origin, validMs, nowMs));
  }

  /** What may have been started at an origin within the last second; null if it has no limit. */
  counted(origin: string, nowMs: number): number | null {
    return this.#shares.get(origin)?.counted(nowMs) ?? null;
  }

  #open(origin: string, limit: number): RateShares {
    return new RateShares(limit, { earlier: this.#earlierLife(origin, limit), firstNumber: this.#bornMs });
  }

  /** What an earlier life gave is not known until it has run out; who holds some of it says so and keeps it. */
  #earlierLife(origin: string, limit: number): EarlierLife | null {
    if (this.#earlier === null) return null;
    const { most, lease_ms } = this.#earlier;
    return {
      untilMs: this.#bornMs + lease_ms + HOLD_MS,
      most: most === undefined ? limit : (most[origin] ?? 0),
    };
  }

  /** Something was given: the mark must say at least as much. */
  #note(origin: string, leaseMs: number, nowMs: number): void {
    const given = this.counted(origin, nowMs) ?? 0;
    const { until, lease_ms, most } = this.#mark;
    const isEnough = leaseMs <= lease_ms && given <= (most?.[origin] ?? 0);
    if (isEnough && nowMs < until - MARK_MS / 2) return;
    const isOver = nowMs >= until;
    // Where isolates become many, leases grow a little with each call: not a write for each.
    const longer = leaseMs <= lease_ms ? leaseMs : Math.min(leaseMs * 2, LONGEST_LEASE_MS);
    this.#mark = {
      until: nowMs + MARK_MS,
      lease_ms: isOver ? leaseMs : Math.max(longer, lease_ms),
      most: this.#mostGiven(nowMs),
    };
    this.#store.setFact("rate_leases", this.#mark);
  }

  #mostGiven(nowMs: number): Record<string, number> {
    const most: Record<string, number> = {};
    for (const [origin, shares] of this.#shares) {
      const ahead = Math.max(MARK_AHEAD * shares.counted(nowMs), LEAST_MARKED * shares.limit);
      most[origin] = Math.ceil(Math.min(ahead, Math.max(shares.limit, shares.counted(nowMs))));
    }
    return most;
  }
}

function isRaised(grant: RateGrant, held: RateReport): boolean {
  return grant.valid_ms > 0 && grant.share > (held.left_ms > 0 ? held.share : 0);
}
