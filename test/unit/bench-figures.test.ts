import { describe, expect, it } from "vitest";
import { dollarsPerMillion } from "../../bench/lib/cost.ts";
import { median } from "../../bench/lib/measure.ts";
import { parseOptions } from "../../bench/lib/options.ts";
import { markdown } from "../../bench/lib/report.ts";
import { COUNTED_PACES, configOf, paceId, SCENARIOS } from "../../bench/lib/scenarios.ts";
import { parseConfigFile } from "../../src/config/parse.ts";

describe("the median", () => {
  it.each([
    [[3], 3],
    [[9, 1, 5], 5],
    [[4, 1, 3, 2], 2.5],
  ])("of %j is %d", (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  it("leaves the order of what it is given alone, and is no number of nothing", () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
    expect(median([])).toBeNaN();
  });
});

describe("dollars per million requests", () => {
  it("are requests and CPU alone where no object takes part", () => {
    // 0.30 for the requests; 1,000 s of CPU at 0.02 per million ms are 0.02.
    expect(dollarsPerMillion(1_000, null, 100)).toBeCloseTo(0.32, 10);
  });

  it("count calls, alarms and reads by the thousand, and the object's time by the pace", () => {
    const counted = { objectCalls: 10, alarms: 2, kvReads: 4 };
    // 12,000 object requests: 0.0018. 4,000 reads: 0.002. 10,000 s of 128 MB: 1,280 GB-s: 0.016.
    expect(dollarsPerMillion(0, counted, 100)).toBeCloseTo(0.3 + 0.0018 + 0.002 + 0.016, 10);
  });

  it("of a strict pool are dearer by two object requests for each request", () => {
    const leased = { objectCalls: 0, alarms: 0, kvReads: 0 };
    const strict = { ...leased, objectCalls: 2_000 };
    expect(dollarsPerMillion(50, strict, 100) - dollarsPerMillion(50, leased, 100)).toBeCloseTo(0.3, 10);
  });
});

describe("the rows", () => {
  it("stand on a configuration that is valid, with a pool and a route for each that needs one", () => {
    const parsed = parseConfigFile(configOf(SCENARIOS, [8_001, 8_002, 8_003]), { allowIpOrigins: true });
    expect(parsed.ok ? [] : parsed.errors).toEqual([]);
    const needed = [
      ...SCENARIOS.filter(({ pool }) => pool !== null).map(({ id }) => id),
      ...COUNTED_PACES.map(paceId),
    ];
    const pools = parsed.ok ? Object.keys(parsed.value.pools) : [];
    expect(pools.sort()).toEqual(needed.sort());
  });

  it("have different ids", () => {
    expect(new Set(SCENARIOS.map(({ id }) => id)).size).toBe(SCENARIOS.length);
  });
});

describe("a table", () => {
  it("is as wide as its widest cells, numbers to the right", () => {
    expect(
      markdown(
        ["path", "us"],
        [
          ["bare", "9"],
          ["a", "1,234"],
        ],
      ),
    ).toBe(["| path |    us |", "| ---- | ----: |", "| bare |     9 |", "| a    | 1,234 |"].join("\n"));
  });
});

describe("the bench's command line", () => {
  it("is the whole data path if nothing is said", () => {
    expect(parseOptions([])).toEqual({
      isPicks: false,
      isShort: false,
      only: null,
      rounds: null,
      json: null,
      counts: true,
    });
  });

  it("takes rows by id", () => {
    expect(parseOptions(["--only", "rr,all", "--rounds", "3", "--no-count"])).toMatchObject({
      only: ["rr", "all"],
      rounds: 3,
      counts: false,
    });
  });

  it.each([["--rounds", "0"], ["--rounds", "many"], ["pics"], ["--wrong"]])("refuses %s %s", (...args) => {
    expect(() => parseOptions(args.filter((each) => each !== undefined))).toThrow();
  });

  it("refuses a row that there is not, and names it", () => {
    expect(() => parseOptions(["--only", "rr,nonsense"])).toThrow("nonsense");
    expect(() => parseOptions(["picks", "--only", "p2c,rr"])).toThrow("rr");
    expect(parseOptions(["picks", "--only", "p2c"]).only).toEqual(["p2c"]);
  });
});
