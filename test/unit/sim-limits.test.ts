import { describe, expect, it } from "vitest";
import { origins, simulated } from "./sim-support.ts";

const SEEDS = Array.from({ length: 100 }, (_, index) => index + 1);
const POOL = {
  algorithm: "weighted_round_robin",
  origins: origins("a", "b", "c").map((origin, index) => ({ ...origin, weight: index + 1 })),
  rate_limit: 15,
  health_check: { type: "http", interval: 1 },
  outlier_detection: {},
};
/**
 * Far more than fits, a bad network, isolates that die twice a minute, a burst, a failure, an object that restarts, a
 * new version.
 */
const TROUBLE =
  "--rps 100 --isolates 12 --seconds 12 --loss 3 --churn 200 --burst 4@4+2 --fail b@6 --recover b@8 --restart 5 --deploy 9";

/** The fullest window of each seed, of a pool in trouble. */
async function worstWindows(pool: unknown): Promise<number[]> {
  const worst: number[] = [];
  for (const seed of SEEDS) {
    const { origins: all } = await simulated(pool, `${TROUBLE} --seed ${seed}`);
    worst.push(Math.max(...all.map(({ worst_window }) => worst_window)));
  }
  return worst;
}

describe("a rate limit", () => {
  it.each([
    ["isolates pick", POOL],
    ["the object picks, and isolates where it is late", { ...POOL, coordination: "strict" }],
  ])("is never exceeded in any window of one second, in 100 seeds of trouble: %s", async (_who, pool) => {
    const worst = await worstWindows(pool);
    const beyond = SEEDS.filter((_, index) => (worst[index] ?? 0) > POOL.rate_limit);
    expect(beyond, "seeds with a window beyond the limit").toEqual([]);
    // A limit nobody comes near would prove nothing.
    expect(Math.max(...worst)).toBe(POOL.rate_limit);
  });

  it("is used where the object picks, and its clients are told what stands in the way", async () => {
    const strict = { coordination: "strict", origins: origins("a", "b"), rate_limit: 100 };
    const { origins: all, answers } = await simulated(strict, "--rps 400 --isolates 20 --seconds 20");
    for (const { id, limit_use } of all) expect(limit_use, id).toBeGreaterThan(0.85);
    expect(answers.no_origin).toBe(0);
  });

  it("far above the traffic refuses nobody when a new version takes over, and holds", async () => {
    const pool = { origins: origins("a", "b"), rate_limit: 1_000 };
    const { origins: all, answers } = await simulated(
      pool,
      "--rps 100 --isolates 20 --seconds 16 --deploy 8",
    );
    expect(answers.rate_limited).toBe(0);
    expect(all.reduce((sum, { requests }) => sum + requests, 0)).toBeGreaterThan(1_400);
  });

  it("is exceeded where the simulation should notice: isolates on their own while the object is gone", async () => {
    const { origins: all, promises } = await simulated(
      POOL,
      "--rps 300 --isolates 12 --seconds 30 --outage 2+28 --churn 600",
    );
    expect(Math.max(...all.map(({ worst_window }) => worst_window))).toBeGreaterThan(POOL.rate_limit);
    expect(promises.limit).toBeNull();
  });
});
