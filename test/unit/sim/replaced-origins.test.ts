/** A pool's object when its configuration names other origins than before, on the real store. */
import { describe, expect, it, vi } from "vitest";
import { memorySql } from "../../../sim/lib/memory-sql.ts";
import { parsePool } from "../../../src/config/parse.ts";
import { OriginStates } from "../../../src/pool/origins/origin-states.ts";
import { PoolStore } from "../../../src/pool/storage/store.ts";
import { failures } from "../../support/origin-reports.ts";

const START = 1_790_000_000_000;

const FAILED = failures("status", 3);

describe("origins that are all replaced by others", () => {
  const poolOf = (prefix: string) => {
    const origins = Array.from({ length: 50 }, (_, i) => ({
      id: `${prefix}${i}`,
      url: "https://a.example.com",
    }));
    const parsed = parsePool({ origins, outlier_detection: { consecutive_failures: 3 } });
    if (!parsed.ok) throw new Error("not a pool");
    return parsed.value;
  };

  it("leave nothing of them, with one write for all", () => {
    let nowMs = START;
    const store = new PoolStore(memorySql());
    const states = new OriginStates({
      store,
      now: () => nowMs,
      events: { emit: () => undefined },
      connections: { active: () => 0, calledByMs: 0, accountedMs: 0 },
    });
    states.adopt(poolOf("a"));
    const failing = poolOf("a").origins.map(({ id }) => [id, FAILED]);
    states.applyOutcomes(Object.fromEntries(failing));
    expect(Object.keys(store.get("outliers") ?? {})).toHaveLength(50);
    states.adopt(poolOf("b"));
    nowMs += 600_000;
    const put = vi.spyOn(store, "put");
    states.advance();
    expect(states.origins().map(({ id }) => id)).toEqual(poolOf("b").origins.map(({ id }) => id));
    expect(put.mock.calls.filter(([name]) => name === "outliers").length).toBeLessThanOrEqual(2);
    expect(store.get("outliers")).toEqual({});
  });
});
