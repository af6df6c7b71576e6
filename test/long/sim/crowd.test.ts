/** Isolates of a large crowd that tell one another by notes; smaller ones are in test/unit/sim/notes.test.ts. */
import { describe, expect, it } from "vitest";
import { origins, simulated } from "../../unit/sim/support.ts";

const POOL = {
  origins: origins("a", "b", "c"),
  outlier_detection: {},
  health_check: { type: "tcp", interval: 1 },
};

describe("in a crowd whose turns are seven seconds apart, with six isolates in a data centre,", () => {
  const args = "--isolates 1200 --data-centers 200 --rps 2400 --seconds 24 --loss 0 --churn 0";

  it("an origin gets nothing any more a second and a half after the operator's disable", async () => {
    const { failures, promises, calls } = await simulated(POOL, `${args} --disable a@20`);
    expect(failures[0]?.out_after_s).toBeLessThan(1.5);
    expect(failures[0]?.requests_after).toBe(0);
    expect(promises.pace).toBe(true);
    expect(calls.watches, "each data centre twice").toBeLessThan(2 * 200);
  });
});
