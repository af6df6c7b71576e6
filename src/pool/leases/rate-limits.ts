/**
 * The pool's rate limits: shares of each origin that has a limit, and a stored watermark of the shares granted, so that
 * an object that restarts does not grant them a second time.
 * @module
 */

import { rateLimitOf } from "../../config/pool-rules.ts";
import type { PoolConfig } from "../../config/schema.ts";
import { ownValue } from "../../core/own-value.ts";
import { MOST_ALLOCATIONS, RateLimitAllocator } from "../../core/rate-limit/rate-allocator.ts";
import {
  LONGEST_TOKEN_MS,
  placesRaised,
  type RateGrant,
  type RateReport,
} from "../../core/rate-limit/rate-lease.ts";
import type { Metadata } from "../storage/metadata.ts";
import { type GrantTimes, RateWatermark } from "./grant-watermark.ts";
import { StrictLimiter } from "./strict-limiter.ts";

/** Most shares of all origins together, about 400 bytes each... */
const MOST_IN_ALL = 100_000;
/** ...but at least this many for each origin. */
const FEWEST_ALLOCATIONS = 20;
/**
 * Tokens alone serve so many requests a second of all origins together, where shares would be small: each takes a call,
 * and the object has syncs to answer, too.
 */
const TOKEN_RATE = 66;

/** An origin's limit. */
interface OriginLimit {
  readonly allocator: RateLimitAllocator;
  readonly strictLimiter: StrictLimiter;
}

/** A cold isolate's, which does not know the origins yet. */
const NOTHING_HELD: RateReport = { demand: 0, lease: 0, held_ms: 0, share: 0, left_ms: 0 };

export interface RateExchange {
  isolate: string;
  /** By origin id. */
  rates: Record<string, RateReport>;
  /** The isolate knows no origins yet, so it gets a share of every limit. */
  isCold: boolean;
  /** Requests that wait for the answer, if it is cold. */
  waiting: number;
  /** False: it is a call for tokens. */
  isSync: boolean;
  /** When it will sync again. */
  paceMs: number;
  /** How many isolates there are. */
  isolates: number;
}

export interface RateAnswer {
  /** By origin id. */
  readonly grants: Record<string, RateGrant>;
  /** It asked for tokens and got nothing. */
  readonly isUnmet: boolean;
}

export class PoolRateLimits {
  readonly #watermark: RateWatermark;
  #isStrict = false;
  #limits = new Map<string, OriginLimit>();
  /** Removed limits with grants that have not expired. If such a limit is added again, these grants count. */
  #former = new Map<string, OriginLimit>();

  constructor(store: Pick<Metadata, "get" | "put">, nowMs: number) {
    this.#watermark = new RateWatermark(store, nowMs);
  }

  /** See `RateWatermark.spentUntilMs`. */
  get spentUntilMs(): number {
    return this.#watermark.spentUntilMs;
  }

