/**
 * The stored watermark of what was granted of the rate limits, so that an object that restarts does not grant it a second
 * time. It bounds what may be in use: how much of each limit, how much of that by shares, and for how long.
 * @module
 */
import { ownValue } from "../../core/own-value.ts";
import type { PreviousIncarnationOptions } from "../../core/rate-limit/previous-incarnation.ts";
import type { RateLimitAllocator } from "../../core/rate-limit/rate-allocator.ts";
import { LONGEST_TOKEN_MS, SAFE_WINDOW_MS } from "../../core/rate-limit/rate-lease.ts";
import type { Metadata } from "../storage/metadata.ts";
import type { GrantWatermark } from "../storage/stored-forms.ts";

/** The watermark reaches this far ahead, and is moved when half is left: two writes a minute... */
const WATERMARK_MS = 60_000;
/** ...or where it says far more than was given in a time of this length; but not while a lease may last from before. */
const TURN_MS = 5_000;
const FAR_MORE = 1.25;
/** A watermark says this much more than was given, so that it need not be written for each share that grows... */
const WATERMARK_FACTOR = 1.1;
/** ...at least this many more... */
const FEWEST_AHEAD = 2;
/** ...and at least this much of a limit. */
const LEAST_SHARE = 0.3;
/** Times of leases are rounded up to whole multiples of this, for they grow a little with each call in a crowd. */
const STEP_MS = 250;

/** Amounts of one limit that were in use at a time. */
interface Given {
  readonly all: number;
  readonly shares: number;
}

/** For how long a grant is good, in ms; 0: there was none of the kind. */
export interface GrantTimes {
  readonly leaseMs: number;
  readonly tokenMs: number;
}

type Allocators = ReadonlyMap<string, RateLimitAllocator>;

export class RateWatermark {
  readonly #store: Pick<Metadata, "get" | "put">;
  readonly #createdMs: number;
  readonly #previous: GrantWatermark | null;
  #stored: GrantWatermark;
  /** Longest times since the watermark was moved. */
  #longest: GrantTimes;
  /** By origin: the most since the last turn. */
  readonly #most = new Map<string, Given>();
  #turnedMs: number;

  constructor(store: Pick<Metadata, "get" | "put">, nowMs: number) {
    this.#store = store;
    this.#createdMs = nowMs;
    const stored = store.get("rate_watermark");
    // No further ahead than it can be, though the clock was set back since.
    this.#stored = { ...stored, until: Math.min(stored.until, nowMs + WATERMARK_MS) };
    this.#previous = nowMs < this.#stored.until ? this.#stored : null;
    const { lease_ms, token_ms = lease_ms } = this.#stored;
    this.#longest = { leaseMs: lease_ms, tokenMs: token_ms };
    this.#turnedMs = nowMs;
  }

