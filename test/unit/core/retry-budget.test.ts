import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RetryBudget } from "../../../src/core/retry/retry-budget.ts";

const SEED = 20_261_129;
/** Ten retries a second over ten seconds. */
const RESERVE = 100;

function withdrawAll(budget: RetryBudget, nowMs: number): number {
  let count = 0;
  while (count < 100_000 && budget.withdraw(nowMs)) count++;
  return count;
}

function deposit(budget: RetryBudget, requests: number, nowMs: number): void {
  for (let i = 0; i < requests; i++) budget.deposit(nowMs);
}

describe("the budget", () => {
  it("lets a quiet pool fail over: ten a second for ten seconds", () => {
    expect(withdrawAll(new RetryBudget(20), 5_000)).toBe(RESERVE);
  });

  it.each([
    [20, 1_000, 200],
    [100, 1_000, 1_000],
    [0.1, 1_000, 1],
    [200, 50, 100],
  ])("of %d%% grows by this share of %i requests", (percent, requests, retries) => {
    const budget = new RetryBudget(percent);
    deposit(budget, requests, 5_000);
    expect(withdrawAll(budget, 5_000)).toBe(RESERVE + retries);
  });

  it("of 0% allows none", () => {
    const budget = new RetryBudget(0);
    deposit(budget, 1_000, 5_000);
    expect(budget.withdraw(5_000)).toBe(false);
  });

  it("forgets requests and retries after ten seconds", () => {
    const budget = new RetryBudget(20);
    deposit(budget, 1_000, 5_000);
    expect(withdrawAll(budget, 5_000)).toBe(300);
    expect(withdrawAll(budget, 14_999)).toBe(0);
    expect(withdrawAll(budget, 15_000)).toBe(RESERVE);
  });

  it("goes on after any pause", () => {
    const budget = new RetryBudget(20);
    expect(withdrawAll(budget, 0)).toBe(RESERVE);
    expect(withdrawAll(budget, 1_800_000_000_000)).toBe(RESERVE);
  });

  it("takes a clock that goes back to stand still", () => {
    const budget = new RetryBudget(20);
    expect(withdrawAll(budget, 20_000)).toBe(RESERVE);
    expect(withdrawAll(budget, 3_000)).toBe(0);
    expect(withdrawAll(budget, 29_999)).toBe(0);
  });

  it("is never exceeded in the seconds it looks at", () => {
    const steps = fc.array(
      fc.record({ waitMs: fc.integer({ min: 0, max: 3_000 }), requests: fc.nat(200), retries: fc.nat(200) }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), steps, (percent, walk) => {
        const budget = new RetryBudget(percent);
        const log: { slot: number; requests: number; retries: number }[] = [];
        let nowMs = 0;
        for (const { waitMs, requests, retries } of walk) {
          nowMs += waitMs;
          const entry = { slot: Math.floor(nowMs / 1_000), requests, retries: 0 };
          log.push(entry);
          deposit(budget, requests, nowMs);
          for (let i = 0; i < retries; i++) {
            const recent = log.filter(({ slot }) => slot > entry.slot - 10);
            const made = recent.reduce((sum, each) => sum + each.retries, 0);
            const seen = recent.reduce((sum, each) => sum + each.requests, 0);
            const allowed = made + 1 <= RESERVE + (percent * seen) / 100;
            expect(budget.withdraw(nowMs)).toBe(allowed);
            if (allowed) entry.retries++;
          }
        }
      }),
      { seed: SEED, numRuns: 100, verbose: true },
    );
  });
});
