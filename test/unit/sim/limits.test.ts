import { describe, expect, it } from "vitest";
import { FULL_PATIENCE_MS, share } from "../../support/full.ts";
import { origins, simulated } from "./support.ts";

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

/** Of cases that are tried with several. */
const FEW_SEEDS = share([1, 2, 3], 1);

/** One new version after the other, while requests wait for what the old one holds; isolates of which some die. */
const DEPLOYS = "--rps 35 --isolates 12 --seconds 14 --loss 3 --churn 100 --deploy 3 --deploy 8 --deploy 9";

/** The fullest window of each seed, of a pool in trouble. */
async function worstWindows(pool: unknown, trouble: string, seeds: readonly number[]): Promise<number[]> {
  const worst: number[] = [];
  for (const seed of seeds) {
    const { origins: all } = await simulated(pool, `${trouble} --seed ${seed}`);
    worst.push(Math.max(...all.map(({ worst_window }) => worst_window)));
  }
  return worst;
}

type Trouble = [who: string, pool: unknown, trouble: string, seeds: readonly number[]];
const TROUBLES: Trouble[] = [
  ["isolates pick", POOL, TROUBLE, share(SEEDS, 3)],
  [
    "the object picks, and isolates where it is late",
    { ...POOL, coordination: "strict" },
    TROUBLE,
    share(SEEDS, 3),
  ],
  ["new versions take over", POOL, DEPLOYS, share(SEEDS, 3)],
  // The first seeds do not come near the limit.
  ["the object is farther away than a request waits for a token", POOL, `${TROUBLE} --latency 300`, SEEDS],
];

/** Limit, isolates, traffic as a part of the limit. The more isolates and traffic, the longer they take. */
const TAKEN_OVER: [number, number, number][] = [
  [100, 10, 0.25],
  [100, 10, 0.5],
  [100, 60, 0.5],
  [1_000, 60, 0.25],
  [1_000, 60, 0.5],
  [1_000, 160, 0.25],
];

/** Limit, traffic as a part of the limit, and how much of it is refused at most. */
const SMALL_SHARES: [number, number, number][] = [
  [100, 0.25, 0.015],
  [100, 0.5, 0.015],
  [1_000, 0.5, 0.01],
];

describe("a rate limit", () => {
  it.each(share(TROUBLES, 3))(
    "is never exceeded in any window of one second, whatever the trouble: %s",
    async (_who, pool, trouble, seeds) => {
      const worst = await worstWindows(pool, trouble, seeds);
      const beyond = seeds.filter((_, index) => (worst[index] ?? 0) > POOL.rate_limit);
      expect(beyond, "seeds with a window beyond the limit").toEqual([]);
      // A limit nobody comes near would prove nothing.
      expect(Math.max(...worst)).toBe(POOL.rate_limit);
    },
    FULL_PATIENCE_MS,
  );

  it("is fully used by a strict pool, whose clients get the limit as the reason of a refusal", async () => {
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

  it.each(share(TAKEN_OVER, 4))(
    "of %i/s keeps serving from %i isolates when a new version takes over, with traffic at %f of it",
    async (rate_limit, isolates, part) => {
      const pool = { origins: origins("a", "b"), rate_limit };
      const rps = 2 * rate_limit * part;
      for (const seed of FEW_SEEDS) {
        // An isolate whose first sync is lost does not know that there is something to wait for.
        const loss = part <= 0.25 ? 0 : 0.1;
        const args = `--rps ${rps} --isolates ${isolates} --seconds 24 --deploy 16 --seed ${seed} --loss ${loss}`;
        const { deploys, promises, origins: all } = await simulated(pool, args);
        expect([seed, promises.deploy, promises.limit, promises.pace]).toEqual([seed, true, true, true]);
        if (part <= 0.25) expect([seed, deploys[0]?.refused]).toEqual([seed, 0]);
        expect(Math.max(...all.map(({ worst_window }) => worst_window))).toBeLessThanOrEqual(rate_limit);
        expect(deploys[0]?.longest_ms).toBeLessThan(6_000);
      }
    },
  );

  it.each(share([100, 1_000], 1))(
    "of %i/s refuses few when each of 160 isolates of a new version takes its part of what the old one held",
    async (rate_limit) => {
      const pool = { origins: origins("a", "b"), rate_limit };
      let refused = 0;
      for (const seed of FEW_SEEDS) {
        const args = `--rps ${rate_limit} --isolates 160 --seconds 22 --deploy 16 --seed ${seed}`;
        const { deploys, promises } = await simulated(pool, args);
        expect([seed, promises.limit, promises.pace]).toEqual([seed, true, true]);
        refused += (deploys[0]?.refused ?? 1) / FEW_SEEDS.length;
      }
      expect(refused).toBeLessThan(0.015);
    },
  );

  it.each(share(SMALL_SHARES, 2))(
    "of %i/s serves 160 isolates with traffic at %f of it, though a share is less than one request a second",
    async (rate_limit, part, mostRefused) => {
      const pool = { origins: origins("a", "b"), rate_limit };
      const args = `--rps ${2 * rate_limit * part} --isolates 160 --seconds 24 --seed 1`;
      const { answers_per_second, calls_busiest_span } = await simulated(pool, args);
      const count = (kind: "answered" | "rate_limited") =>
        // The first seconds are those of traffic from nothing.
        answers_per_second[kind].slice(8).reduce((sum, each) => sum + each, 0);
      expect(count("rate_limited") / (count("answered") + count("rate_limited"))).toBeLessThan(mostRefused);
      expect(calls_busiest_span).toBeLessThanOrEqual(200);
    },
  );

  it("at which there is more traffic than a new version can serve is not judged for it", async () => {
    const pool = { origins: origins("a", "b"), rate_limit: 20 };
    const { deploys, promises } = await simulated(pool, "--rps 36 --isolates 10 --seconds 16 --deploy 10");
    expect(promises.deploy).toBeNull();
    expect(deploys[0]?.refused).toBeGreaterThan(0);
  });

  it("is exceeded, and the simulation notices it, when isolates work alone without the object", async () => {
    const { origins: all, promises } = await simulated(
      POOL,
      "--rps 300 --isolates 12 --seconds 30 --outage 2+28 --churn 600",
    );
    expect(Math.max(...all.map(({ worst_window }) => worst_window))).toBeGreaterThan(POOL.rate_limit);
    expect(promises.limit).toBeNull();
  });
});