  /** The limits of a configuration are in force; null: there is none. */
  adopt(config: PoolConfig | null, nowMs: number): void {
    const known = new Map([...this.#former, ...this.#limits]);
    this.#limits = new Map();
    this.#isStrict = config?.coordination === "strict";
    const limits = limitsOf(config);
    for (const [id, limit] of limits) {
      const limited = known.get(id) ?? this.#open(id, limit, nowMs);
      limited.allocator.limit = limit;
      limited.allocator.mostAllocations = Math.max(
        FEWEST_ALLOCATIONS,
        Math.min(MOST_IN_ALL / limits.size, MOST_ALLOCATIONS),
      );
      limited.allocator.tokenRate = TOKEN_RATE / limits.size;
      limited.allocator.tokensOnly = this.#isStrict;
      this.#limits.set(id, limited);
      known.delete(id);
    }
    this.#former = stillOut(known, nowMs);
  }

  /** Answers an isolate's report of its shares. */
  exchange(report: RateExchange, nowMs: number): RateAnswer {
    const { isolate, rates, isCold, waiting, paceMs } = report;
    const grants: Record<string, RateGrant> = {};
    const cold = { ...NOTHING_HELD, need: waiting, token_ms: LONGEST_TOKEN_MS };
    let asked = 0;
    let served = 0;
    for (const origin of this.#freestFirst(isCold ? [...this.#limits.keys()] : Object.keys(rates), nowMs)) {
      const allocator = this.#limits.get(origin)?.allocator;
      if (allocator === undefined) continue;
      const held: RateReport = ownValue(rates, origin) ?? cold;
      // A request needs a token of one origin only, and none of a sync while the object picks.
      const need = this.#isStrict && report.isSync ? 0 : Math.max(0, (held.need ?? 0) - served);
      const grant = allocator.exchange(isolate, { ...held, need }, paceMs, nowMs);
      asked += need;
      if (need > 0) served += grant.tokens + (grant.valid_ms > 0 ? placesRaised(held, grant.share) : 0);
      const tokenMs = grant.tokens > 0 ? grant.token_ms : 0;
      this.#cover(origin, { leaseMs: grant.valid_ms, tokenMs }, nowMs);
      // The share is not in force while the object picks; the isolate uses it if the object cannot be reached.
      if (this.#isStrict) grant.share = Math.floor(allocator.limit / Math.max(1, report.isolates));
      grants[origin] = grant;
    }
    return { grants, isUnmet: asked > 0 && served === 0 };
  }

  /** True if an isolate reports what a previous incarnation of the object has granted, and may use it. */
  isFormer(rates: Readonly<Record<string, RateReport>>, nowMs: number): boolean {
    return Object.entries(rates).some(([origin, report]) =>
      this.#limits.get(origin)?.allocator.previous.isHeldBy(report, nowMs),
    );
  }

  /** Requests that any of the origins may serve get tokens of the one that has most of its limit left. */
  #freestFirst(origins: readonly string[], nowMs: number): readonly string[] {
    if (origins.length < 2) return origins;
    const used = (origin: string): number => {
      const allocator = this.#limits.get(origin)?.allocator;
      return allocator === undefined ? 1 : allocator.outstanding(nowMs) / allocator.limit;
    };
    const byUse = origins.map((origin) => ({ origin, used: used(origin) }));
    return byUse.sort((one, other) => one.used - other.used).map(({ origin }) => origin);
  }

  /** An origin's limit as the object's own picks meet it; null if it has none. */
  strictLimiter(origin: string): StrictLimiter | null {
    return this.#limits.get(origin)?.strictLimiter ?? null;
  }

  /** How many requests may have started at an origin within the last second; null if it has no limit. */
  outstanding(origin: string, nowMs: number): number | null {
    return this.#limits.get(origin)?.allocator.outstanding(nowMs) ?? null;
  }

  #open(origin: string, limit: number, nowMs: number): OriginLimit {
    const allocator = new RateLimitAllocator(limit, {
      previous: this.#watermark.previous(origin, limit),
      firstNumber: nowMs,
    });
    const strictLimiter = new StrictLimiter(allocator, (tokenMs, atMs) =>
      this.#cover(origin, { leaseMs: 0, tokenMs }, atMs),
    );
    return { allocator, strictLimiter };
  }

  #cover(origin: string, times: GrantTimes, nowMs: number): void {
    const allocator = this.#limits.get(origin)?.allocator;
    if (allocator === undefined) return;
    const all = () => {
      this.#former = stillOut(this.#former, nowMs);
      return new Map([...this.#former, ...this.#limits].map(([id, { allocator }]) => [id, allocator]));
    };
    this.#watermark.cover(origin, allocator, times, all, nowMs);
  }
}

/** The limits of which a grant may still be in use. */
function stillOut(limits: ReadonlyMap<string, OriginLimit>, nowMs: number): Map<string, OriginLimit> {
  return new Map([...limits].filter(([, { allocator }]) => allocator.outstanding(nowMs) > 0));
}

/** By origin id; those that have one. */
function limitsOf(config: PoolConfig | null): Map<string, number> {
  const limits = new Map<string, number>();
  for (const origin of config?.origins ?? []) {
    const limit = rateLimitOf(origin, config);
    if (limit !== null) limits.set(origin.id, limit);
  }
  return limits;
}
