/**
 * Isolates of a crowd in a pool with rate limits, whose calls for tokens leave no room for watches, which no request needs:
 * the object has at most 200 calls a second all the same.
 */
import { describe, expect, it } from "vitest";
import { MOST_CALLS_PER_SECOND } from "../../../src/pool/leases/pacer.ts";
import { origins, simulated } from "./support.ts";

/** All data centres are told of a change then, and watch again if there is room. */
const CHANGED_S = 10;
const DATA_CENTERS = 20;
const RUN = `--isolates 320 --rps 960 --data-centers ${DATA_CENTERS} --seconds 12 --loss 0 --churn 0 --disable a@${CHANGED_S}`;

const sumFrom = (seconds: readonly number[], fromS: number) =>
  seconds.slice(fromS).reduce((sum, count) => sum + count, 0);

describe.each([
  ["few tokens, of which isolates ask for more than 50 a second, nobody watches again", 10, true],
  ["tokens for all those that were told watch again", 100_000, false],
])("in a pool with", (what, rate_limit, isShort) => {
  it(what, async () => {
    const pool = { origins: origins("a", "b", "c"), rate_limit };
    const { calls_per_second: calls, calls_worst_second, promises } = await simulated(pool, RUN);
    expect(calls_worst_second).toBeLessThanOrEqual(MOST_CALLS_PER_SECOND);
    expect(promises.pace).toBe(true);
    const asked = sumFrom(calls.tokens, CHANGED_S - 5) / (calls.tokens.length - CHANGED_S + 5);
    expect(asked > 50, "calls for tokens a second").toBe(isShort);
    const before = calls.watches.slice(0, CHANGED_S).reduce((sum, count) => sum + count, 0);
    expect(before).toBeGreaterThan(0);
    const again = sumFrom(calls.watches, CHANGED_S);
    if (isShort) expect(again).toBe(0);
    else expect(again).toBeGreaterThan(0.8 * DATA_CENTERS);
  });
});
