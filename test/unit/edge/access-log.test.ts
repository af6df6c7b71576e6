import { describe, expect, it } from "vitest";
import { LONGEST_KEY } from "../../../src/core/metrics/client-counts.ts";
import { type AccessRecord, accessLine, isLogged, writePoint } from "../../../src/edge/log/access-log.ts";
import { seededRandom } from "../../support/seeded-random.ts";

const RECORD: AccessRecord = {
  requestId: "r1",
  method: "GET",
  path: "/a",
  route: "example.com/*",
  pool: "web",
  origin: "a",
  status: 200,
  durationMs: 12,
  attempts: 1,
  why: "algorithm",
};
const never = () => 0.999_999;
const logged = (record: Partial<AccessRecord>, sample = 0, slow = 1) =>
  isLogged({ ...RECORD, ...record }, { sample, slow }, never);

describe("logged requests are", () => {
  it("a sampled share of ordinary requests", () => {
    const random = seededRandom(7);
    let lines = 0;
    for (let i = 0; i < 10_000; i++) if (isLogged(RECORD, { sample: 0.1, slow: 1 }, random)) lines++;
    expect(lines).toBeGreaterThan(850);
    expect(lines).toBeLessThan(1_150);
  });

  it("all of them at a sample of 1, and none at 0", () => {
    expect(logged({}, 1)).toBe(true);
    expect(isLogged(RECORD, { sample: 0, slow: 1 }, () => 0)).toBe(false);
  });

  it("always errors: an origin's 5xx, and answers made here", () => {
    expect(logged({ status: 500 })).toBe(true);
    expect(logged({ status: 404 })).toBe(false);
    expect(logged({ status: 404, why: "no_route", pool: null })).toBe(true);
    expect(isLogged({ ...RECORD, why: "loop", status: 508 }, null, never)).toBe(true);
  });

  it("always slow requests, from the configured duration on", () => {
    expect([logged({ durationMs: 999 }), logged({ durationMs: 1_000 })]).toEqual([false, true]);
    expect(logged({ durationMs: 300 }, 0, 0.25)).toBe(true);
  });

  it("a sampled share of requests whose client left", () => {
    expect(logged({ status: 499, why: "client_closed" })).toBe(false);
  });
});

describe("a log line", () => {
  it("has the documented names", () => {
    expect(accessLine(RECORD)).toEqual({
      request_id: "r1",
      method: "GET",
      path: "/a",
      route: "example.com/*",
      pool: "web",
      origin: "a",
      status: 200,
      duration_ms: 12,
      attempts: 1,
      why: "algorithm",
    });
  });

  it("has as much of the route's label as the statistics have", () => {
    const { route } = accessLine({ ...RECORD, route: `example.com/* (countries ${"DE,".repeat(100)})` });
    expect(route).toHaveLength(LONGEST_KEY);
    expect(accessLine({ ...RECORD, route: null }).route).toBeNull();
  });

  it("comes with one data point per request", () => {
    const points: unknown[] = [];
    writePoint({ writeDataPoint: (point) => points.push(point) }, { ...RECORD, status: 503, origin: null });
    expect(points).toEqual([{ indexes: ["web"], blobs: ["web", "", "algorithm", "5xx"], doubles: [12, 1] }]);
  });
});
