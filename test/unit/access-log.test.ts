import { describe, expect, it } from "vitest";
import { type AccessRecord, accessLine, isLogged, writePoint } from "../../src/edge/access-log.ts";
import { seededRandom } from "../support/seeded-random.ts";

const RECORD: AccessRecord = {
  requestId: "r1",
  method: "GET",
  path: "/a",
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

describe("which requests are logged", () => {
  it("the sampled share of the ordinary ones", () => {
    const random = seededRandom(7);
    let lines = 0;
    for (let i = 0; i < 10_000; i++) if (isLogged(RECORD, { sample: 0.1, slow: 1 }, random)) lines++;
    expect(lines).toBeGreaterThan(850);
    expect(lines).toBeLessThan(1_150);
  });

  it("all at 1, none at 0", () => {
    expect(logged({}, 1)).toBe(true);
    expect(isLogged(RECORD, { sample: 0, slow: 1 }, () => 0)).toBe(false);
  });

  it("errors always: an origin's 5xx, and whatever is answered here", () => {
    expect(logged({ status: 500 })).toBe(true);
    expect(logged({ status: 404 })).toBe(false);
    expect(logged({ status: 404, why: "no_route", pool: null })).toBe(true);
    expect(isLogged({ ...RECORD, why: "loop", status: 508 }, null, never)).toBe(true);
  });

  it("slow ones always, from the configured second on", () => {
    expect([logged({ durationMs: 999 }), logged({ durationMs: 1_000 })]).toEqual([false, true]);
    expect(logged({ durationMs: 300 }, 0, 0.25)).toBe(true);
  });

  it("clients that left like ordinary ones", () => {
    expect(logged({ status: 499, why: "client_closed" })).toBe(false);
  });
});

describe("what is written", () => {
  it("the documented names", () => {
    expect(accessLine(RECORD)).toEqual({
      request_id: "r1",
      method: "GET",
      path: "/a",
      pool: "web",
      origin: "a",
      status: 200,
      duration_ms: 12,
      attempts: 1,
      why: "algorithm",
    });
  });

  it("one data point per request", () => {
    const points: unknown[] = [];
    writePoint({ writeDataPoint: (point) => points.push(point) }, { ...RECORD, status: 503, origin: null });
    expect(points).toEqual([{ indexes: ["web"], blobs: ["web", "", "algorithm", "5xx"], doubles: [12, 1] }]);
  });
});
