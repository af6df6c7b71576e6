/** Promises that a run did not keep: how they are judged, and that they end in the exit code. */
import { describe, expect, it } from "vitest";
import { exitCodeOf } from "../../../sim/lib/results.ts";
import { keepsSplit } from "../../../sim/lib/split.ts";
import { parsePool } from "../../../src/config/parse.ts";
import { origins, simulated } from "./support.ts";

const KEPT = { limit: true, pace: true, split: true, deploy: null };

function configOf(document: Record<string, unknown> = {}) {
  const parsed = parsePool({ origins: origins("a", "b"), ...document });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed));
  return parsed.value;
}

/** Two origins with so many requests, which were to get 5,000 each. */
const shared = (a: number, b: number, limit: number | null = null) =>
  [a, b].map((requests) => ({ requests, expected_per_second: [2_500, 2_500], limit }));

describe("the exit code", () => {
  it("is 0 if all promises were kept, or not judged", () => {
    expect(exitCodeOf(KEPT)).toBe(0);
    expect(exitCodeOf({ limit: null, pace: null, split: null, deploy: null })).toBe(0);
  });

  it.each(["limit", "pace", "split", "deploy"])("is 1 if this one was broken: %s", (promise) => {
    expect(exitCodeOf({ ...KEPT, [promise]: false })).toBe(1);
  });

  it("is 1 when a new version refuses more than before, because most of its calls are lost", async () => {
    const pool = { origins: origins("a", "b"), rate_limit: 40 };
    const { promises } = await simulated(pool, "--rps 40 --isolates 30 --seconds 20 --deploy 14 --loss 60");
    expect([promises.deploy, exitCodeOf(promises)]).toEqual([false, 1]);
  });
});

describe("the split", () => {
  it("is kept up to four standard deviations of random picks, which are 200 of 10,000 requests", () => {
    const config = configOf();
    expect(keepsSplit(shared(5_200, 4_800), config, [])).toBe(true);
    expect(keepsSplit(shared(5_201, 4_799), config, [])).toBe(false);
  });

  it("is not judged where something else decides", () => {
    const off = shared(6_000, 4_000);
    const out = { atMs: 1, kind: "unhealthy", origin: "a", detail: "" };
    const byOthers = [
      { algorithm: "p2c" },
      { algorithm: "first" },
      { algorithm: "consistent_hash" },
      { sticky: true },
      { origins: origins("a", "b").map((origin) => ({ ...origin, max_connections: 5 })) },
    ].map((document) => keepsSplit(off, configOf(document), []));
    expect(byOthers).toEqual([null, null, null, null, null]);
    expect(keepsSplit(off, configOf(), [out])).toBeNull();
    expect(keepsSplit(shared(6_000, 4_000, 4_000), configOf(), [])).toBeNull();
    expect(keepsSplit(shared(6_000, 4_000, 5_000), configOf(), [])).toBe(false);
  });

  it.each([
    ["round_robin", 1, 1],
    ["weighted_round_robin", 1, 3],
    ["random", 1, 3],
  ])("of a pool that goes by %s is kept, with weights of %i to %i", async (algorithm, least, most) => {
    const weighted = origins("a", "b").map((origin, index) => ({ ...origin, weight: index ? most : least }));
    const pool = { algorithm, origins: weighted };
    const { promises } = await simulated(pool, "--rps 200 --isolates 50 --seconds 20");
    expect(promises).toEqual({ limit: null, pace: true, split: true, deploy: null });
  });
});
