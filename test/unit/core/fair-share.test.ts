import { describe, expect, it } from "vitest";
import type { Allocation } from "../../../src/core/rate-limit/allocations.ts";
import {
  fairShare,
  provisionedDemand,
  type SharedLimit,
  shareAlone,
} from "../../../src/core/rate-limit/fair-share.ts";

const of = (demand: number, share = 0): Allocation =>
  ({ demand, share, roundingOffset: 0.5, outstanding: share }) as unknown as Allocation;

function limit(value: number, demands: readonly number[], more: Partial<SharedLimit> = {}): SharedLimit {
  const sum = (each: (demand: number) => number) =>
    demands.reduce((total, demand) => total + each(demand), 0);
  const [demandSum, sqrtDemandSum] = [sum((demand) => demand), sum(Math.sqrt)];
  const sums = { isolates: demands.length, rateSum: demandSum, demandSum, sqrtDemandSum };
  return { limit: value, ...sums, tokenRequests: 0, tokenRate: 50, isOverdrawn: false, ...more };
}

describe("a share", () => {
  it("follows the demand, and if the limit is short all shares together leave at least one token", () => {
    const demands = [10, 20, 70];
    const shares = demands.map((demand) => fairShare(of(demand), limit(50, demands)));
    expect(shares).toEqual([5, 10, 34]);
  });

  it("leaves more for tokens if isolates ask for them", () => {
    const demands = [50, 50];
    const quiet = fairShare(of(50), limit(50, demands));
    const asking = fairShare(of(50), limit(50, demands, { tokenRequests: 2 }));
    expect(asking).toBeLessThan(quiet);
  });

  it("is at most half as much again as the demand, and little more than it once half the limit is granted", () => {
    expect(fairShare(of(10), limit(1_000, [10, 10]))).toBe(15);
    expect(fairShare(of(400), limit(1_000, [400, 400]))).toBe(440);
  });

  it("stays where it is if it is close, but not above the limit", () => {
    const demands = [20, 20];
    expect(fairShare(of(20, 28), limit(100, demands))).toBe(28);
    expect(fairShare(of(20, 60), limit(100, demands))).toBe(25);
    expect(fairShare(of(20, 9), limit(8, demands))).toBeLessThanOrEqual(4);
    const [kept, above] = [100, 105].map((share) => fairShare(of(100, share), limit(100, [100])));
    expect([kept, above]).toEqual([100, 99]);
  });

  it("is none where it would be below one and tokens are enough, and the more the less they are", () => {
    const demands = new Array<number>(200).fill(1);
    const share = (rateSum: number) => fairShare(of(1), limit(120, demands, { rateSum }));
    expect([25, 50, 100].map(share)).toEqual([0, 0, 1]);
    const parts = [50, 60, 80, 100, 150].map((rateSum) => {
      const shares = Array.from({ length: 100 }, (_, index) => {
        const allocation = { ...of(1), roundingOffset: index / 100 };
        return fairShare(allocation, limit(120, demands, { rateSum }));
      });
      return shares.filter((each) => each === 1).length;
    });
    expect(parts).toEqual([0, 11, 35, 59, 59]);
  });

  it("that is small follows the fair one, so that none stays without for long", () => {
    expect(fairShare(of(2, 0), limit(100, [2, 2]))).toBe(3);
    expect(fairShare(of(2, 1), limit(100, [2, 2]))).toBe(3);
  });

  it("is rounded down while more than the limit is in use", () => {
    expect(fairShare(of(15), limit(10, [15, 15], { isOverdrawn: true }))).toBe(4);
  });
});

it("the only isolate gets the whole limit under load, and a quarter otherwise", () => {
  expect([0, 10, 60, 1_000].map((demand) => shareAlone(of(demand), 100))).toEqual([25, 25, 90, 100]);
});

it("a demand is provisioned with two standard deviations and one request", () => {
  expect([-1, 0, 100].map(provisionedDemand)).toEqual([1, 1, 121]);
});
