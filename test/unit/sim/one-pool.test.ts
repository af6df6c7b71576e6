/** Figures of runs with one pool, as they were before routes with several could be simulated. */
import { expect, it } from "vitest";
import { origins, simulated } from "./support.ts";

const HASHED = {
  ...{ sticky: true, algorithm: "consistent_hash", hash_key: "header:x-t" },
  ...{ origins: origins("a", "b", "c"), health_check: { interval: 1 } },
};
const STRICT = {
  coordination: "strict",
  origins: origins("a", "b").map((origin, index) => (index === 0 ? { ...origin, rate_limit: 50 } : origin)),
};

it.each([
  [
    ...[HASHED, "--seconds 20 --fail a@5 --recover a@12 --outage 8+2 --restart 15"],
    { offered: 4_019, attempts: 4_214, answered: 3_988, requests: [828, 1_934, 1_452] },
    { paced: 369, early: 82, first: 0, rested: 21, tokens: 0, picks: 0, watches: 0 },
  ],
  [
    ...[STRICT, "--seconds 5"],
    { offered: 1_020, attempts: 993, answered: 959, requests: [234, 759] },
    { paced: 113, early: 0, first: 0, rested: 0, tokens: 0, picks: 1_959, watches: 0 },
  ],
] as const)("%j, %s: the same figures for the same seed", async (document, args, figures, calls) => {
  const results = await simulated(document, args);
  const { offered, attempts, answers, origins: all } = results;
  const requests = all.map((origin) => origin.requests);
  expect({ offered, attempts, answered: answers.answered, requests }).toEqual(figures);
  expect(results.calls).toEqual(calls);
});
