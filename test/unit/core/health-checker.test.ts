import { beforeEach, describe, expect, it } from "vitest";
import { HealthChecker, type Probe } from "../../../src/core/health/health-checker.ts";
import { CheckerHarness } from "../../support/checker-harness.ts";

let harness: CheckerHarness;

beforeEach(() => {
  harness = new CheckerHarness();
});

/** Answers each probe with the next of the results: U passes, F fails. */
const scripted = (results: string) => {
  const left = [...results];
  return async () => left.shift() === "U";
};

async function checkEach(checker: HealthChecker, results: string): Promise<string> {
  let states = "";
  for (const result of results) {
    expect(await checker.check(harness.server)).toBe(result === "U");
    states += harness.server.healthy ? "U" : "D";
  }
  return states;
}

describe("a check", () => {
  it("flips the server after the configured number of equal results in a row (CF-HC-01)", async () => {
    const results = "FFUFFFUFUU";
    expect(await checkEach(harness.checker(scripted(results)), results)).toBe("UUUUUDDDDU");
    expect(harness.events).toEqual(["a.example unhealthy", "a.example healthy"]);
  });

  it("leaves it healthy on fail, pass, fail, fail", async () => {
    expect(await checkEach(harness.checker(scripted("FUFF")), "FUFF")).toBe("UUUU");
    expect(harness.events).toEqual([]);
  });

  it("calls back once per transition, not per probe (PIN-HC-01)", async () => {
    const checker = harness.checker(scripted("FFF"), { unhealthyThreshold: 1 });
    expect(await checkEach(checker, "FFF")).toBe("DDD");
    expect(harness.events).toEqual(["a.example unhealthy"]);
  });

  it.each<[string, Probe]>([
    ["rejects", () => Promise.reject(new Error("refused"))],
    ["throws at once", () => JSON.parse("{")],
    ["answers something else than true", () => "yes" as unknown as boolean],
    ["answers false without a promise", () => false],
  ])("fails if the probe %s", async (_, probe) => {
    const checker = harness.checker(probe, { unhealthyThreshold: 1 });
    expect(await checker.check(harness.server)).toBe(false);
    expect(harness.server.healthy).toBe(false);
  });

  it("fails if the probe takes longer than the time-out, and its late answer counts for nothing", async () => {
    const checker = harness.checker(() => harness.later(2_001, true), { timeout: 2, unhealthyThreshold: 1 });
    const check = checker.check(harness.server);
    await harness.timers.advance(1_999);
    expect(harness.server.healthy).toBe(true);
    await harness.timers.advance(1);
    expect(await check).toBe(false);
    await harness.timers.advance(10_000);
    expect(harness.server.healthy).toBe(false);
    expect(harness.events).toEqual(["a.example unhealthy"]);
  });

  it("passes if the probe answers within the time-out, and leaves no timer", async () => {
    const checker = harness.checker(() => harness.later(1_999, true), { timeout: 2 });
    const check = checker.check(harness.server);
    await harness.timers.advance(1_999);
    expect(await check).toBe(true);
    expect(harness.timers.pending).toBe(0);
  });

  it("starts counting anew if other code has set the server's health", async () => {
    const checker = harness.checker(scripted("FFUU"));
    await checkEach(checker, "FF");
    harness.server.healthy = false;
    expect(await checkEach(checker, "UU")).toBe("DU");
  });
});

describe("a callback that throws", () => {
  it.each<[string, () => unknown]>([
    [
      "at once",
      () => {
        throw new Error("at once");
      },
    ],
    ["later", () => Promise.reject(new Error("later"))],
  ])("%s disturbs neither checks nor other callbacks", async (when, callback) => {
    const errors: string[] = [];
    const checker = new HealthChecker({
      timers: harness.timers,
      probe: () => false,
      unhealthyThreshold: 1,
      onError: (error) => errors.push((error as Error).message),
    });
    checker.onUnhealthy(callback);
    checker.onUnhealthy(() => harness.events.push("second"));
    expect(await checker.check(harness.server)).toBe(false);
    await harness.timers.advance(0);
    expect(harness.server.healthy).toBe(false);
    expect(harness.events).toEqual(["second"]);
    expect(errors).toEqual([when]);
  });
});

it.each(["interval", "timeout", "healthyThreshold", "unhealthyThreshold"])("refuses a %s of 0", (name) => {
  expect(() => harness.checker(() => true, { [name]: 0 })).toThrow(RangeError);
});
