import { describe, expect, it } from "vitest";
import {
  errorTone,
  originStanding,
  poolProblems,
  poolStanding,
} from "../../../src/admin/dashboard/lib/standing.ts";
import { liveOrigin, livePool } from "./live-facts.ts";

const DOWN = { healthy: false, eligible: false, status: "unhealthy" } as const;

describe("the state of an origin", () => {
  it.each([
    [{}, "good", "Healthy"],
    [{ backup: true, eligible: false }, "good", "Standby"],
    [{ enabled: false, healthy: false }, "off", "Disabled"],
    [{ draining: true, eligible: false }, "busy", "Draining"],
    [{ draining: true, drained: true, eligible: false }, "off", "Drained"],
    [{ draining: true, leaving: true }, "busy", "Leaving"],
    [{ healthy: false }, "bad", "Unhealthy"],
    [{ healthy: false, status: "flapping" as const }, "bad", "Flapping"],
    [{ ejected: true }, "warn", "Ejected"],
    [{ ejected: true, healthy: false }, "bad", "Unhealthy"],
    [{ weight: 0, eligible: false }, "off", "Weight 0"],
    [{ weight_factor: 0.25 }, "busy", "Warming up, 25%"],
  ])("%j is %s: %s", (fields, tone, label) => {
    expect(originStanding(liveOrigin("a", fields))).toEqual({ tone, label });
  });
});

describe("what is wrong with a pool", () => {
  it("is nothing where all is well, or where operators wanted it so", () => {
    const origins = [liveOrigin("a"), liveOrigin("b", { enabled: false, eligible: false })];
    expect(poolProblems(livePool(origins), 0)).toEqual([]);
    expect(poolStanding(livePool(origins))).toEqual({ tone: "good", label: "In service" });
  });

  it("says since when and why an origin is out, and the worst first", () => {
    const probe = { at: 0, passed: false, detail: "status 503, expected 2xx", duration_ms: 4 };
    const ejected = liveOrigin("a", { ejected: true, ejected_until: 90_000, eligible: false });
    const pool = livePool([ejected, liveOrigin("b", { ...DOWN, last_probe: probe }), liveOrigin("c")]);
    expect(poolProblems(pool, 65_000).map(({ origin, text }) => [origin, text])).toEqual([
      ["b", "Unhealthy for 1 min 5 s: status 503, expected 2xx"],
      ["a", "Ejected by its failures, for 25 s more"],
    ]);
    expect(poolStanding(pool)).toEqual({ tone: "bad", label: "Degraded" });
  });

  it("is that nobody is left, that it panics, that its object is silent or its configuration refused", () => {
    const texts = (fields: Parameters<typeof livePool>[1]) =>
      poolProblems(livePool([liveOrigin("a")], fields), 0).map(({ text }) => text);
    expect(texts({ eligible_count: 0 })).toEqual(["No origin can take requests"]);
    expect(texts({ panic: true })[0]).toMatch(/^Panic/);
    expect(texts({ config_error: "origins: must be a list" })[0]).toMatch(
      /refused: origins: must be a list$/,
    );
    expect(poolStanding(livePool([], { eligible_count: 0 })).label).toBe("Down");
    expect(poolStanding({ pool: "web", error: "silent" }).label).toBe("No answer");
  });

  it("is a share of errors, if there is enough traffic to tell", () => {
    const problems = (error_rate: number, requests_per_second: number) =>
      poolProblems(livePool([liveOrigin("a")], { error_rate, requests_per_second }), 0).length;
    expect([problems(0.049, 10), problems(0.05, 10), problems(1, 0.4)]).toEqual([0, 1, 0]);
    expect([0, 0.009, 0.01, 0.05].map(errorTone)).toEqual(["", "", "warn", "bad"]);
  });
});
