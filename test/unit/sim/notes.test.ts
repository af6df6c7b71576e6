/**
 * Isolates of a crowd that tell one another by notes what the object has decided: one of each data
 * centre hears of it from the object at once.
 */
import { describe, expect, it } from "vitest";
import { share } from "../../support/full.ts";
import { origins, simulated } from "./support.ts";

const POOL = {
  origins: origins("a", "b", "c"),
  outlier_detection: {},
  health_check: { type: "tcp", interval: 1 },
};
const ISOLATES = 400;

const run = (more: string) => simulated(POOL, `--isolates ${ISOLATES} --rps 1200 --loss 0 --churn 0 ${more}`);
const together = "--data-centers 20";

/** On the command line, and in the figures. */
const CHANGES: [string, string][] = [
  ["disable", "disabling"],
  ["drain", "drain"],
];

describe.each(share([1, 2], 1))("an origin, seed %i,", (seed) => {
  it.each(share(CHANGES, 1))(
    "gets nothing any more a second and a half after the operator's %s",
    async (change, what) => {
      const { failures, promises } = await run(`${together} --seconds 10 --${change} a@5 --seed ${seed}`);
      expect(failures[0]).toMatchObject({ what, requests_after: 0 });
      expect(failures[0]?.out_after_s).toBeLessThan(1.5);
      expect(promises.pace).toBe(true);
    },
  );

  it("that fails is out for all after two seconds, before all isolates have met the failure", async () => {
    const args = `--seconds 10 --fail a@5 --seed ${seed}`;
    const { failures, promises } = await run(`${together} ${args}`);
    expect(failures[0]?.out_after_s).toBeLessThan(2);
    expect(failures[0]?.requests_until_out).toBeLessThan(ISOLATES);
    expect(failures[0]?.requests_after).toBe(0);
    expect(promises.pace).toBe(true);
  });

  it("that the operator enables has its requests after two seconds", async () => {
    const { returns } = await run(`${together} --seconds 12 --disable a@1 --enable a@5 --seed ${seed}`);
    expect(returns[0]?.full_after_s).toBeLessThan(2);
  });
});

describe("an origin that refuses some connections at random", () => {
  const shareOf = async (dataCenters: number, refusedShare: number): Promise<number> => {
    const args = `--isolates 300 --rps 1500 --seconds 12 --loss 0 --data-centers ${dataCenters}`;
    const { origins: all } = await simulated(POOL, args, ({ origins: simulatedOrigins }) => {
      const flaky = simulatedOrigins.get("a") ?? expect.fail("there is one");
      flaky.refusedShare = refusedShare;
    });
    const [a = 0, ...others] = all.map(({ requests }) => requests);
    return a / others.reduce((sum, requests) => sum + requests, a);
  };

  const SOME = [
    ["0.1%", 0.001],
    ["1%", 0.01],
  ] as const;

  it.each(share(SOME, 1))(
    "(%s) has as many requests as where no isolate hears of another one",
    async (_, refusedShare) => {
      const [told, untold] = [await shareOf(3, refusedShare), await shareOf(300, refusedShare)];
      expect(told).toBeGreaterThan(untold - 0.01);
    },
  );
});
