import { describe, expect, it } from "vitest";
import { meanTime, tails } from "../../../sim/lib/theory.ts";
import { share } from "../../support/full.ts";
import { origins, simulated } from "./support.ts";

const CHECKED = {
  origins: origins("a", "b", "c"),
  health_check: { type: "http", interval: 1 },
  outlier_detection: {},
};

describe("a run", () => {
  it("is the same for the same seed in every figure, and differs for another seed", async () => {
    const pool = { ...CHECKED, algorithm: "p2c", rate_limit: 60, sticky: true };
    const args = "--rps 200 --isolates 15 --seconds 8 --loss 2 --churn 100 --fail a@3 --recover a@5 --seed";
    const [first, again, other] = [
      await simulated(pool, `${args} 7`),
      await simulated(pool, `${args} 7`),
      await simulated(pool, `${args} 8`),
    ];
    expect(again).toEqual(first);
    expect(other.offered).not.toBe(first.offered);
  });

  it.each([1, 2, 3])("with seed %i is the same in every figure when it is run again", async (seed) => {
    const args = `--rps 300 --isolates 6 --seconds 4 --fail a@1 --seed ${seed}`;
    expect(await simulated(CHECKED, args)).toEqual(await simulated(CHECKED, args));
  });

  it("reports the requests in flight at its end, as many as arrive within one request's duration", async () => {
    const pool = { origins: origins("a", "b") };
    const world = "--rps 100 --isolates 4 --seconds 20 --loss 0 --churn 0 --latency 1-1 --load 0.2";
    // Little's law: 100 a second that take 1 s each are 100 at any time, give or take (Poisson: sigma 10).
    const slow = await simulated(pool, `${world} --service 1000`);
    expect(slow.in_flight).toBeGreaterThan(60);
    expect(slow.in_flight).toBeLessThan(140);
    expect(slow.in_flight + slow.answers.answered).toBe(slow.offered);
    const ended = await simulated(pool, `${world} --service 20 --burst 0@15+5`);
    expect([ended.in_flight, ended.answers.answered]).toEqual([0, ended.offered]);
  });

  it("accounts for every request", async () => {
    const {
      offered,
      answers,
      origins: all,
      attempts,
    } = await simulated(CHECKED, "--rps 500 --seconds 6 --fail a@3");
    const answered = Object.values(answers).reduce((sum, count) => sum + count, 0);
    // The rest is on its way.
    expect(offered - answered).toBeGreaterThanOrEqual(0);
    expect(offered - answered).toBeLessThan(500);
    expect(all.reduce((sum, { requests }) => sum + requests, 0)).toBe(attempts);
  });
});

it("an origin gets its requests whatever its id is, also one that is no host's name", async () => {
  const { origins: all } = await simulated({ origins: origins("1", "0x7f", "b_", "xn--") }, "--seconds 4");
  for (const { requests } of all) expect(requests).toBeGreaterThan(100);
});

describe("round robin", () => {
  it("of one isolate is exact, and of many is nearer to the expected split than random picks", async () => {
    const alone = await simulated(
      { origins: origins("a", "b", "c") },
      "--rps 300 --isolates 1 --churn 0 --seconds 10",
    );
    const counts = alone.origins.map(({ requests }) => requests);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    const many = await simulated({ origins: origins("a", "b", "c") }, "--rps 300 --isolates 30 --seconds 20");
    expect(many.typical_second_error).toBeLessThan(many.random_second_error);
  });
});

describe("a failed origin", () => {
  it("gets its last request within two seconds of the failure, and clients hardly notice", async () => {
    const { failures, answers, offered } = await simulated(
      CHECKED,
      "--rps 300 --seconds 15 --fail a@5 --loss 0",
    );
    expect(failures[0]?.out_after_s).toBeLessThan(2);
    expect(failures[0]?.requests_after).toBe(0);
    expect(answers.origin_failed).toBeLessThan(offered / 100);
  });

  it("comes back when it has recovered", async () => {
    const { origins: all } = await simulated(
      CHECKED,
      "--rps 300 --seconds 20 --fail a@5 --recover a@8 --loss 0",
    );
    expect(all[0]?.per_second.slice(6, 8)).toEqual([expect.any(Number), 0]);
    expect(all[0]?.per_second.at(-1)).toBeGreaterThan(50);
  });
});

describe("the pool's object", () => {
  it("may be absent for a while, and requests are still answered", async () => {
    const { answers, offered } = await simulated(
      CHECKED,
      "--rps 200 --isolates 20 --seconds 20 --outage 5+10 --churn 60",
    );
    expect(answers.answered + answers.lost).toBeGreaterThan(0.99 * offered);
  });

  it("picks for a strict pool: two calls a request", async () => {
    const {
      calls,
      offered,
      origins: all,
    } = await simulated(
      { origins: origins("a", "b", "c"), coordination: "strict" },
      "--rps 100 --isolates 20 --seconds 10 --loss 0",
    );
    expect(calls.picks / offered).toBeCloseTo(2, 1);
    const counts = all.map(({ requests }) => requests);
    // In order of the picks; a few have not left yet.
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(10);
  });
});

/** Each takes seconds. */
const CHOICES = share(
  [
    ["p2c", 2],
    ["random", 1],
  ] as const,
  1,
);

describe("lines at the origins", () => {
  it.each(CHOICES)(
    "are as long as theory says for %s, seen from one isolate nearby",
    async (algorithm, d) => {
      const pool = { algorithm, origins: origins(100) };
      const args =
        "--rps 2000 --isolates 1 --workers 1 --load 0.7 --latency 0.01 --loss 0 --churn 0 --seconds 20";
      const { queue } = await simulated(pool, args);
      const expected = meanTime(tails(queue.utilisation, d, 1), queue.utilisation, 1);
      expect(Math.abs(queue.mean_time / expected - 1)).toBeLessThan(0.1);
    },
  );
});
