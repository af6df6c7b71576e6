/**
 * How large a share of an origin's limit an isolate gets.
 * @module
 */
import type { Allocation } from "./allocations.ts";

/** Most of a limit that is kept for tokens: each may cost a call. */
const MOST_RESERVED = 50;
/** For each request for tokens in a second this many tokens are kept. */
const RESERVED_PER_REQUEST = 2;
/** A share this close to the fair one stays: capacity that moves to another isolate is idle for about two seconds. */
const CLOSE = 0.15;
/** Smaller shares follow the fair one exactly: it is never further from them than the next whole number. */
const SMALLEST_KEPT = 3;
/** Isolates get at most this multiple of their demand, so that something is left for the next one... */
const MOST_HEADROOM = 1.5;
/**
 * ...and little more than their demand once this part of the limit is granted: an object that restarts can grant at
 * once only the part that its previous incarnation has not granted.
 */
const HEADROOM_UP_TO = 0.5;
const LEAST_HEADROOM = 1.1;

/** The state of a limit that shares depend on. */
export interface SharedLimit {
  readonly limit: number;
  /** Number of isolates that have a share, were it of no request. */
  readonly isolates: number;
  /** Requests per second, and sums of the demands, of all isolates that have a share. */
  readonly rateSum: number;
  readonly demandSum: number;
  readonly sqrtDemandSum: number;
  /** Recent requests for a token per second. */
  readonly tokenRequests: number;
  /** Tokens alone serve so many requests a second. */
  readonly tokenRate: number;
  /** More is in use than the limit allows, because it was lowered. */
  readonly isOverdrawn: boolean;
}

/** Room for the usual spread of random arrivals: two standard deviations, and one request. */
export function provisionedDemand(demand: number): number {
  const rate = Math.max(0, demand);
  return rate + 2 * Math.sqrt(rate) + 1;
}

/**
 * A share in proportion to the demand. A small share of a crowded limit is badly used: a token that comes free waits
 * for this one isolate's next request. By the square-root law the loss is about the root of the share, so about as much
 * is left for tokens, which go to whoever comes first; less where nobody requests any, because there are other origins.
 */
export function fairShare(allocation: Allocation, shared: SharedLimit): number {
  const { limit, isolates, rateSum, demandSum, sqrtDemandSum, tokenRequests, tokenRate, isOverdrawn } =
    shared;
  const tight = Math.min(1, limit / demandSum);
  const requested = 1 + RESERVED_PER_REQUEST * tokenRequests;
  const reserve = Math.min(MOST_RESERVED, limit, Math.sqrt(tight) * sqrtDemandSum, requested);
  const headroom = Math.min(MOST_HEADROOM, Math.max(LEAST_HEADROOM, (HEADROOM_UP_TO * limit) / demandSum));
  const part = Math.min(headroom, (limit - reserve) / demandSum);
  const fair = allocation.demand * part;
  // Fair shares that are rounded down add up to less.
  if (isOverdrawn) return Math.floor(fair);
  const isClose = Math.abs(fair - allocation.share) < Math.max(1, CLOSE * allocation.share);
  if (isClose && allocation.share >= SMALLEST_KEPT && allocation.share <= limit) return allocation.share;
  const areBelowOne = demandSum * part < isolates;
  const worthwhile = areBelowOne ? fair * partWithoutTokens(rateSum / tokenRate) : fair;
  return Math.floor(worthwhile + allocation.roundingOffset);
}

/**
 * Where shares are below one request a second on average, one isolate has a place that is idle most of the time, and another has
 * none. Tokens then make more of the limit, and nothing of it is out when the object restarts. They are enough until
 * there are more requests than calls for tokens; then shares take over the rest.
 * @param load requests, as a multiple of those that tokens alone serve
 */
function partWithoutTokens(load: number): number {
  return Math.min(1, Math.max(0, load - 1));
}

/**
 * The share of the only isolate: the whole limit under load. Otherwise a part stays free, so that the next isolate need
 * not wait until this one gives some back.
 */
export function shareAlone({ demand }: Allocation, limit: number): number {
  return Math.min(limit, Math.ceil(Math.max(limit / 4, MOST_HEADROOM * demand)));
}