  /**
   * Until then all may still count that was started before this incarnation, and so little comes free; -Infinity: there
   * was no other before it.
   */
  get spentUntilMs(): number {
    if (this.#previous === null) return Number.NEGATIVE_INFINITY;
    return this.#createdMs + SAFE_WINDOW_MS + LONGEST_TOKEN_MS;
  }

  /** What may be in use of an origin's limit; null: nothing. */
  previous(origin: string, limit: number): PreviousIncarnationOptions | null {
    if (this.#previous === null) return null;
    const { most, shares = most, lease_ms, token_ms = lease_ms } = this.#previous;
    const endMs = this.#createdMs + SAFE_WINDOW_MS;
    return {
      untilMs: endMs + Math.max(lease_ms, token_ms),
      tokensUntilMs: endMs + token_ms,
      most: noted(most, origin, limit),
      mostShares: noted(shares, origin, limit),
    };
  }

  /**
   * Covers a grant.
   * @param all gives every limit of which a grant may be in use, if they have to be looked at
   */
  cover(
    origin: string,
    allocator: RateLimitAllocator,
    times: GrantTimes,
    all: () => Allocators,
    nowMs: number,
  ) {
    this.#longest = longer(this.#longest, times);
    const given = this.#note(origin, allocator, nowMs);
    const sinceMs = nowMs - (this.#stored.until - WATERMARK_MS);
    const isTurn = nowMs >= this.#turnedMs + TURN_MS;
    const mayFall = isTurn && sinceMs >= Math.max(TURN_MS, this.#stored.lease_ms);
    const isMoved = sinceMs >= WATERMARK_MS / 2 || (mayFall && this.#isLoose(all()));
    if (isMoved || !this.#covers(origin, given)) this.#write(isMoved, all(), nowMs);
    if (isMoved) this.#longest = times;
    if (!isTurn) return;
    this.#most.clear();
    this.#turnedMs = nowMs;
  }

  #covers(origin: string, given: Given): boolean {
    const { lease_ms, token_ms = lease_ms, most = {}, shares = most } = this.#stored;
    const { leaseMs, tokenMs } = this.#longest;
    const isLongEnough = leaseMs <= lease_ms && tokenMs <= token_ms;
    return isLongEnough && given.all <= noted(most, origin, 0) && given.shares <= noted(shares, origin, 0);
  }

  #isLoose(all: Allocators): boolean {
    const { most = {}, shares = most } = this.#stored;
    return [...this.#most].some(([origin, given]) => {
      const limit = all.get(origin)?.limit ?? 0;
      return (
        FAR_MORE * ahead(given.all, limit) < noted(most, origin, 0) ||
        FAR_MORE * ahead(given.shares, limit) < noted(shares, origin, 0)
      );
    });
  }

  /** @param isMoved false: it is only raised, or each origin's trough would cost a write */
  #write(isMoved: boolean, all: Allocators, nowMs: number): void {
    const before = this.#stored;
    const most: Record<string, number> = {};
    const shares: Record<string, number> = {};
    for (const [origin, allocator] of all) {
      const given = this.#note(origin, allocator, nowMs);
      most[origin] = ahead(given.all, allocator.limit);
      shares[origin] = ahead(given.shares, allocator.limit);
      if (isMoved) continue;
      most[origin] = Math.max(most[origin], noted(before.most, origin, 0));
      shares[origin] = Math.max(shares[origin], noted(before.shares ?? before.most, origin, 0));
    }
    const { leaseMs, tokenMs } = this.#longest;
    const times = { lease_ms: stepped(Math.max(leaseMs, tokenMs)), token_ms: stepped(tokenMs) };
    this.#stored = { until: isMoved ? nowMs + WATERMARK_MS : before.until, ...times, most, shares };
    this.#store.put("rate_watermark", this.#stored);
  }

  #note(origin: string, allocator: RateLimitAllocator, nowMs: number): Given {
    const before = this.#most.get(origin);
    const given = {
      all: Math.max(before?.all ?? 0, allocator.outstanding(nowMs)),
      shares: Math.max(before?.shares ?? 0, allocator.outstandingShares(nowMs)),
    };
    this.#most.set(origin, given);
    return given;
  }
}

function longer(one: GrantTimes, other: GrantTimes): GrantTimes {
  return {
    leaseMs: Math.max(one.leaseMs, other.leaseMs),
    tokenMs: Math.max(one.tokenMs, other.tokenMs),
  };
}

function noted(
  amounts: Readonly<Record<string, number>> | undefined,
  origin: string,
  absent: number,
): number {
  return amounts === undefined ? absent : (ownValue(amounts, origin) ?? 0);
}

/** What a watermark says if so much was given. */
function ahead(given: number, limit: number): number {
  if (given === 0) return 0;
  const enough = Math.max(WATERMARK_FACTOR * given, given + FEWEST_AHEAD, LEAST_SHARE * limit);
  return Math.ceil(Math.min(enough, Math.max(limit, given)));
}

function stepped(ms: number): number {
  return Math.ceil(ms / STEP_MS) * STEP_MS;
}
