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
/** Far more than fits, a bad network, isolates that die twice a minute, a burst, a failure, an object that restarts. */
const TROUBLE =
  "--rps 100 --isolates 12 --seconds 12 --loss 3 --churn 200 --burst 4@4+2 --fail b@6 --recover b@8 --restart 5";

describe("a rate limit", () => {
  it("is never exceeded in any window of one second, in 100 seeds of trouble", async () => {
    const worst: number[] = [];
    for (const seed of SEEDS) {
      const { origins: all } = await simulated(POOL, `${TROUBLE} --seed ${seed}`);
      worst.push(Math.max(...all.map(({ worst_window }) => worst_window)));
    }
    const beyond = SEEDS.filter((_, index) => (worst[index] ?? 0) > POOL.rate_limit);
    expect(beyond, "seeds with a window beyond the limit").toEqual([]);
    // A limit nobody comes near would prove nothing.
    expect(Math.max(...worst)).toBe(POOL.rate_limit);
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
