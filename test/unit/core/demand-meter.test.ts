import { expect, it } from "vitest";
import { DemandMeter } from "../../../src/core/rate-limit/demand-meter.ts";

it("the demand is right from the first second on", () => {
  const meter = new DemandMeter();
  for (let ms = 0; ms < 1_000; ms += 10) meter.count(ms);
  expect(meter.perSecond(1_000)).toBeCloseTo(100, 5);
});

it("one request in a millisecond is not measured as a thousand a second", () => {
  const meter = new DemandMeter();
  meter.count(0);
  expect(meter.perSecond(1)).toBeCloseTo(2, 5);
});

it("the measured demand halves in about one and a half seconds after requests end", () => {
  const meter = new DemandMeter();
  for (let ms = 0; ms < 20_000; ms += 10) {
    meter.count(ms);
    if (ms % 1_000 === 990) expect(meter.perSecond(ms + 10)).toBeCloseTo(100, 5);
  }
  const idle = [1, 2, 3].map((second) => meter.perSecond(20_000 + second * 1_000));
  expect(idle).toEqual([...idle].sort((a, b) => b - a));
  expect(idle[0]).toBeGreaterThan(50);
  expect(idle[2]).toBeLessThan(50);
});

it("a clock that is set back stops no counting, and makes no time negative", () => {
  const meter = new DemandMeter();
  meter.count(100_000);
  meter.clockSetBack(40_000);
  expect(meter.lastMs).toBe(40_000);
  for (let ms = 40_000; ms < 41_000; ms += 10) meter.count(ms);
  expect(meter.perSecond(41_000)).toBeCloseTo(101, 5);
});
