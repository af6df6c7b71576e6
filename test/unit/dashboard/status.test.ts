import { describe, expect, it, test } from "vitest";
import { errorTone, originStatus, placeOf, takenOut } from "../../../src/admin/dashboard/lib/status.ts";
import { liveOrigin } from "./live-fixtures.ts";

describe("the state of an origin", () => {
  it.each([
    [{}, "good", "Healthy"],
    [{ backup: true, eligible: false }, "good", "Standby"],
    [{ enabled: false, healthy: false }, "off", "Disabled"],
    [{ no_binding: true as const, eligible: false }, "bad", "No binding"],
    [{ no_binding: true as const, enabled: false }, "off", "Disabled"],
    [{ draining: true, eligible: false }, "busy", "Draining"],
    [{ draining: true, drained: true, eligible: false }, "off", "Drained"],
    [{ draining: true, removing: true }, "busy", "Removing"],
    [{ healthy: false }, "bad", "Unhealthy"],
    [{ healthy: false, status: "flapping" as const }, "bad", "Flapping"],
    [{ ejected: true }, "warn", "Ejected"],
    [{ ejected: true, healthy: false }, "bad", "Unhealthy"],
    [{ weight: 0, eligible: false }, "off", "Weight 0"],
    [{ error_rate: 0.4 }, "warn", "Failing"],
    [{ error_rate: 0.5 }, "bad", "Failing"],
    [{ error_rate: 0.5, requests_per_second: 0.1 }, "good", "Healthy"],
    [{ error_rate: 0.5, draining: true }, "busy", "Draining"],
    [{ weight_factor: 0.25 }, "busy", "Warming up, 25%"],
  ])("%j is %s: %s", (fields, tone, label) => {
    expect(originStatus(liveOrigin("a", fields))).toEqual({ tone, label });
  });
});

test("an origin's place names the binding through which it is reached", () => {
  const url = "http://10.0.1.50";
  expect(placeOf(liveOrigin("a", { url }))).toBe(url);
  expect(placeOf(liveOrigin("a", { url, binding: null }))).toBe(url);
  expect(placeOf(liveOrigin("a", { url, binding: "ORIGIN_VPC" }))).toBe(`${url} through ORIGIN_VPC`);
});

describe("an origin out of service by hand", () => {
  const audit = (detail: string) => ({ at: 0, kind: "audit" as const, pool: "web", who: "robot", detail });

  it("names who drained it and since when", () => {
    const drained = liveOrigin("a", { draining: true, drained: true, drained_by: "admin", drained_since: 0 });
    expect(takenOut(drained, [])).toMatch(/^drained by admin since .*\d\d:\d\d:\d\d$/);
    expect(takenOut(liveOrigin("a", { draining: true, drained_by: null, drained_since: null }), [])).toBe(
      "draining",
    );
    expect(takenOut(liveOrigin("a", { weight: 0 }), [])).toBe("has weight 0");
    expect(takenOut(liveOrigin("a", { removing: true, draining: true }), [])).toBe("");
    expect(takenOut(liveOrigin("a"), [])).toBe("");
  });

  it("that is disabled is shown with its own audit entry, not with another origin's", () => {
    const disabled = liveOrigin("c", { enabled: false });
    const others = [audit("changed enabled of origin cc (version 3)"), audit("changed weight of origin c")];
    expect(takenOut(disabled, others)).toBe("disabled");
    const own = audit("changed weight, enabled of origin c: too slow (version 4)");
    expect(takenOut(disabled, [...others, own])).toMatch(/^disabled by robot since /);
  });
});

test("the colour of errors begins at 1%", () => {
  expect([0, 0.009, 0.01, 0.05].map(errorTone)).toEqual(["", "", "warn", "bad"]);
});
