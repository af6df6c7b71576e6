import { describe, expect, it } from "vitest";
import { LeasedLimiter } from "../../../src/core/rate-limit/leased-limiter.ts";
import { RateLimitAllocator } from "../../../src/core/rate-limit/rate-allocator.ts";
import { LONGEST_LEASE_MS } from "../../../src/core/rate-limit/rate-lease.ts";
import { SEED, seededRandom } from "../../support/random.ts";

const STEP_MS = 10;
const PACE_MS = 1_000;

interface Case {
  readonly isolates: number;
  readonly from: number;
  readonly to: number;
  readonly seed: number;
}

/** Most requests in any one second that began later than the leases of before can last, up to 40 s after the change. */
function worstSecondAfter({ isolates, from, to, seed }: Case): number {
  const random = seededRandom(seed);
  const shares = new RateLimitAllocator(from);
  const made = Array.from({ length: isolates }, (_, i) => ({
    name: `i${i}`,
    limiter: new LeasedLimiter(from),
    nextMs: Math.floor(random() * PACE_MS),
    demand: (1.3 * from * 2 * random()) / isolates,
  }));
  const changedMs = 15_000;
  const quietMs = changedMs + LONGEST_LEASE_MS + 1_000;
  const starts: number[] = [];
  let worst = 0;
  for (let nowMs = 0; nowMs < changedMs + 40_000; nowMs += STEP_MS) {
    if (nowMs === changedMs) {
      shares.limit = to;
      for (const { limiter } of made) limiter.setLimit(to);
    }
    for (const isolate of made) {
      if (nowMs >= isolate.nextMs) {
        isolate.nextMs = nowMs + PACE_MS;
        const grant = shares.exchange(isolate.name, isolate.limiter.report(nowMs), PACE_MS, nowMs);
        isolate.limiter.apply(grant, nowMs, nowMs);
      }
      if (random() >= (isolate.demand * STEP_MS) / 1_000) continue;
      if (!isolate.limiter.take(nowMs)) isolate.limiter.refused(nowMs);
      else if (nowMs >= quietMs) starts.push(nowMs);
    }
    while ((starts[0] ?? nowMs) <= nowMs - 1_000) starts.shift();
    worst = Math.max(worst, starts.length);
  }
  return worst;
}

describe("a rate limit that is lowered", () => {
  // To 90, 85 and 80 percent: shares of four that are within 15 percent of what is fair.
  const small = [90, 85, 80, 50, 10].map((to): Case => ({ isolates: 4, from: 100, to, seed: SEED }));
  const large = [0, 1, 2].map((i): Case => ({ isolates: 20, from: 1_000, to: 900, seed: SEED + i }));
  const tiny = [0, 1, 2].map((i): Case => ({ isolates: 30, from: 60, to: 20, seed: SEED + i }));

  it.each([...small, ...large, ...tiny])(
    "holds once the leases of before have ended: $from to $to, $isolates isolates, seed $seed",
    (each) => expect(worstSecondAfter(each)).toBeLessThanOrEqual(each.to),
  );

  it.each([90, 85, 80])(
    "is the sum of the shares after each isolate has reported, constant demand: 100 to %i",
    (to) => {
      const shares = new RateLimitAllocator(100);
      const leases = new Map<string, { lease: number; share: number }>();
      const report = (nowMs: number) => {
        for (const name of ["a", "b", "c", "d"]) {
          const { lease = 0, share = 0 } = leases.get(name) ?? {};
          const held = { lease, share, held_ms: 1_000, left_ms: lease === 0 ? 0 : 1_500 };
          leases.set(name, shares.exchange(name, { demand: 40, ...held }, PACE_MS, nowMs));
        }
      };
      for (let turn = 0; turn < 15; turn++) report(turn * 1_000);
      shares.limit = to;
      for (let turn = 15; turn < 30; turn++) report(turn * 1_000);
      const sum = [...leases.values()].reduce((total, { share }) => total + share, 0);
      expect(sum).toBeLessThanOrEqual(to);
      expect(sum).toBeGreaterThan(0.6 * to);
    },
  );
});
