/** The short way of requests, which large runs take, agrees with the whole one in small runs. */
import { describe, expect, it } from "vitest";
import { parseOptions } from "../../../sim/lib/options.ts";
import type { Results } from "../../../sim/lib/results.ts";
import { FULL_PATIENCE_MS, share } from "../../support/full.ts";
import { origins, simulated } from "./support.ts";

const SEEDS = share([1, 2, 3], 1);
const CHECKED = { health_check: { type: "http", interval: 1 }, outlier_detection: {} };

/** Of all seeds together, in the units of the bounds in docs/simulation.md. */
interface Figures {
  answered: number;
  refused: number;
  shares: number[];
  in_use: number;
  calls: number;
  attempts: number;
}

async function runs(pool: unknown, args: string, way: string, seeds = SEEDS): Promise<Results[]> {
  const results: Results[] = [];
  for (const seed of seeds) results.push(await simulated(pool, `${args} --seed ${seed} --way ${way}`));
  return results;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function figures(all: readonly Results[]): Figures {
  const percent = (of: (each: Results) => number): number => 100 * mean(all.map(of));
  const ids = all[0]?.origins.map((_, index) => index) ?? [];
  return {
    answered: percent(({ answers, offered }) => answers.answered / offered),
    refused: percent(({ answers, offered }) => answers.rate_limited / offered),
    shares: ids.map((i) => percent((each) => (each.origins[i]?.requests ?? 0) / each.attempts)),
    in_use: percent((each) => mean(each.origins.map(({ utilisation }) => utilisation))),
    calls: mean(all.map(({ calls_mean }) => calls_mean)),
    attempts: percent(({ attempts, offered }) => attempts / offered),
  };
}

const WEIGHTED = origins("a", "b", "c").map((origin, index) => ({ ...origin, weight: 3 - index }));

/** Refusals differ by two percentage points between two seeds on the same way. */
const SEEDS_OF_LIMITS = [1, 2, 3, 4];

const ALL: [what: string, pool: Record<string, unknown>, args: string, seeds?: readonly number[]][] = [
  ["nothing happens", { origins: origins(3) }, "--rps 400 --isolates 100 --seconds 15"],
  [
    "an origin fails and comes back",
    { origins: origins("a", "b", "c"), ...CHECKED },
    "--rps 400 --isolates 60 --seconds 20 --fail a@5 --recover a@12",
  ],
  [
    "a new version takes over, and isolates die",
    { origins: origins("a", "b"), rate_limit: 400 },
    "--rps 200 --isolates 40 --seconds 24 --deploy 12 --churn 100",
  ],
  ["isolates hardly have requests", { origins: origins(3) }, "--rps 30 --isolates 400 --seconds 40"],
  [
    "requests wait in line at the origins, one of which fails",
    { origins: origins("a", "b", "c"), ...CHECKED },
    "--rps 300 --isolates 60 --seconds 20 --workers 3 --load 0.6 --fail a@8",
  ],
  [
    "origins are picked by their load",
    { algorithm: "p2c", origins: origins(4) },
    "--rps 400 --isolates 40 --seconds 15 --workers 2",
  ],
  [
    "an origin fails in a crowd, where isolates tell one another",
    { origins: origins("a", "b", "c"), ...CHECKED },
    "--rps 300 --isolates 400 --seconds 20 --fail a@5 --recover a@12",
  ],
  [
    "there is more than the rate limits let through",
    { origins: origins("a", "b"), rate_limit: 200 },
    "--rps 300 --isolates 15 --seconds 15 --burst 3@5+5",
    SEEDS_OF_LIMITS,
  ],
  [
    "an origin fails and comes back in a burst, while each isolate has many requests between two calls",
    { algorithm: "weighted_round_robin", origins: WEIGHTED, ...CHECKED },
    "--rps 900 --isolates 300 --seconds 20 --fail a@6 --recover a@13 --burst 2@9+6",
  ],
  [
    "an origin is taken out and put back, while each isolate has many requests between two calls",
    { origins: origins("a", "b", "c") },
    "--rps 900 --isolates 300 --seconds 20 --disable a@6 --enable a@13",
  ],
  [
    "a new version takes over and isolates die, while each isolate has many requests between two calls",
    { origins: origins("a", "b") },
    "--rps 900 --isolates 300 --seconds 20 --deploy 10 --churn 200",
  ],
  [
    "isolates report to the object because the platform ends their wait, long before their pace is over",
    { origins: origins("a", "b", "c"), ...CHECKED },
    "--rps 800 --isolates 4000 --seconds 40 --fail a@15",
  ],
];
/** The others take up to a minute each: crowds, bursts, and rate limits, which need several seeds. */
const CASES = share(ALL, 6);

describe("requests on the short way", () => {
  it.each(CASES)(
    "come to the same as on the whole one where %s",
    async (_what, pool, args, seeds = SEEDS) => {
      const whole = await runs(pool, args, "whole", seeds);
      const short = await runs(pool, args, "short", seeds);
      const [expected, got] = [figures(whole), figures(short)];
      expect(Math.abs(got.answered - expected.answered)).toBeLessThan(3);
      expect(Math.abs(got.refused - expected.refused)).toBeLessThan(3);
      expect(Math.abs(got.attempts - expected.attempts)).toBeLessThan(2);
      expect(Math.abs(got.in_use - expected.in_use)).toBeLessThan(5);
      for (const [index, share] of expected.shares.entries())
        expect(Math.abs((got.shares[index] ?? 0) - share)).toBeLessThan(2);
      expect(Math.abs(got.calls / expected.calls - 1)).toBeLessThan(0.1);
      expect(short.map(({ promises }) => promises)).toEqual(whole.map(({ promises }) => promises));
    },
    FULL_PATIENCE_MS,
  );

  it("leave a failed origin as fast, within two seconds, and at the cost of as many attempts, within a third", async () => {
    const pool = { origins: origins("a", "b", "c"), ...CHECKED };
    const args = "--rps 200 --isolates 60 --seconds 15 --fail a@5";
    const outOf = async (way: string) =>
      (await runs(pool, args, way, [1, 2, 3])).flatMap(({ failures }) => failures);
    const [whole, short] = [await outOf("whole"), await outOf("short")];
    const seconds = (all: typeof whole) => mean(all.map(({ out_after_s }) => out_after_s ?? 99));
    const attempts = (all: typeof whole) => mean(all.map(({ requests_until_out }) => requests_until_out));
    expect(Math.abs(seconds(short) - seconds(whole))).toBeLessThan(2);
    expect(Math.abs(attempts(short) / attempts(whole) - 1)).toBeLessThan(1 / 3);
  });

  it("never exceed a rate limit in trouble", async () => {
    const pool = {
      algorithm: "weighted_round_robin",
      origins: origins("a", "b"),
      rate_limit: 15,
      ...CHECKED,
    };
    const args =
      "--rps 60 --isolates 12 --seconds 12 --loss 3 --churn 200 --fail b@6 --recover b@8 --deploy 9";
    const worst: number[] = [];
    for (const seed of share([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 5)) {
      const { origins: all } = await simulated(pool, `${args} --seed ${seed} --way short`);
      worst.push(Math.max(...all.map(({ worst_window }) => worst_window)));
    }
    expect(Math.max(...worst)).toBe(pool.rate_limit);
  });

  it("are the same in each run of a seed", async () => {
    const [pool, args] = [{ origins: origins(2) }, "--rps 200 --isolates 40 --seconds 5 --way short"];
    expect(await simulated(pool, args)).toEqual(await simulated(pool, args));
  });

  it.each([
    ["--rps 10000 --seconds 100", true],
    ["--rps 10000 --seconds 99", false],
    ["--rps 10000 --seconds 100 --way whole", false],
    ["--rps 1 --seconds 1 --way short", true],
  ])("are taken from a million requests on, unless told otherwise: %s", (args, isBrief) => {
    expect(parseOptions(["--config", "none", ...args.split(" ")])).toMatchObject({ isBrief });
  });

  it("are refused another name", () => {
    expect(() => parseOptions(["--config", "none", "--way", "long"])).toThrow(
      '--way: must be whole or short, got "long"',
    );
  });
});
