/**
 * Limits of an isolate with a given grant.
 * @module
 */
import { LeasedLimiter } from "../../src/core/rate-limit/leased-limiter.ts";
import type { RateGrant } from "../../src/core/rate-limit/rate-lease.ts";

/** A lease without a share and without tokens. */
export const NOTHING: RateGrant = {
  lease: 1,
  share: 0,
  valid_ms: 2_500,
  tokens: 0,
  token_ms: 50,
  wait_ms: 0,
};

/** How many of `offered` requests may start at `nowMs`. */
export function started(limiter: LeasedLimiter, nowMs: number, offered = 100): number {
  let count = 0;
  for (let i = 0; i < offered; i++) if (limiter.allows(nowMs) && limiter.take(nowMs)) count++;
  return count;
}

/** A limit of 50 requests a second. @param sentMs when the report was sent that the grant answers */
export function leased(grant: Partial<RateGrant>, sentMs = 0, nowMs = sentMs): LeasedLimiter {
  const limiter = new LeasedLimiter(50);
  limiter.apply({ ...NOTHING, ...grant }, sentMs, nowMs);
  return limiter;
}
