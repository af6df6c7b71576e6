/** `npm run cost`: what a configuration uses, against figures worked out by hand. */
import { describe, expect, it } from "vitest";
import { assumedIsolates, usageOf } from "../../../scripts/lib/cost/usage.ts";
import { ALL, config, MEASURED, origins } from "./cost-figures.ts";

const CRON = 1 / 60;

describe("what a configuration uses each second", () => {
  const routed = [{ pool: "web" }];
  const usage = (pool: object, load = { rps: 20, isolates: 2 }, routes: object[] = routed) =>
    usageOf(config({ web: { origins: origins("a", "b", "c"), ...pool } }, routes), load, ALL, MEASURED);

  it("goes by its busy isolates, its slices of statistics, its requests, and the watchdog", () => {
    const used = usage({ log: { sample: 0.1 } });
    expect(used.requests).toBeCloseTo(20 + CRON);
    expect(used.cpu).toBeCloseTo(0.5 * (20 + CRON));
    // Two isolates, once a second each; an alarm in 10 s; the watchdog calls the pool and the routes.
    expect(used.objectCalls).toBeCloseTo(2 + 0.1 + 2 * CRON);
    expect(used.rowsWritten).toBeCloseTo(0.1 + 0.1);
    expect(used.kvReads).toBeCloseTo(2 * 0.2 + 0.2 + 2 * CRON);
    // The watchdog's, and one in five minutes.
    expect(used.kvLists).toBeCloseTo(CRON + 1 / 300);
    expect(used.objectDuration).toBeCloseTo(0.128);
    // A tenth of 20 lines a second, 200 bytes each and 500 more.
    expect(used.observability).toBeCloseTo((2 * 700) / 1e9, 12);
  });

  it("has an alarm and a row for each round of checks, which statistics share", () => {
    const used = usage({ health_check: { interval: 5 } });
    expect(used.objectCalls).toBeCloseTo(2 + 0.2 + 2 * CRON);
    expect(used.rowsWritten).toBeCloseTo(0.2 + 0.1);
    const seldom = usage({ health_check: { interval: 60 } });
    expect(seldom.objectCalls, "a round a minute, and the slices between").toBeCloseTo(2 + 0.1 + 2 * CRON);
  });

  it("is a call for each pick and each end in a strict pool", () => {
    expect(usage({ coordination: "strict" }).objectCalls).toBeCloseTo(2 + 20 * 2 + 0.1 + 2 * CRON);
  });

  it("has more calls and rows where a limit is shared", () => {
    const used = usage({ rate_limit: 10 });
    expect(used.objectCalls).toBeCloseTo(2 + 2 * 0.1 + 0.1 + 2 * CRON);
    expect(used.rowsWritten).toBeCloseTo(0.1 + 0.1 + 0.1);
  });

  it("goes by requests where they are fewer than isolates have seconds", () => {
    const used = usage({}, { rps: 0.01, isolates: 1 });
    expect(used.objectCalls).toBeCloseTo(0.01 * 2 + 0.01 * 0.5 + 2 * CRON);
    expect(used.rowsWritten).toBeCloseTo(0.01 * 0.5 + 0.01 * 0.5);
    expect(used.kvReads).toBeCloseTo(0.01 + (0.02 + 0.005) + 2 * CRON);
  });

  it("never has more than 200 calls a second from isolates, whatever their number", () => {
    expect(usage({}, { rps: 100_000, isolates: 5_000 }).objectCalls).toBeCloseTo(200 + 0.1 + 2 * CRON);
  });

  it("is each pool's own, and of isolates without routes where there are none", () => {
    const two = config({ web: { origins: origins("a") }, api: { origins: origins("b") } }, [{ pool: "web" }]);
    const used = usageOf(two, { rps: 20, isolates: 1 }, ALL, MEASURED);
    expect(used.objectCalls).toBeCloseTo(2 * (1 + 0.1) + 2 * CRON + CRON);
    expect(used.objectDuration).toBeCloseTo(2 * 0.128);
    const unrouted = usage({}, { rps: 20, isolates: 2 }, []);
    expect(unrouted.objectCalls, "it asks the object of the routes").toBeCloseTo(
      2 + 0.1 + 2 * 0.2 + 2 * CRON,
    );
  });

  it("has a call, an alarm and a row a minute for each pool that a route chooses among several", () => {
    const pools = { web: { origins: origins("a") }, api: { origins: origins("b") } };
    const load = { rps: 20, isolates: 1 };
    const alone = usageOf(config(pools, [{ pool: "web", fallback_pool: "api" }]), load, ALL, MEASURED);
    const split = [
      { pool: "web", weight: 9 },
      { pool: "api", weight: 1 },
    ];
    const used = usageOf(config(pools, [{ split }]), load, ALL, MEASURED);
    expect(used.objectCalls - alone.objectCalls).toBeCloseTo((2 * 2) / 60);
    expect(used.rowsWritten - alone.rowsWritten).toBeCloseTo(2 / 60);
    // The object of the routes is awake for ten seconds after each.
    expect(used.objectDuration - alone.objectDuration).toBeCloseTo(0.128 * (20 / 60));
    expect(used.requests).toBe(alone.requests);
    expect(used.kvReads).toBe(alone.kvReads);
  });

  it("counts logs and traces as they are sampled", () => {
    const load = { rps: 20, isolates: 2 };
    const web = config({ web: { origins: origins("a"), log: { sample: 1 } } }, routed);
    const none = usageOf(web, load, { logs: 0, traces: 0 }, MEASURED);
    expect(none.observability).toBe(0);
    const some = usageOf(web, load, { logs: 0, traces: 0.01 }, MEASURED);
    expect(some.observability).toBeGreaterThan(0);
    expect(some.observabilityKept).toBeCloseTo((some.observability * 7) / 30);
  });
});

describe("isolates, where nobody says how many", () => {
  it.each([
    [0.001, 1],
    [1, 1],
    [2.5, 3],
    [1_000, 5],
    [10_000, 10],
    [10_000_000, 10_000],
  ])("of %d requests a second of 1 ms each are %d", (rps, isolates) => {
    expect(assumedIsolates(rps, 1)).toBe(isolates);
  });
});
