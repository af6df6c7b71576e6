import { describe, expect, it } from "vitest";
import { dollarsPerMillion } from "../../../bench/lib/cost.ts";
import { compared, median, quantile, type Round } from "../../../bench/lib/measure.ts";
import { parseOptions } from "../../../bench/lib/options.ts";
import { markdown } from "../../../bench/lib/report.ts";
import { COUNTED_PACES, configOf, otherId, paceId, SCENARIOS } from "../../../bench/lib/scenarios.ts";
import { parseConfigFile } from "../../../src/config/parse.ts";

describe("the median", () => {
  it.each([
    [[3], 3],
    [[9, 1, 5], 5],
    [[4, 1, 3, 2], 2.5],
  ])("of %j is %d", (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  it("leaves the given values in their order, and is NaN without values", () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
    expect(median([])).toBeNaN();
  });
});

describe("a quantile", () => {
  it("is interpolated between two values", () => {
    expect([0, 0.25, 0.5, 1].map((q) => quantile([40, 10, 30, 20], q))).toEqual([10, 17.5, 25, 40]);
  });
});

describe("two sides compared", () => {
  const round = (cpuMicros: number, requests: number, p99Ms = 1): Round => ({
    cpuMicros,
    requests,
    seconds: 0.5,
    p50Ms: 1,
    p99Ms,
  });

  it("are compared round by round, and all rounds together", () => {
    // Per request 20, 30 and 400 us beside 10, 10 and 20: the last round was one of much garbage.
    const own = [round(2_000, 100), round(3_000, 100), round(4_000, 10)];
    const bares = [round(1_000, 100), round(1_000, 100), round(2_000, 100)];
    const measured = compared([{ own, bares }]);
    expect(measured.medianRatio).toBe(3);
    expect(measured.quartiles).toEqual([2.5, 11.5]);
    expect(measured.cpuUs).toBeCloseTo(9_000 / 210, 10);
    expect(measured.bare.cpuUs).toBeCloseTo(4_000 / 300, 10);
    expect(measured.ratio).toBeCloseTo(measured.cpuUs / measured.bare.cpuUs, 10);
    expect(measured.requestsPerSecond).toBeCloseTo(210 / 1.5, 10);
  });

  it("of several processes are compared over all rounds, and process by process", () => {
    const bares = [round(1_000, 100)];
    const measured = compared([
      { own: [round(1_200, 100)], bares },
      { own: [round(1_500, 100)], bares },
      { own: [round(1_400, 100)], bares },
    ]);
    expect(measured.byProcess).toEqual([1.2, 1.5]);
    expect(measured.medianRatio).toBeCloseTo(1.4, 10);
    expect(measured.ratio).toBeCloseTo(4_100 / 3_000, 10);
  });

  it("have the median of the rounds' latencies", () => {
    const rounds = [round(1, 1, 5), round(1, 1, 900), round(1, 1, 7)];
    expect(compared([{ own: rounds, bares: rounds }]).p99Ms).toBe(7);
  });
});

describe("dollars per million requests", () => {
  it("consist of requests and CPU if no object is used", () => {
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
  it("have a valid configuration, with a pool and a route for each row that needs one", () => {
    const parsed = parseConfigFile(configOf(SCENARIOS, [8_001, 8_002, 8_003]), { allowIpOrigins: true });
    expect(parsed.ok ? [] : parsed.errors).toEqual([]);
    const needed = [
      ...SCENARIOS.filter(({ pool }) => pool !== null).map(({ id }) => id),
      ...SCENARIOS.filter(({ steering }) => steering !== undefined).map(({ id }) => otherId(id)),
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
  it("measures the whole data path by default", () => {
    expect(parseOptions([])).toEqual({
      mode: null,
      isShort: false,
      only: null,
      processes: null,
      rounds: null,
      json: null,
      counts: true,
    });
  });

  it.each(["picks", "reports", "garbage"])("measures %s instead", (mode) => {
    expect(parseOptions([mode])).toMatchObject({ mode });
  });

  it("takes rows by id", () => {
    expect(parseOptions(["--only", "rr,all", "--rounds", "3", "--no-count"])).toMatchObject({
      only: ["rr", "all"],
      rounds: 3,
      counts: false,
    });
  });

  it.each([
    ["--rounds", "0"],
    ["--rounds", "many"],
    ["pics"],
    ["picks", "reports"],
    ["picks", "garbage"],
    ["garbage", "--only=nginx"],
    ["--wrong"],
  ])("refuses %s %s", (...args) => {
    expect(() => parseOptions(args.filter((each) => each !== undefined))).toThrow();
  });

  it("refuses an unknown row, and names it", () => {
    expect(() => parseOptions(["--only", "rr,nonsense"])).toThrow("nonsense");
    expect(() => parseOptions(["picks", "--only", "p2c,rr"])).toThrow("rr");
    expect(parseOptions(["picks", "--only", "p2c"]).only).toEqual(["p2c"]);
  });
});
