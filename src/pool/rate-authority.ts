/**
 * The pool's rate limits: one set of shares per origin that has a limit, and the memory that shares were given, so
 * that an object that restarts does not give them a second time.
 * @module
 */
import type { PoolConfig } from "../config/schema.ts";
import type { EarlierLifeOptions } from "../core/earlier-life.ts";
import { HOLD_MS, LONGEST_LEASE_MS, type RateGrant, type RateReport } from "../core/rate-lease.ts";
import { RateShares } from "../core/rate-shares.ts";
import { PickLimit } from "./pick-limit.ts";
import type { PoolStore } from "./store.ts";

/** The mark reaches this far ahead, and is moved when half is left: two writes a minute. */
const MARK_MS = 60_000;
/** A mark says this much more than was given, so that it need not be written for each share that grows... */
const MARK_AHEAD = 1.25;
/** ...at least this many more... */
const FEWEST_AHEAD = 2;
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

/** An origin's limit. */
interface Limited {
  readonly shares: RateShares;
  readonly picks: PickLimit;
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
  #limits = new Map<string, Limited>();
  /** Limits that are no more, but of which something is still out: they may be put back. */
  #former = new Map<string, Limited>();

  constructor(store: Pick<PoolStore, "fact" | "setFact">, nowMs: number) {
    this.#store = store;
    this.#bornMs = nowMs;
    this.#mark = store.fact<Mark>("rate_leases", { until: 0, lease_ms: 0 });
    this.#earlier = nowMs < this.#mark.until ? this.#mark : null;
  }

  /** The limits of a configuration are in force; null: there is none. */
  adopt(config: PoolConfig | null, nowMs: number): void {
    const known = new Map([...this.#former, ...this.#limits]);
    this.#limits = new Map();
    this.#isStrict = config?.coordination === "strict";
    const limits = limitsOf(config);
    for (const [id, limit] of limits) {
      const limited = known.get(id) ?? this.#open(id, limit, nowMs);
      limited.shares.limit = limit;
      limited.shares.mostClaims = Math.max(FEWEST_CLAIMS, Math.min(MOST_CLAIMS / limits.size, 2_000));
      limited.shares.tokensOnly = this.#isStrict;
      this.#limits.set(id, limited);
      known.delete(id);
    }
    this.#former = stillOut(known, nowMs);
  }

  /** Answers what an isolate says of its shares. */
  exchange(report: RateExchange, nowMs: number): Record<string, RateGrant> {
    const { isolate, rates, isCold, paceMs } = report;
    const grants: Record<string, RateGrant> = {};
    let isServed = false;
    for (const origin of isCold ? this.#limits.keys() : Object.keys(rates)) {
      const shares = this.#limits.get(origin)?.shares;
      if (shares === undefined) continue;
      const held = rates[origin] ?? NOTHING_HELD;
      // A request needs a token of one origin only.
      const asked: RateReport = isServed ? { ...held, need: 0 } : held;
      const grant = shares.exchange(isolate, asked, paceMs, nowMs);
      isServed ||= (asked.need ?? 0) > 0 && (grant.tokens > 0 || isRaised(grant, held));
      this.#note(origin, Math.max(grant.valid_ms, grant.tokens > 0 ? grant.token_ms : 0), nowMs);
      // Not in force while the object picks; what the isolate has to go on with should the object be gone.
      if (this.#isStrict) grant.share = Math.floor(shares.limit / Math.max(1, report.isolates));
      grants[origin] = grant;
    }
    return grants;
  }

  /** An origin's limit as the object's own picks meet it; null if it has none. */
  pickLimit(origin: string): PickLimit | null {
    return this.#limits.get(origin)?.picks ?? null;
  }

  /** What may have been started at an origin within the last second; null if it has no limit. */
  counted(origin: string, nowMs: number): number | null {
    return this.#limits.get(origin)?.shares.counted(nowMs) ?? null;
  }

  #open(origin: string, limit: number, nowMs: number): Limited {
    const shares = new RateShares(limit, { earlier: this.#earlierLife(origin, limit), firstNumber: nowMs });
    const picks = new PickLimit(shares, (validMs, atMs) => this.#note(origin, validMs, atMs));
    return { shares, picks };
  }

  /** What an earlier life gave is not known until it has run out; who holds some of it says so and keeps it. */
  #earlierLife(origin: string, limit: number): EarlierLifeOptions | null {
    if (this.#earlier === null) return null;
    const { most, lease_ms } = this.#earlier;
    return {
      untilMs: this.#bornMs + lease_ms + HOLD_MS,
      most: most === undefined ? limit : (most[origin] ?? 0),
    };
  }

  /** Something was given that is good for so long: the mark must say at least as much. */
  #note(origin: string, validMs: number, nowMs: number): void {
    const given = this.counted(origin, nowMs) ?? 0;
    const { until, lease_ms, most = {} } = this.#mark;
    const isDue = nowMs >= until - MARK_MS / 2;
    if (!isDue && validMs <= lease_ms && given <= (most[origin] ?? 0)) return;
    this.#former = stillOut(this.#former, nowMs);
    const isOver = nowMs >= until;
    // Where isolates become many, leases grow a little with each call: not a write for each.
    const longer = validMs <= lease_ms ? validMs : Math.min(validMs * 2, LONGEST_LEASE_MS);
    this.#mark = {
      until: isDue ? nowMs + MARK_MS : until,
      lease_ms: isOver ? validMs : Math.max(longer, lease_ms),
      // What was marked stays until the mark is moved: else each origin's trough would cost a write.
      most: this.#mostGiven(isDue ? {} : most, nowMs),
    };
    this.#store.setFact("rate_leases", this.#mark);
  }

  #mostGiven(marked: Readonly<Record<string, number>>, nowMs: number): Record<string, number> {
    const most: Record<string, number> = {};
    for (const [origin, { shares }] of [...this.#former, ...this.#limits]) {
      const counted = shares.counted(nowMs);
      const ahead = Math.max(MARK_AHEAD * counted, counted + FEWEST_AHEAD, LEAST_MARKED * shares.limit);
      const enough = Math.ceil(Math.min(ahead, Math.max(shares.limit, counted)));
      most[origin] = Math.max(enough, marked[origin] ?? 0);
    }
    return most;
  }
}

/** Those of which something may still be in use. */
function stillOut(limits: ReadonlyMap<string, Limited>, nowMs: number): Map<string, Limited> {
  return new Map([...limits].filter(([, { shares }]) => shares.counted(nowMs) > 0));
}

/** By origin id; those that have one. */
function limitsOf(config: PoolConfig | null): Map<string, number> {
  const limits = new Map<string, number>();
  for (const { id, rate_limit } of config?.origins ?? []) {
    const limit = rate_limit ?? config?.rate_limit ?? null;
    if (limit !== null) limits.set(id, limit);
  }
  return limits;
}

function isRaised(grant: RateGrant, held: RateReport): boolean {
  return grant.valid_ms > 0 && grant.share > (held.left_ms > 0 ? held.share : 0);
}
