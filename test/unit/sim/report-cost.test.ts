/**
 * What a report costs the pool's object, in looks at the configuration and in writes: with the origins, not with
 * their square.
 */
import { describe, expect, it } from "vitest";
import { memorySql } from "../../../sim/lib/memory-sql.ts";
import { parsePool } from "../../../src/config/parse.ts";
import type { PoolConfig } from "../../../src/config/schema.ts";
import type { OriginReport } from "../../../src/contract/sync.ts";
import { OriginStates } from "../../../src/pool/origins/origin-states.ts";
import { PoolStore } from "../../../src/pool/storage/store.ts";
import { failures, originReport } from "../../support/origin-reports.ts";

const FAILED = failures("status", 5);
const WELL = originReport({ outcomes: { success: 5 }, had_success: true });

/** A configuration that counts how often it is asked for an origin. */
function watched(config: PoolConfig): { config: PoolConfig; looks: () => number } {
  let looks = 0;
  const origins = config.origins.map((origin) => ({
    ...origin,
    get id() {
      looks++;
      return origin.id;
    },
  }));
  return { config: { ...config, origins }, looks: () => looks };
}

/** @returns looks and writes of one report about all of so many origins */
function costOf(count: number, outlier_detection: object | null, report: OriginReport) {
  const origins = Array.from({ length: count }, (_, i) => ({ id: `o${i}`, url: `https://o${i}.example` }));
  const parsed = parsePool({ origins, outlier_detection });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed));
  let writes = 0;
  const store = new PoolStore(memorySql());
  const put = store.put.bind(store);
  store.put = (name, value) => {
    writes++;
    put(name, value);
  };
  const events: string[] = [];
  const now = () => 1_800_000_000_000;
  const sink = { emit: (kind: string) => void events.push(kind) };
  const connections = { active: () => 0, calledByMs: now(), accountedMs: 0 };
  const states = new OriginStates({ store, now, events: sink, connections });
  const { config, looks } = watched(parsed.value);
  states.adopt(config);
  const before = { looks: looks(), writes };
  states.applyOutcomes(Object.fromEntries(origins.map(({ id }) => [id, report])));
  const ejections = events.filter((kind) => kind === "ejected").length;
  return { looks: looks() - before.looks, writes: writes - before.writes, ejections };
}

describe("a report about all origins", () => {
  it("reads none of them without outlier detection, or while all are well", () => {
    expect(costOf(1_000, null, FAILED).looks).toBe(0);
    expect(costOf(1_000, {}, WELL)).toEqual({ looks: 0, writes: 0, ejections: 0 });
  });

  it.each([100, 1_000, 5_000])("of which %i all fail reads each a few times, and writes once", (count) => {
    const { looks, writes, ejections } = costOf(count, {}, FAILED);
    expect(ejections).toBe(count / 2);
    expect(looks).toBeLessThanOrEqual(4 * count);
    expect(writes).toBe(1);
  });
});
