/**
 * The pool's rate limits: shares of each origin that has a limit, and a stored watermark of the shares granted, so that
 * an object that restarts does not grant them a second time.
 * @module
 */

import { rateLimitOf } from "../../config/pool-rules.ts";
import type { PoolConfig } from "../../config/schema.ts";
import { ownValue } from "../../core/own-value.ts";
import type { PreviousIncarnationOptions } from "../../core/rate-limit/previous-incarnation.ts";
import { RateLimitAllocator } from "../../core/rate-limit/rate-allocator.ts";
import {
  LONGEST_LEASE_MS,
  type RateGrant,
  type RateReport,
  SAFE_WINDOW_MS,
} from "../../core/rate-limit/rate-lease.ts";
import type { Metadata } from "../storage/metadata.ts";
import type { GrantWatermark } from "../storage/stored-forms.ts";
import { StrictLimiter } from "./strict-limiter.ts";

/** The watermark reaches this far ahead, and is moved when half is left: two writes a minute. */
const WATERMARK_MS = 60_000;
/** A watermark says this much more than was given, so that it need not be written for each share that grows... */
const WATERMARK_FACTOR = 1.25;
/** ...at least this many more... */
const FEWEST_AHEAD = 2;
/** ...and at least this much of a limit. */
const LEAST_SHARE = 0.3;

/** Most shares of all origins together, about 400 bytes each... */
const MOST_ALLOCATIONS = 100_000;
/** ...but at least this many for each origin. */
const FEWEST_ALLOCATIONS = 20;

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
  /** When it will sync again. */
  paceMs: number;
  /** How many isolates there are. */
  isolates: number;
}

export class PoolRateLimits {
  readonly #store: Pick<Metadata, "get" | "put">;
  readonly #createdMs: number;
  readonly #previousWatermark: GrantWatermark | null;
  #watermark: GrantWatermark;
  #isStrict = false;
  #limits = new Map<string, OriginLimit>();
  /** Removed limits with grants that have not expired. If such a limit is added again, these grants count. */
  #former = new Map<string, OriginLimit>();

  constructor(store: Pick<Metadata, "get" | "put">, nowMs: number) {
    this.#store = store;
    this.#createdMs = nowMs;
    this.#watermark = store.get("rate_watermark");
    this.#previousWatermark = nowMs < this.#watermark.until ? this.#watermark : null;
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
        Math.min(MOST_ALLOCATIONS / limits.size, 2_000),
      );
      limited.allocator.tokensOnly = this.#isStrict;
      this.#limits.set(id, limited);
      known.delete(id);
    }
    this.#former = stillOut(known, nowMs);
  }

  /** Answers an isolate's report of its shares. */
  exchange(report: RateExchange, nowMs: number): Record<string, RateGrant> {
    const { isolate, rates, isCold, paceMs } = report;
    const grants: Record<string, RateGrant> = {};
    let isServed = false;
    for (const origin of isCold ? this.#limits.keys() : Object.keys(rates)) {
      const allocator = this.#limits.get(origin)?.allocator;
      if (allocator === undefined) continue;
      const held = ownValue(rates, origin) ?? NOTHING_HELD;
      // A request needs a token of one origin only.
      const asked: RateReport = isServed ? { ...held, need: 0 } : held;
      const grant = allocator.exchange(isolate, asked, paceMs, nowMs);
      isServed ||= (asked.need ?? 0) > 0 && (grant.tokens > 0 || isRaised(grant, held));
      this.#raiseWatermark(origin, Math.max(grant.valid_ms, grant.tokens > 0 ? grant.token_ms : 0), nowMs);
      // The share is not in force while the object picks; the isolate uses it if the object cannot be reached.
      if (this.#isStrict) grant.share = Math.floor(allocator.limit / Math.max(1, report.isolates));
      grants[origin] = grant;
    }
    return grants;
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
      previous: this.#previousIncarnation(origin, limit),
      firstNumber: nowMs,
    });
    const strictLimiter = new StrictLimiter(allocator, (validMs, atMs) =>
      this.#raiseWatermark(origin, validMs, atMs),
    );
    return { allocator, strictLimiter };
  }

  /**
   * The grants of a previous incarnation are not known until they have expired; an isolate that holds one reports and
   * keeps it.
   */
  #previousIncarnation(origin: string, limit: number): PreviousIncarnationOptions | null {
    if (this.#previousWatermark === null) return null;
    const { most, lease_ms } = this.#previousWatermark;
    return {
      untilMs: this.#createdMs + lease_ms + SAFE_WINDOW_MS,
      most: most === undefined ? limit : (ownValue(most, origin) ?? 0),
    };
  }

  /** Raises the watermark to cover a grant that is valid for this long. */
  #raiseWatermark(origin: string, validMs: number, nowMs: number): void {
    const given = this.outstanding(origin, nowMs) ?? 0;
    const { until, lease_ms, most = {} } = this.#watermark;
    const isDue = nowMs >= until - WATERMARK_MS / 2;
    if (!isDue && validMs <= lease_ms && given <= (ownValue(most, origin) ?? 0)) return;
    this.#former = stillOut(this.#former, nowMs);
    const isOver = nowMs >= until;
    // Where isolates become many, leases grow a little with each call: not a write for each.
    const longer = validMs <= lease_ms ? validMs : Math.min(validMs * 2, LONGEST_LEASE_MS);
    this.#watermark = {
      until: isDue ? nowMs + WATERMARK_MS : until,
      lease_ms: isOver ? validMs : Math.max(longer, lease_ms),
      // Noted amounts stay until the watermark is moved; otherwise each origin's trough would cost a write.
      most: this.#mostGiven(isDue ? {} : most, nowMs),
    };
    this.#store.put("rate_watermark", this.#watermark);
  }

  #mostGiven(before: Readonly<Record<string, number>>, nowMs: number): Record<string, number> {
    const most: Record<string, number> = {};
    for (const [origin, { allocator }] of [...this.#former, ...this.#limits]) {
      const counted = allocator.outstanding(nowMs);
      const ahead = Math.max(
        WATERMARK_FACTOR * counted,
        counted + FEWEST_AHEAD,
        LEAST_SHARE * allocator.limit,
      );
      const enough = Math.ceil(Math.min(ahead, Math.max(allocator.limit, counted)));
      most[origin] = Math.max(enough, ownValue(before, origin) ?? 0);
    }
    return most;
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

function isRaised(grant: RateGrant, held: RateReport): boolean {
  return grant.valid_ms > 0 && grant.share > (held.left_ms > 0 ? held.share : 0);
}
